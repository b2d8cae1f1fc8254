"""Infections found in the app: what a positive result of somebody under control says of them."""

import datetime as dt
from typing import Any

from django.utils import timezone

from accounts.models import User
from accounts.scoped import area_columns
from cases.actions.infections import create_infection, follow_place, keep_home
from cases.models import Episode, Infection, NucleicAcidTest, Placement
from cases.rules import Place
from policy.types import Category, Mode
from zones.rules import FoundWhere


def note_positive(*, episode: Episode, test: NucleicAcidTest, by: User, at: dt.datetime) -> Infection:
    """The infection that a positive result of somebody under control makes; found on the date of `at`.

    Found where: see `_found_where`. Isolated since: the beginning of the unbroken stay at an isolation site
    or hospital, else the registration of a plan that keeps the person in now; whoever may go out, or is
    free, is not isolated yet. The home where they are registered becomes a stay: see `_home_dates`.
    Found at home, it opens the judgement of spread (N三(一)), owned by whoever recorded the result. An
    infection that was reported from outside during this episode is the same one. Belongs in the caller's
    transaction.
    """
    today = timezone.localdate(at)
    mode = _mode_on(episode, today)
    where = _found_where(episode, mode, today)
    known = {
        "ct": test.ct,
        "sampled_at": test.sampled_at,
        "resulted_at": test.resulted_at or at,
        "isolated_at": _isolated_at(episode, mode, today),
    }
    reported = Infection.objects.standing().filter(
        person=episode.person_id, test=None, found_on__gte=episode.registered_on
    )
    if infection := reported.first():
        for column, value in known.items():
            setattr(infection, column, getattr(infection, column) or value)
        infection.save(update_fields=list(known))
        return infection
    columns: dict[str, Any] = {
        **area_columns(episode.community),
        **known,
        "person_id": episode.person_id,
        "test": test,
    }
    columns |= {"found_on": today, "found_where": where, "reported_at": at, "reported_by": by}
    infection = _again(test, columns) or create_infection(today, "", columns)
    if where is not FoundWhere.ENTRY and episode.person.unit_id is not None:
        keep_home(infection, episode.person, *_home_dates(episode, where, today), by=by, at=at)
    follow_place(infection, by=by, at=at)
    return infection


def _again(test: NucleicAcidTest, columns: dict[str, Any]) -> Infection | None:
    """The infection of this test, retracted before: it stands again, with the facts of now."""
    infection = Infection.objects.filter(test=test).first()
    if infection is None:
        return None
    for column, value in columns.items():
        setattr(infection, column, value)
    infection.retracted_at = None
    infection.save()
    return infection


def _mode_on(episode: Episode, today: dt.date) -> Mode | None:
    """The mode of today's stage; None on day 0, and for whoever is not restricted today."""
    if not (episode.restricted and episode.registered_on <= today < episode.release_on):
        return None
    stage = episode.stages.filter(starts_on__lte=today, last_on__gte=today).first()
    return Mode(stage.mode) if stage else None


def _found_where(episode: Episode, mode: Mode | None, today: dt.date) -> FoundWhere:
    """At an isolation site or in the central stage: there, or at entry; in another stage: at home.

    On day 0 the person came out of the community only today, and so did whoever is free.
    """
    if episode.place == Place.SITE or mode is Mode.CENTRAL:
        return FoundWhere.ENTRY if episode.category == Category.ENTRANT else FoundWhere.CENTRAL
    return FoundWhere.COMMUNITY if mode is None else FoundWhere.HOME


def _isolated_at(episode: Episode, mode: Mode | None, today: dt.date) -> dt.datetime | None:
    since = _away_since(episode)
    if since is not None:
        return since
    restricted = episode.restricted and episode.registered_on <= today < episode.release_on
    return episode.registered_at if restricted and mode is not Mode.MONITORING else None


def _away_since(episode: Episode) -> dt.datetime | None:
    """When the unbroken stay at isolation sites or in hospital began that lasts now; None at home."""
    since = None
    for stay in episode.placements.order_by("-from_at"):
        if stay.place == Place.HOME:
            break
        since = stay.from_at
    return since


def _home_dates(episode: Episode, where: FoundWhere, today: dt.date) -> tuple[dt.date, dt.date]:
    """From when to when the person was certainly at home, by what we recorded and nothing guessed.

    Until today, or until the date on which they were brought away (the date of registration where nobody
    recorded it). From the registration, or from the date on which they came home again.
    """
    if where is FoundWhere.CENTRAL:
        since = _away_since(episode)
        until = timezone.localdate(since) if since else episode.registered_on
        return min(episode.registered_on, until), until
    back: Placement | None = episode.placements.filter(place=Place.HOME, until_at=None).first()
    came = timezone.localdate(back.from_at) if back else episode.registered_on
    return min(came, today), today
