"""What happened to a zone, in words: events of several units at one instant are told as one."""

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from cases.timeline import LATE_BY, Happening, edition_names
from cases.zone_rows import names_of
from policy.strip import short_date
from zones.models import Unit, Zone, ZoneEvent
from zones.rules import ZONE_EVENT_KINDS, ZoneEventKind

LOOKS = {
    ZoneEventKind.DESIGNATED: "key",
    ZoneEventKind.RESTARTED: "bad",
    ZoneEventKind.OVERDUE: "late",
    ZoneEventKind.EDITION_CHANGED: "key",
    ZoneEventKind.CAUSE_WITHDRAWN: "key",
    ZoneEventKind.OPENED: "lift",
    ZoneEventKind.ENDED_EARLY: "lift",
    ZoneEventKind.ENDED: "lift",
}
OPENING = frozenset({ZoneEventKind.OPENED, ZoneEventKind.ENDED_EARLY, ZoneEventKind.ENDED})
"""Events whose instant is the opening: the date on which it opens is not said again."""


def zone_happenings(zone: Zone, infections: Mapping[int, str]) -> list[Happening]:
    """The timeline of a zone, newest first; `infections` names those that the reader may see. Two queries."""
    events = list(zone.events.select_related("by", "seal__unit__building").order_by("-at", "-pk"))
    editions = edition_names()
    groups: dict[tuple[Any, ...], list[ZoneEvent]] = {}
    for event in events:
        groups.setdefault(_together(event), []).append(event)
    told = [_happening(group, zone, infections, editions) for group in groups.values()]
    return sorted(told, key=lambda each: each.at, reverse=True)


def _together(event: ZoneEvent) -> tuple[Any, ...]:
    """What events of several units have to share to be told as one."""
    alike = (event.kind, event.at, event.due_at, event.by_id, event.reason, event.clause, event.edition)
    if event.kind == ZoneEventKind.ROUND_RECORDED:
        return (*alike, event.pk)
    return (*alike, event.infection, event.found_on, event.release_on)


def _happening(
    group: Sequence[ZoneEvent],
    zone: Zone,
    infections: Mapping[int, str],
    editions: Mapping[str, str],
) -> Happening:
    event = group[0]
    kind = ZoneEventKind(event.kind)
    late = event.due_at is not None and event.at - event.due_at > LATE_BY
    return Happening(
        at=event.due_at or event.at,
        look=LOOKS.get(kind, ""),
        title=str(ZONE_EVENT_KINDS[kind]),
        facts=tuple(
            fact
            for fact in (
                _units([each.seal.unit for each in group if each.seal], zone),
                _infection(event, infections),
                _round(event.details),
                _opens(kind, event.release_on, event.details),
            )
            if fact
        ),
        who=event.by.display_name if event.by else "",
        reason=event.reason,
        clause=event.clause,
        edition=editions.get(event.edition, event.edition),
        done_at=event.at if late else None,
    )


def _units(units: Collection[Unit], zone: Zone) -> str:
    """The units that it happened to, unless it happened to all of them."""
    return "" if not units or len(units) == zone.unit_count else names_of(units)


def _infection(event: ZoneEvent, infections: Mapping[int, str]) -> str:
    if event.infection is None:
        return ""
    words = {"day": short_date(event.found_on) if event.found_on else ""}
    label = infections.get(event.infection)
    if label is None:
        return _("infection found on %(day)s") % words if event.found_on else ""
    return _("case %(label)s, found on %(day)s") % (words | {"label": label})


def _round(details: Mapping[str, Any]) -> str:
    """The counts of a round, where the event carries them."""
    counts = {key: details.get(key) for key in ("people", "sampled", "negative")}
    if any(count is None for count in counts.values()):
        return ""
    return _("%(people)s inside, %(sampled)s sampled, %(negative)s negative") % counts


def _opens(kind: ZoneEventKind, release_on: dt.date | None, details: Mapping[str, Any]) -> str:
    if release_on is None or kind in OPENING:
        return ""
    words = {"day": short_date(release_on)}
    return pgettext("zone", "low risk from %(day)s 00:00") % words
