"""The text of the public notice of a zone, made from its facts: designation, restart, opening (通告).

Nothing is typed and nobody is named: places, dates, clauses and offices come from the records, the number of
days from the edition under which each unit was sealed.
"""

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext

from policy.clauses import clause_named
from zones.happenings import Happening
from zones.public import DAY, PublicZone
from zones.published import Office, ZoneInFull
from zones.rules import ZoneEventKind

WIDER_CLAUSE = "三(二)"
DAYS_CLAUSE = "二(四)"
HOME_CLAUSE = "发布会·第九版"
CARE_CLAUSE = "二(十七)"
COMPLAINT_CLAUSE = "二(十六)"


class Of(StrEnum):
    """What a notice is of."""

    DESIGNATION = "designation"
    RESTART = "restart"
    OPENING = "opening"


_KINDS = {
    Of.DESIGNATION: ZoneEventKind.DESIGNATED,
    Of.RESTART: ZoneEventKind.RESTARTED,
    Of.OPENING: ZoneEventKind.OPENED,
}
NONE_YET: dict[Of, str | Promise] = {
    Of.DESIGNATION: gettext_lazy("This zone has no designation on record."),
    Of.RESTART: gettext_lazy("No new infection has started the days of this zone anew."),
    Of.OPENING: gettext_lazy("No unit of this zone is open again yet."),
}


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A sentence or two, and the clause that they come from ("": none)."""

    text: str
    clause: str = ""


@dataclass(frozen=True, slots=True)
class Notice:
    """One notice as it is printed."""

    of: Of
    number: int
    title: str
    opening: Sequence[Paragraph]
    facts: Sequence[Sequence[tuple[str, str]]]
    """Groups of terms and values, a group for each date of opening."""
    rules: Sequence[Paragraph]
    offices: Sequence[Office]
    on: dt.date
    """The date of what it tells."""
    is_latest: bool


def available(full: ZoneInFull) -> list[Of]:
    """The notices that there are, in the order of time."""
    return [of for of, kind in _KINDS.items() if full.of(kind)]


def latest(full: ZoneInFull) -> Of:
    """What happened last."""
    return max(available(full), key=lambda of: (full.of(_KINDS[of])[0].at, list(Of).index(of)))


def kind_of(happening: Happening) -> Of | None:
    """Which notice tells of it, None where none does."""
    return next((of for of, kind in _KINDS.items() if kind is happening.kind), None)


def notice_of(full: ZoneInFull, of: Of, *, event: int = 0, when: dt.datetime | None = None) -> Notice | None:
    """The notice of that kind: of the act that `event` or `when` names, else of the last one.

    None: there is no such act.
    """
    told = full.of(_KINDS[of])
    named = [each for each in told if each.at == when or (event and each.event == event)]
    if not told or ((event or when) and not named):
        return None
    # Units of one act may differ in their dates; they stand in one notice.
    at = (named or told)[0].at
    happened = sorted(
        (each for each in told if each.at == at), key=lambda each: each.release_on or each.at.date()
    )
    place = _place(full.zone, happened)
    write = {Of.DESIGNATION: _designation, Of.RESTART: _restart, Of.OPENING: _opening}[of]
    title, opening = write(full, happened, place)
    return Notice(
        of=of,
        number=full.zone.pk,
        title=title,
        opening=opening,
        facts=[] if of is Of.OPENING else [list(_facts(each)) for each in happened],
        rules=list(_rules(full, of)),
        offices=full.offices,
        on=timezone.localdate(at),
        is_latest=of is latest(full) and at == told[0].at,
    )


def _days_clause(zone: PublicZone) -> str:
    """The clause of the days: that of the zone, unless the zone rests on the one that lets it be wider."""
    return DAYS_CLAUSE if zone.wider else zone.clause


def _place(zone: PublicZone, happened: Sequence[Happening]) -> str:
    """The compound and the units that it concerns."""
    boundaries = dict.fromkeys(each.boundary for each in happened)
    designation = happened[0].kind is ZoneEventKind.DESIGNATED
    return zone.compound + (zone.boundary if designation else "、".join(boundaries))


def _where(zone: PublicZone) -> str:
    """The areas that it lies in, from the county down."""
    return pgettext("between areas", ", ").join(
        name for name in (zone.county, zone.street, zone.community) if name
    )


def _designation(full: ZoneInFull, happened: Sequence[Happening], place: str) -> tuple[str, list[Paragraph]]:
    zone = full.zone
    clause = clause_named(zone.clause)
    facts = {
        "place": place,
        "where": _where(zone),
        "at": date_format(timezone.localtime(zone.designated_at), _("j F Y, H:i")),
        "document": f"{clause.document.name} " if clause else "",
        "clause": zone.clause,
    }
    said = [
        Paragraph(
            _("By %(document)s%(clause)s, %(place)s (%(where)s) is a high-risk zone from %(at)s on.") % facts
        ),
        Paragraph(_("The rest of %(area)s is low risk.") % {"area": zone.area[1]}),
        *wider_words(zone),
    ]
    return _("Notice: %(place)s is a high-risk zone") % facts, said


def wider_words(zone: PublicZone) -> Iterator[Paragraph]:
    """Why a zone is wider than units and buildings: which of the two reasons, explained, approved."""
    if not zone.wider:
        return
    because = _("It is wider than the buildings where an infected person stayed, because %(reason)s.")
    yield Paragraph(because % {"reason": zone.wider_label}, WIDER_CLAUSE)
    if zone.wider_note:
        yield Paragraph(_("Explained: %(note)s") % {"note": zone.wider_note})
    if zone.approved:
        yield Paragraph(_("An office above has approved it."))


def _restart(full: ZoneInFull, happened: Sequence[Happening], place: str) -> tuple[str, list[Paragraph]]:
    found = happened[0].found_on
    days = happened[0].clean_days
    facts = {"place": place, "found": _date(found) if found else "", "n": days}
    said = [
        Paragraph(_("On %(found)s a new infection was found that concerns %(place)s.") % facts),
        Paragraph(
            ngettext(
                "%(n)d whole day without a new infection is counted anew from that date.",
                "%(n)d whole days without a new infection are counted anew from that date.",
                days,
            )
            % facts,
            _days_clause(full.zone),
        ),
    ]
    concerned = {each.boundary for each in happened}
    others = [part for part in full.zone.sealed if part.boundary not in concerned]
    if full.zone.boundary not in concerned and others:
        said.append(Paragraph(_("No other unit is concerned; the others keep their dates.")))
    return _("Notice: the days of %(place)s start anew") % facts, said


def _opening(full: ZoneInFull, happened: Sequence[Happening], place: str) -> tuple[str, list[Paragraph]]:
    said = []
    for each in happened:
        facts = {
            "place": full.zone.compound + each.boundary,
            "n": each.clean_days,
            "day": _date(each.release_on) if each.release_on else "",
            "at": date_format(timezone.localtime(each.at), _("j F Y, H:i")),
        }
        if each.by_mistake:
            words = _(
                "The finding because of which %(place)s was sealed was a mistake: low risk from %(at)s on."
            )
        elif each.by_the_clock:
            words = ngettext(
                "%(n)d day without an infection is over: %(place)s is low risk from %(day)s at 00:00 on.",
                "%(n)d days without an infection are over: %(place)s is low risk from %(day)s at 00:00 on.",
                each.clean_days,
            )
        else:
            words = _("%(place)s was opened before its date: low risk from %(at)s on.")
        said.append(Paragraph(words % facts, _days_clause(full.zone)))
    for part in full.zone.sealed:
        still = {"place": part.boundary, "day": _date(part.release_on)}
        words = (
            _("%(place)s should have opened on %(day)s and is overdue: the round of tests is not complete.")
            if part.is_overdue
            else _("%(place)s is still sealed and opens on %(day)s at 00:00.")
        )
        said.append(Paragraph(words % still))
    return _("Notice: %(place)s is low risk again") % {"place": place}, said


def _facts(happened: Happening) -> Iterator[tuple[str, str]]:
    """Boundary, day 0, the days, the opening."""
    yield pgettext("on a notice", "Boundary"), happened.boundary
    if happened.found_on is None or happened.release_on is None:
        return
    yield _("Last infection found"), _("%(day)s (day 0)") % {"day": _date(happened.found_on)}
    days = ngettext(
        "%(n)d day without a new infection", "%(n)d days without a new infection", happened.clean_days
    )
    first, last = happened.found_on + DAY, happened.found_on + happened.clean_days * DAY
    span = _("%(first)s to %(last)s") % {"first": _short(first), "last": _short(last)}
    yield days % {"n": happened.clean_days}, span
    yield _("Opens"), _("%(day)s, 00:00") % {"day": _date(happened.release_on)}


def _rules(full: ZoneInFull, of: Of) -> Iterator[Paragraph]:
    """What is allowed inside, how it ends, and where to complain."""
    if of is Of.OPENING:
        yield Paragraph(_("Whoever lives or works there goes out and in as everywhere in a low-risk area."))
        yield Paragraph(
            _(
                "Whoever is still held back there is held back without a rule: please complain to us, to the "
                "office above, or by calling 12345."
            ),
            COMPLAINT_CLAUSE,
        )
        return
    yield Paragraph(
        _("Please stay in your home; what you need, and the tests, are brought to your door."), HOME_CLAUSE
    )
    yield Paragraph(
        _(
            "Whoever falls ill is treated: the first hospital that is asked takes care, and urgent and "
            "critical patients are not refused for any reason."
        ),
        CARE_CLAUSE,
    )
    yield Paragraph(_how_it_ends(full), _days_clause(full.zone))
    yield Paragraph(
        _(
            "Whoever seals more than this notice names, or does not open in time, is in the wrong: please "
            "complain to us, to the office above, or by calling 12345."
        ),
        COMPLAINT_CLAUSE,
    )


def _how_it_ends(full: ZoneInFull) -> str:
    if full.round_day is not None:
        return _(
            "Each unit has days of its own. On day %(day)d everybody inside is tested; when all are negative "
            "it opens at 00:00 of its date. A round that we do not complete is our delay and shown as such."
        ) % {"day": full.round_day}
    return _(
        "Each unit has days of its own and opens by itself at 00:00 of its date: nobody has to approve it. "
        "Only a new infection that concerns a unit starts its days anew."
    )


def _date(on: dt.date) -> str:
    return date_format(on, _("j F Y"))


def _short(on: dt.date) -> str:
    return date_format(on, _("j F"))
