"""Who answers for a need, and what was noted about it: neither moves it on the road to the door."""

import datetime as dt

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.rules import ABILITIES, Ability
from policy.refusals import BadInput, RuleViolation
from supplies.actions.need_events import write_need_event
from supplies.actions.serving import refused
from supplies.models import Need
from supplies.rules.needs import ENDED, NeedEventKind, NeedState

SERVING = tuple(
    sorted(role for role, can in ABILITIES.items() if can & {Ability.WORK_SUPPLIES, Ability.TAKE_CALLS})
)
"""Roles whose holders can answer for a need."""


def colleagues(need: Need) -> list[User]:
    """Who can answer for that need: staff of its community, its street and its county, by name."""
    areas = [key for key in (need.community_id, need.street_id, need.county_id) if key]
    found = User.objects.filter(posts__role__in=SERVING, area__in=areas, is_active=True)
    return list(found.select_related("area").distinct().order_by("-area__code", "last_name", "pk"))


@transaction.atomic
def hand_to(*, need: Need, to: User, by: User, at: dt.datetime) -> bool:
    """Let a colleague answer for it from now on; an open one is taken by that. Returns whether it was new.

    Raises RuleViolation `wrong_state` once it has ended, `not_a_colleague` for whoever can't see it.
    """
    if to.pk not in {each.pk for each in colleagues(need)}:
        raise RuleViolation("not_a_colleague", "", _("This colleague can't answer for it."), field="owner")
    live = Need.objects.filter(pk=need.pk).exclude(state__in=ENDED)
    if not live.update(owner=to):
        raise refused("wrong_state")
    changed = need.owner_id != to.pk
    need.owner = to
    if Need.objects.filter(pk=need.pk, state=NeedState.OPEN).update(state=NeedState.TAKEN):
        need.state = NeedState.TAKEN
        write_need_event(need, NeedEventKind.TAKEN, at=at, by=by, owner=to.pk)
    elif changed:
        write_need_event(need, NeedEventKind.NOTED, at=at, by=by, owner=to.pk)
    return changed


def note(*, need: Need, text: str, by: User, at: dt.datetime) -> None:
    """Add a remark for colleagues. Raises BadInput for an empty one."""
    if not text.strip():
        raise BadInput("text", _("Please write something."))
    write_need_event(need, NeedEventKind.NOTED, at=at, by=by, reason=text.strip())
