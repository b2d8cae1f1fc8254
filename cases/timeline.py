"""What happened to an episode, in words: each event as a sentence, with who, when, clause and edition.

Events carry dates, codes and keys of rows; the names behind the keys are read once for a whole timeline.
"""

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.translation import get_language, gettext_lazy, pgettext_lazy
from django.utils.translation import gettext as _

from accounts.models import Area
from cases.models import EpisodeEvent, Infection
from cases.rules import (
    CONTACT_OUTCOMES,
    EVENT_KINDS,
    HOME_CHECKS,
    PLACES,
    RESULTS,
    ContactOutcome,
    EventKind,
    HomeCheck,
    Place,
    Result,
)
from policy.models import PolicyEdition
from policy.strip import short_date
from policy.types import Anchor, Category, Mode
from zones.models import Room

LATE_BY = dt.timedelta(minutes=5)
"""What the clock does may be written down so much later before the page says that it was late."""

LOOKS = {
    EventKind.RESULT: "",
    EventKind.REGISTERED: "key",
    EventKind.GROUND_ADDED: "key",
    EventKind.ANCHOR_CORRECTED: "key",
    EventKind.EDITION_CHANGED: "key",
    EventKind.STAGE_BEGAN: "key",
    EventKind.TRANSFERRED: "bad",
    EventKind.RELEASED: "lift",
    EventKind.ENDED_EARLY: "lift",
    EventKind.WITHDRAWN: "lift",
    EventKind.CODE_LIFTED: "lift",
    EventKind.TOLD: "lift",
    EventKind.POSITIVE_CORRECTED: "lift",
}

_COLUMNS: Mapping[str, object] = {
    "name": gettext_lazy("name"),
    "sex": gettext_lazy("sex"),
    "born_on": gettext_lazy("date of birth"),
    "id_kind": gettext_lazy("kind of paper"),
    "id_number": gettext_lazy("ID number"),
    "phone": gettext_lazy("telephone"),
    "unit_id": gettext_lazy("address"),
    "door": gettext_lazy("door number"),
    "remarks": gettext_lazy("remarks"),
    "key_marks": gettext_lazy("key-person marks"),
}


@dataclass(frozen=True, slots=True)
class Happening:
    """One line of the timeline."""

    at: dt.datetime
    """When it took effect: for what the clock does the due instant, else when it was recorded."""
    look: str
    title: str
    facts: tuple[str, ...] = ()
    who: str = ""
    """"" : the clock."""
    reason: str = ""
    clause: str = ""
    edition: str = ""
    done_at: dt.datetime | None = None
    """When the side effects were done, where that was later than due."""


@dataclass(slots=True)
class Names:
    """What the keys in the events stand for."""

    editions: Mapping[str, str] = field(default_factory=dict)
    rooms: Mapping[int, str] = field(default_factory=dict)
    infections: Mapping[int, str] = field(default_factory=dict)
    areas: Mapping[str, str] = field(default_factory=dict)


def happenings(events: Sequence[EpisodeEvent]) -> list[Happening]:
    """The timeline of these events, in their order; `by` should be selected with them. Four more queries."""
    names = _names(events)
    return [_happening(event, names) for event in events]


def edition_names() -> dict[str, str]:
    """Every stored edition's title in the reader's language, by code. One query."""
    column = "title_zh" if (get_language() or "zh").startswith("zh") else "title_en"
    return dict(PolicyEdition.objects.values_list("code", column))


def _names(events: Sequence[EpisodeEvent]) -> Names:
    rooms = {event.details.get("room") for event in events} - {None}
    infections = {event.details.get("infection") for event in events} - {None}
    areas = {event.details.get(key) for event in events for key in ("to", "before")} - {None}
    return Names(
        editions=edition_names(),
        rooms={room.pk: str(room) for room in Room.objects.filter(pk__in=rooms).select_related("site")},
        infections=dict(Infection.objects.filter(pk__in=infections).values_list("pk", "label")),
        areas=dict(Area.objects.filter(code__in=areas).values_list("code", "name")),
    )


def _happening(event: EpisodeEvent, names: Names) -> Happening:
    kind = EventKind(event.kind)
    title, facts = _words(kind, event.details | {"said_on": str(timezone.localdate(event.at))}, names)
    look = LOOKS.get(kind, "")
    if kind is EventKind.RESULT and event.details.get("result") == Result.POSITIVE:
        look = "bad"
    late = event.due_at is not None and event.at - event.due_at > LATE_BY
    return Happening(
        at=event.due_at or event.at,
        look=look,
        title=title,
        facts=tuple(fact for fact in facts if fact),
        who=event.by.display_name if event.by else "",
        reason=event.reason,
        clause=event.clause,
        edition=names.editions.get(event.edition, event.edition),
        done_at=event.at if late else None,
    )


def _words(kind: EventKind, details: dict[str, Any], names: Names) -> tuple[str, list[str]]:
    """Title and facts of an event; a kind without words of its own is named as it is."""
    speak = _SPEAKERS.get(kind)
    if speak is None:
        return str(EVENT_KINDS[kind]), []
    title, *facts = speak(details, names)
    return title, facts


def _day(details: dict[str, Any], key: str) -> str:
    """A date among the details as the reader writes it, "" without one."""
    on = parse_date(str(details.get(key) or ""))
    return short_date(on) if on else ""


def _free_from(details: dict[str, Any]) -> str:
    day = _day(details, "release_on")
    return _("free from %(day)s") % {"day": day} if day else ""


def _end_moved(details: dict[str, Any]) -> str:
    """The end before and after, or that it stayed."""
    before, after = _day(details, "release_before"), _day(details, "release_on")
    if not before or not after:
        return _free_from(details)
    if before == after:
        return _("the end stays: free from %(day)s") % {"day": after}
    return _("the end moves from %(before)s to %(after)s") % {"before": before, "after": after}


def _category(details: dict[str, Any]) -> str:
    value = details.get("category")
    return Category(value).label if value in list(Category) else ""


def anchor_label(category: str) -> str:
    """What the date of the anchoring event is called for a category."""
    anchor = _ANCHORS.get(category)
    return anchor.label if anchor else _("event")


def _event_of(details: dict[str, Any]) -> str:
    """The anchoring event with its date: "last exposure 14 Nov"."""
    words = {"event": anchor_label(details.get("category", "")), "day": _day(details, "anchor_on")}
    return _("%(event)s %(day)s") % words


_ANCHORS: Mapping[str, Anchor] = {
    Category.CLOSE_CONTACT: Anchor.LAST_EXPOSURE,
    Category.SECONDARY_CONTACT: Anchor.LAST_EXPOSURE,
    Category.SPILL_OVER: Anchor.LEFT_ZONE,
    Category.POST_CLOSED_LOOP: Anchor.LOOP_ENDED,
    Category.ENTRANT: Anchor.ENTERED,
}
"""Events name the category; what its date is called does not differ between editions."""


def _registered(details: dict[str, Any], names: Names) -> list[str]:
    facts = [_event_of(details)]
    if details.get("restricted") is False:
        facts.append(_("registered after the end: no restriction, one test"))
    else:
        facts.append(_free_from(details))
    dropped = details.get("dropped_tests") or []
    if dropped:
        facts.append(_("%(n)d test days had passed and are not made up") % {"n": len(dropped)})
    return [_("Registered as %(category)s") % {"category": _category(details)}, *facts]


def _ground_added(details: dict[str, Any], names: Names) -> list[str]:
    infection = names.infections.get(details.get("infection") or 0, "")
    return [
        _("Later exposure: new ground, %(category)s") % {"category": _category(details)},
        _event_of(details),
        _("exposed to %(infection)s") % {"infection": infection} if infection else "",
        _end_moved(details),
    ]


def _exposure_unchanged(details: dict[str, Any], names: Names) -> list[str]:
    infection = names.infections.get(details.get("infection") or 0, "")
    return [
        _("Earlier exposure noted"),
        _event_of(details),
        _("exposed to %(infection)s") % {"infection": infection} if infection else "",
        _("the end does not move"),
    ]


def _anchor_corrected(details: dict[str, Any], names: Names) -> list[str]:
    words = {"before": _day(details, "anchor_before"), "after": _day(details, "anchor_on")}
    return [_("Date of the event corrected from %(before)s to %(after)s") % words, _end_moved(details)]


def _edition_changed(details: dict[str, Any], names: Names) -> list[str]:
    before = str(details.get("edition_before") or "")
    after = str(details.get("edition_after") or "")
    words = {"before": names.editions.get(before, before), "after": names.editions.get(after, after)}
    title = _("Planned anew: %(before)s → %(after)s") % words if after else _("Planned anew")
    return [title, _end_moved(details)]


def _home_checked(details: dict[str, Any], names: Names) -> list[str]:
    check = details.get("home_check")
    label = HOME_CHECKS[HomeCheck(check)] if check in list(HomeCheck) else ""
    return [_("Home conditions: %(check)s") % {"check": label}]


def _placed(details: dict[str, Any], names: Names) -> list[str]:
    place = details.get("place")
    label = str(PLACES[Place(place)]) if place in list(Place) else ""
    room = names.rooms.get(details.get("room") or 0, "")
    return [_("Whereabouts: %(place)s") % {"place": room or label}]


def _sampled(details: dict[str, Any], names: Names) -> list[str]:
    belated = _("entered belatedly") if details.get("belated") else ""
    return [_("Sampled"), _test_of(details), belated]


def _sampling_undone(details: dict[str, Any], names: Names) -> list[str]:
    return [_("Sampling undone"), _test_of(details)]


def _result_label(details: dict[str, Any]) -> str:
    result = details.get("result")
    return str(RESULTS[Result(result)]) if result in list(Result) else ""


def _result(details: dict[str, Any], names: Names) -> list[str]:
    ct = details.get("ct")
    title = _("Result: %(result)s") % {"result": _result_label(details)}
    return [title, _test_of(details), f"Ct {ct}" if ct else ""]


def _result_undone(details: dict[str, Any], names: Names) -> list[str]:
    title = _("Result taken back: %(result)s") % {"result": _result_label(details)}
    return [title, _test_of(details)]


def _test_of(details: dict[str, Any]) -> str:
    """Which test, unless it is that of the day itself."""
    if details.get("planned_on") == details.get("said_on"):
        return ""
    day = _day(details, "planned_on")
    return _("test of %(day)s") % {"day": day} if day else ""


def _planned_again(details: dict[str, Any], names: Names) -> list[str]:
    return [_("Test planned for %(day)s") % {"day": _day(details, "planned_on")}]


def _dropped(details: dict[str, Any], names: Names) -> list[str]:
    return [_("Test dropped: no free date before the release"), _test_of(details)]


def _stage_began(details: dict[str, Any], names: Names) -> list[str]:
    mode = details.get("mode")
    return [_("Begins: %(stage)s") % {"stage": Mode(mode).label if mode in list(Mode) else ""}]


def _transferred(details: dict[str, Any], names: Names) -> list[str]:
    infection = names.infections.get(details.get("infection") or 0, "")
    label = _("case %(label)s") % {"label": infection} if infection else ""
    return [_("Positive: plan closed, awaiting transfer"), label]


def _positive_corrected(details: dict[str, Any], names: Names) -> list[str]:
    return [_("Mistaken positive corrected, plan restored"), _free_from(details)]


def _closed(details: dict[str, Any], names: Names, title: str) -> list[str]:
    day = _day(details, "planned_release_on")
    return [title, _("planned end: %(day)s") % {"day": day} if day else ""]


def _handover(details: dict[str, Any], names: Names, title: str) -> list[str]:
    before, after = (
        names.areas.get(details.get("before") or "", ""),
        names.areas.get(details.get("to") or "", ""),
    )
    return [title, f"{before} → {after}" if before and after else after]


def _contact_attempted(details: dict[str, Any], names: Names) -> list[str]:
    outcome = details.get("outcome")
    label = CONTACT_OUTCOMES[ContactOutcome(outcome)] if outcome in list(ContactOutcome) else ""
    return [_("Attempt to reach: %(outcome)s") % {"outcome": label}]


def _facts_changed(details: dict[str, Any], names: Names) -> list[str]:
    columns = [str(_COLUMNS.get(column, column)) for column in details.get("columns") or []]
    return [_("File changed: %(columns)s") % {"columns": str(_BETWEEN).join(columns)}]


_BETWEEN = pgettext_lazy("between items", ", ")

_Speaker = Callable[[dict[str, Any], Names], list[str]]
_SPEAKERS: Mapping[EventKind, _Speaker] = {
    EventKind.REGISTERED: _registered,
    EventKind.GROUND_ADDED: _ground_added,
    EventKind.EXPOSURE_UNCHANGED: _exposure_unchanged,
    EventKind.ANCHOR_CORRECTED: _anchor_corrected,
    EventKind.EDITION_CHANGED: _edition_changed,
    EventKind.HOME_CHECKED: _home_checked,
    EventKind.PLACED: _placed,
    EventKind.SAMPLED: _sampled,
    EventKind.SAMPLING_UNDONE: _sampling_undone,
    EventKind.RESULT: _result,
    EventKind.RESULT_UNDONE: _result_undone,
    EventKind.TEST_PLANNED_AGAIN: _planned_again,
    EventKind.TEST_DROPPED: _dropped,
    EventKind.STAGE_BEGAN: _stage_began,
    EventKind.TRANSFERRED: _transferred,
    EventKind.POSITIVE_CORRECTED: _positive_corrected,
    EventKind.ENDED_EARLY: lambda details, names: _closed(details, names, _("Ended early")),
    EventKind.WITHDRAWN: lambda details, names: _closed(details, names, _("Withdrawn, entered by mistake")),
    EventKind.HANDOVER_OFFERED: lambda details, names: _handover(details, names, _("Handover offered")),
    EventKind.HANDOVER_ACCEPTED: lambda details, names: _handover(details, names, _("Handover accepted")),
    EventKind.HANDOVER_GIVEN_BACK: lambda details, names: _handover(details, names, _("Handover given back")),
    EventKind.CONTACT_ATTEMPTED: _contact_attempted,
    EventKind.FACTS_CHANGED: _facts_changed,
}
