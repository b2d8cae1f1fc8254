"""A call that is repeated takes effect once: the first answer is kept and given again.

The answer is stored in the transaction of the effect, so there is never one without the other, whenever a
process dies. The unique key of a system decides between two calls at the same moment.
"""

import json
from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar, cast

from django.db import IntegrityError, OperationalError, connection, transaction
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import status
from rest_framework.exceptions import ValidationError
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.encryption import decrypt, encrypt, keyed_digest
from accounts.models import IdempotencyKey, User

Post = TypeVar("Post", bound=Callable[..., Response])

HEADER = "Idempotency-Key"
REPLAYED = "Idempotent-Replay"
LONGEST_KEY = 200
DECISIONS = frozenset({200, 201, 409})
WAIT_FOR_THE_OTHER = "5s"
"""How long a call waits on PostgreSQL for the same call that is being answered; SQLite has its own wait."""


class _KeyTaken(Exception):
    """Another call with this key was first."""


def idempotent(post: Post) -> Post:
    """Let a POST be repeated safely under one `Idempotency-Key`; without the header it runs as it is.

    The key belongs to the account, the path and the body. Kept are the answers in which something was
    decided: success, or a refusal (409). Malformed input is not, so that it can be mended under its key.
    """

    @extend_schema(
        parameters=[
            OpenApiParameter(
                HEADER,
                OpenApiTypes.STR,
                OpenApiParameter.HEADER,
                description="Any text of the caller, at most 200 characters. A repeated call with the same "
                f"key gets the first answer again, with `{REPLAYED}: true`.",
            )
        ]
    )
    @wraps(post)
    def once(view: APIView, request: Request, *args: Any, **kwargs: Any) -> Response:
        key = request.headers.get(HEADER)
        if key is None:
            return post(view, request, *args, **kwargs)
        if not (key.isascii() and key.isprintable() and 0 < len(key) <= LONGEST_KEY):
            raise ValidationError({HEADER: [_("The key is a text of 1 to 200 ASCII characters.")]})
        digest = _digest(request)
        try:
            with transaction.atomic():
                claimed = _claim(cast(User, request.user), key, digest)
                response = _answer(post, view, request, *args, **kwargs)
                if (
                    status.is_success(response.status_code)
                    or response.status_code == status.HTTP_409_CONFLICT
                ):
                    _keep(claimed, response)
                else:
                    transaction.set_rollback(True)
                return response
        except _KeyTaken:
            return _earlier_answer(cast(User, request.user), key, digest)

    return cast(Post, once)


def _digest(request: Request) -> str:
    """What was asked, however its JSON is laid out; keyed, for a body may hold personal numbers."""
    body = json.dumps(request.data, sort_keys=True)
    return keyed_digest("idempotency", f"{request.path}\0{body}")


def _claim(user: User, key: str, digest: str) -> IdempotencyKey:
    """Take the key. While another call holds it this waits for that call's end. Raises _KeyTaken."""
    try:
        with transaction.atomic():
            if connection.vendor == "postgresql":
                _limit_waiting(WAIT_FOR_THE_OTHER)
            claimed = IdempotencyKey.objects.create(user=user, key=key, request_digest=digest)
    except (IntegrityError, OperationalError) as taken:
        raise _KeyTaken from taken
    if connection.vendor == "postgresql":
        _limit_waiting("0")
    return claimed


def _limit_waiting(limit: str) -> None:
    """For the rest of the transaction; "0" takes the limit away."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('lock_timeout', %s, true)", [limit])


def _answer(
    post: Callable[..., Response], view: APIView, request: Request, *args: Any, **kwargs: Any
) -> Response:
    """The answer of the call; a refusal becomes one here, for it is kept like any other."""
    try:
        return post(view, request, *args, **kwargs)
    except Exception as exc:  # noqa: BLE001 - the framework's own door: what it does not know it raises again
        return view.handle_exception(exc)


def _keep(claimed: IdempotencyKey, response: Response) -> None:
    """Store the answer as text: the very same bytes are given again. Encrypted, for it may name people."""
    claimed.status = response.status_code
    claimed.answer = encrypt(JSONRenderer().render(response.data).decode())
    claimed.save(update_fields=["status", "answer"])


def _earlier_answer(user: User, key: str, digest: str) -> Response:
    earlier = IdempotencyKey.objects.filter(user=user, key=key).first()
    if earlier is None or earlier.answer is None:
        response = _conflict("in_progress", _("The same call is being answered at this moment; repeat it."))
        response["Retry-After"] = "1"
        return response
    if earlier.request_digest != digest:
        return _conflict(
            "idempotency_key_reused", _("Under this key another call was made; take a new key for this one.")
        )
    response = Response(json.loads(decrypt(earlier.answer)), status=earlier.status)
    response[REPLAYED] = "true"
    return response


def _conflict(code: str, sentence: str) -> Response:
    return Response({"code": code, "clause": "", "detail": sentence}, status=status.HTTP_409_CONFLICT)
