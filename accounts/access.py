"""The door of every staff page: logged in, with an area, and with an ability that the page asks for."""

from collections.abc import Callable
from functools import wraps
from typing import Any, cast

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.rules import Ability


class StaffRequest(HttpRequest):
    """A request behind `requires`: the user is a member of staff with an area."""

    user: User
    htmx: Any


def requires(*abilities: Ability) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Let only staff in who have one of these abilities: others log in first, or read why they may not."""

    def decorate(view: Callable[..., Any]) -> Callable[..., Any]:
        @login_required
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
            user = cast(User, request.user)
            if user.area is None:
                raise PermissionDenied(_("Your account has no area yet; ask your supervisor to set it."))
            if not any(user.may(ability) for ability in abilities):
                raise PermissionDenied(_("Your role does not allow this; ask your supervisor."))
            return view(request, *args, **kwargs)

        return guarded

    return decorate
