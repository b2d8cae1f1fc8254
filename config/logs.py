"""Logs: one line an event, with the request's or task's id, and without personal data.

Nothing personal is to be logged in the first place. As a second fence every line passes through
`without_personal_data`, because a database error quotes the row that it refused, and Django quotes the
path of a request that failed (a resident's private link is a path).
"""

import re
from collections.abc import MutableMapping
from typing import Any

import structlog

_ERROR_DETAIL = re.compile(r"(?m)^(DETAIL|CONTEXT|QUERY|LINE \d+):.*(?:\n(?!\S).*)*")
_LONG_NUMBER = re.compile(r"(?<![\w-])(?:\d{15}|\d{17}[\dXx]|(?:\+?86)?1[3-9]\d{9})(?![\w-])")
_TEXT_KEYS = ("event", "exception", "stack")


def without_personal_data(
    _logger: Any, _method: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """Drop the rows that database errors quote, and blot out resident IDs and mobile numbers."""
    for key in _TEXT_KEYS:
        text = event.get(key)
        if isinstance(text, str):
            event[key] = _LONG_NUMBER.sub("[number]", _ERROR_DETAIL.sub(r"\1: [left out]", text))
    return event


def with_route_for_path(
    _logger: Any, _method: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """Name the route of a failed request instead of its path, which can hold a private link's token."""
    record = event.get("_record")
    request = getattr(record, "request", None)
    if request is not None and hasattr(request, "path"):
        match = getattr(request, "resolver_match", None)
        route = f"/{match.route}" if match else "[no route]"
        event["event"] = str(event["event"]).replace(request.path, route)
    return event


_SHARED: list[Any] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.processors.TimeStamper(fmt="iso", utc=False),
]


def logging_config(*, as_json: bool, level: str) -> dict[str, Any]:
    """Django's `LOGGING`; sets structlog up to write through the same handler."""
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *_SHARED,
            structlog.stdlib.PositionalArgumentsFormatter(),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    renderer: Any = (
        structlog.processors.JSONRenderer(ensure_ascii=False)
        if as_json
        else structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback)
    )
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "line": {
                "()": structlog.stdlib.ProcessorFormatter,
                "foreign_pre_chain": _SHARED,
                "processors": [
                    with_route_for_path,
                    structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                    structlog.processors.StackInfoRenderer(),
                    structlog.processors.format_exc_info,
                    without_personal_data,
                    renderer,
                ],
            }
        },
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
        "root": {"handlers": ["stderr"], "level": level},
        "loggers": {
            # Django's own handlers (mail to admins, the debug console) are not ours.
            "django": {"handlers": [], "level": level, "propagate": True},
            "django.server": {"handlers": [], "level": "WARNING", "propagate": True},
            # A 404 quotes the path at WARNING level; RequestLogMiddleware writes every request's route.
            "django.request": {"level": "ERROR"},
            "axes": {"level": "ERROR"},
            "celery.app.trace": {"level": "WARNING"},
            "celery.worker.strategy": {"level": "WARNING"},
            "kombu": {"level": "WARNING"},
        },
    }
