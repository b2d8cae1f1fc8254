"""How an outside system proves who it is: `Authorization: Bearer <key>`."""

from django.utils.translation import gettext_lazy as _
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from accounts.models import ApiToken, User
from policy import clock


class TokenAuthentication(BaseAuthentication):
    """The key of a system stands for its account: its area and its roles."""

    def authenticate(self, request: Request) -> tuple[User, ApiToken] | None:
        """Account and token; None where the request carries no key. Raises AuthenticationFailed."""
        scheme, _blank, key = request.headers.get("Authorization", "").strip().partition(" ")
        if scheme.lower() != "bearer":
            return None
        token = token_of(key)
        if token is None:
            raise AuthenticationFailed(_("This key is not known, or it was revoked."), code="invalid_token")
        return token.user, token

    def authenticate_header(self, request: Request) -> str:
        """What a 401 tells the system to send."""
        return 'Bearer realm="jiefeng"'


def token_of(key: str) -> ApiToken | None:
    """The token of a clear key, whose use is noted; None for a key that is unknown, revoked, or closed."""
    digest = ApiToken.digest_of(key.strip())
    token = ApiToken.objects.filter(digest=digest, revoked_at=None).select_related("user__area").first()
    if token is None or not token.user.is_active:
        return None
    _note_use(token)
    return token


def _note_use(token: ApiToken) -> None:
    """Write the day of the last use, once a day: a busy system must not cost a write a call."""
    today = clock.today()
    if token.last_used_on != today:
        ApiToken.objects.filter(pk=token.pk).update(last_used_on=today)
