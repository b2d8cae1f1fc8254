"""Where somebody is: home, a room of an isolation site, a hospital. Not what the rule allows."""

import datetime as dt

from django.db import transaction
from django.utils import timezone
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from cases.actions.planning import note, plan_of, replan
from cases.models import Episode, Placement
from cases.rules import Ending, EventKind, HomeCheck, Place
from policy.models import edition_by_code
from policy.refusals import RuleViolation
from policy.rules import capped
from zones.models import Room


def place(
    *, episode: Episode, place: Place | str, by: User, at: dt.datetime, room: Room | None = None
) -> bool:
    """Record where the person is from now on; returns whether that changed anything.

    A room takes one person or one household (N三(一), cross-infection). The community of the site sees the
    episode from then on. Being somewhere never changes what the rule allows, nor the end.
    Nobody is put into an isolation room whose plan does not restrict, unless positive and not handed over.
    Raises RuleViolation `room_taken`, `room_needed`, `takes_nobody_in`, `not_running`.
    """
    place = Place(place)
    if place is Place.SITE and room is None:
        raise RuleViolation("room_needed", "", _("Which room of which isolation site?"), field="room")
    if (episode.place, episode.room_id) == (place, room.pk if room else None):
        return False
    with transaction.atomic():
        locked = Episode.objects.select_for_update(no_key=True).get(pk=episode.pk)
        if room:
            _check_held(locked, timezone.localdate(at))
            Room.objects.select_for_update(no_key=True).get(pk=room.pk)  # two at once for the last bed
            _check_room(room, episode)
        Placement.objects.filter(episode=episode, until_at=None).update(until_at=at)
        Placement.objects.create(episode=episode, place=place, room=room, from_at=at, recorded_by=by)
        Episode.objects.filter(pk=episode.pk).update(
            place=place, room=room, host_community=room.site.community if room else None
        )
        note(episode, EventKind.PLACED, at=at, by=by, place=str(place), room=room.pk if room else None)
        Episode.objects.filter(pk=episode.pk).settle(at)
    episode.refresh_from_db()
    return True


def _check_held(episode: Episode, today: dt.date) -> None:
    waiting = episode.ending == Ending.TRANSFERRED and episode.handed_over_at is None
    if not (waiting or episode.restricts(today)):
        raise RuleViolation(
            "not_running",
            "",
            _("This person is free: nobody who is not under a rule is put into an isolation room."),
            field="place",
        )


def _check_room(room: Room, episode: Episode) -> None:
    """A room where people stay; others may be in it only when they share the home: same unit and door."""
    if not room.site.takes_in:
        raise RuleViolation(
            "takes_nobody_in",
            "",
            _("This site takes nobody in. Please name an isolation site."),
            field="site",
        )
    present = Placement.objects.filter(room=room, until_at=None).exclude(episode=episode)
    household = {
        "episode__person__unit": episode.person.unit_id,
        "episode__person__door": episode.person.door,
    }
    strangers = present.exclude(**household) if episode.person.unit_id and episode.person.door else present
    if strangers.exists():
        raise RuleViolation(
            "room_taken",
            "三(一)",
            format_lazy(
                _("Room {room} is taken: one room for one person or one household."), room=room.number
            ),
            field="room",
        )


def record_home_check(*, episode: Episode, check: HomeCheck | str, by: User, at: dt.datetime) -> bool:
    """Record whether the home is suitable; an unsuitable one keeps the person in central isolation.

    All dates stay the same (N三(一)). Returns whether anything changed. Raises RuleViolation `not_running`.
    """
    check = HomeCheck(check)
    today = timezone.localdate(at)
    with transaction.atomic():
        locked = Episode.objects.select_for_update(no_key=True).get(pk=episode.pk)
        if locked.ending != Ending.BY_THE_CLOCK or (locked.restricted and today >= locked.release_on):
            raise RuleViolation("not_running", "", _("This episode has ended already."))
        if locked.home_check == check:
            return False
        locked.home_check = check
        locked.save(update_fields=["home_check"])
        plan = plan_of(edition_by_code(locked.edition), locked.grounds.all(), check)
        replan(locked, capped(plan, locked.release_on), on=today, at=at)
        note(locked, EventKind.HOME_CHECKED, at=at, by=by, clause="三(一)", home_check=str(check))
    episode.refresh_from_db()
    return True
