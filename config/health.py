"""GET /health/: whether this web process can work; for load balancers, monitors and script/run."""

import secrets
from collections.abc import Callable

import structlog
from django.core.cache import cache
from django.db import connection
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

log = structlog.get_logger("jiefeng.health")


def _ask_database() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        cursor.fetchone()


def _ask_cache() -> None:
    word = secrets.token_hex(8)
    cache.set(f"health:{word}", word, timeout=5)
    if cache.get(f"health:{word}") != word:
        raise ValueError("the cache forgot at once")
    cache.delete(f"health:{word}")


PARTS: dict[str, Callable[[], None]] = {"database": _ask_database, "cache": _ask_cache}


@never_cache
@require_safe
def health(_request: HttpRequest) -> JsonResponse:
    """200 when every part answers, else 503; which one does not is named, why stands in the log."""
    state = {}
    for name, ask in PARTS.items():
        try:
            ask()
        except Exception as failure:  # noqa: BLE001  (whatever it is, the part does not work)
            log.error("part does not answer", part=name, error=type(failure).__name__)
            state[name] = "failed"
        else:
            state[name] = "ok"
    return JsonResponse(state, status=200 if set(state.values()) == {"ok"} else 503)
