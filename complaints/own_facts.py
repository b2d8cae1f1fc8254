"""What the app itself knows of a place, put beside a complaint: zones and rules, never a person.

Facts are kept with the complaint as plain values (a code, dates, numbers, a clause) and put into words when
they are read, in the language of the reader (`sentence_of`). They say what anybody may read on the public
pages of zones, and nothing else: whether somebody is isolated can't be found out by filing a complaint.
"""

import datetime as dt
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from complaints import audit_facts
from complaints.rules.behaviours import BY_CODE, SEVEN, Topic
from policy.models import NoEditionInForce, edition_in_force
from policy.types import Category, Edition, Mode
from zones.finding import Answer, Hit, Verdict
from zones.rules import WIDER_REASONS, WiderReason, day_of

Fact = dict[str, Any]

MOST_HITS = 3
_CLAIMED = frozenset({"not_unsealed", "zone_overdue", "held_too_long"})
"""The behaviours about which a number of days decides."""


def own_facts(*, behaviour: str, answer: Answer | None, since_on: dt.date | None, on: dt.date) -> list[Fact]:
    """The facts about a place, a behaviour and a date, the most telling first; `on`: the date of asking.

    `answer` is what the public search of zones says of the place; None: no place was understood.
    """
    edition = _edition(on)
    facts = [*_of_zones(answer, on)] if answer else []
    sealed = any(fact["code"] in ("sealed", "overdue") for fact in facts)
    if edition and not sealed:
        facts += _claimed(behaviour, since_on, edition, on)
    if edition and behaviour in BY_CODE:
        facts += _rules(behaviour, edition)
    return facts


def _edition(on: dt.date) -> Edition | None:
    try:
        return edition_in_force(on)
    except NoEditionInForce:
        return None


# ── what zones say ───────────────────────────────────────────────────────────────────────────────


def _of_zones(answer: Answer, on: dt.date) -> Iterator[Fact]:
    if answer.place is None:
        return
    place = f"{answer.place.name} {answer.rest}".strip()
    if answer.verdict in (Verdict.SEALED, Verdict.PARTLY):
        for hit in answer.hits[:MOST_HITS]:
            yield _sealed(hit)
            yield from _wider(hit)
        return
    if answer.before:
        yield _opened(answer.before, on)
    else:
        yield {"code": "no_zone", "place": place, "on": on.isoformat(), "clause": "二(四)"}
    if answer.elsewhere:
        names = "、".join(hit.part.boundary for hit in answer.elsewhere[:MOST_HITS])
        yield {"code": "elsewhere", "place": answer.place.name, "sealed": names, "clause": "二(四)"}


def _of_hit(hit: Hit) -> Fact:
    return {
        "place": f"{hit.zone.compound} {hit.part.boundary}",
        "zone": hit.zone.pk,
        "clause": hit.zone.clause,
        "found_on": hit.part.last_infection_on.isoformat(),
        "of": hit.part.clean_days,
        "opens_on": hit.part.release_on.isoformat(),
    }


def _sealed(hit: Hit) -> Fact:
    part = hit.part
    if part.is_overdue:
        days = (part.today - part.release_on).days + 1
        return {"code": "overdue", **_of_hit(hit), "days_over": days}
    since = part.sealed_on or part.last_infection_on
    return {"code": "sealed", **_of_hit(hit), "since": since.isoformat(), "day": part.day}


def _wider(hit: Hit) -> Iterator[Fact]:
    if hit.zone.wider:
        yield {
            "code": "wider",
            "place": hit.zone.name,
            "zone": hit.zone.pk,
            "reason": str(hit.zone.wider.value),
            "clause": "三(二)",
        }


def _opened(hit: Hit, on: dt.date) -> Fact:
    """A unit that was sealed of late and is open by the rule: whoever is still kept in is beyond it."""
    opened = hit.part.opened_on or hit.part.release_on
    return {
        "code": "opened",
        **_of_hit(hit),
        "opens_on": opened.isoformat(),
        "day": day_of(on, hit.part.last_infection_on),
    }


# ── what the edition says ────────────────────────────────────────────────────────────────────────


def _claimed(behaviour: str, since_on: dt.date | None, edition: Edition, on: dt.date) -> Iterator[Fact]:
    """The complainant's own date against the days of the rule."""
    if since_on is None or behaviour not in _CLAIMED or since_on > on:
        return
    contact = edition.rule_for(Category.CLOSE_CONTACT)
    if behaviour == "held_too_long":
        of = sum(stage.days for stage in contact.stages) if contact else 0
        clause = contact.clause if contact else ""
    else:
        of, clause = (edition.zones.clean_days, edition.zones.clause) if edition.zones else (0, "")
    day = (on - since_on).days
    if of and day > of:
        yield {
            "code": "claimed",
            "since": since_on.isoformat(),
            "on": on.isoformat(),
            "day": day,
            "of": of,
            "clause": clause,
        }


def _rules(behaviour: str, edition: Edition) -> Iterator[Fact]:
    """Which rule applies, with the numbers of the edition."""
    kind = BY_CODE[behaviour]
    made = _RULES.get(behaviour, _forbidden)(edition)
    if made is None:
        made = _forbidden(edition)
    fact = {"code": "rule", "edition": edition.code, "clause": kind.clause, **made}
    if fact["rule"] == "forbidden":
        fact["named"] = behaviour in SEVEN or kind.topic in (Topic.ROAD, Topic.CAMPUS)
    yield fact


def _forbidden(edition: Edition) -> Fact:
    return {"rule": "forbidden"}


def _zone_days(edition: Edition) -> Fact | None:
    zones = edition.zones
    return {"rule": "zone_days", "days": zones.clean_days, "clause": zones.clause} if zones else None


def _zone_extent(edition: Edition) -> Fact | None:
    return {"rule": "zone_extent", "clause": edition.zones.wider_clause} if edition.zones else None


def _no_secondary(edition: Edition) -> Fact | None:
    abolished = edition.abolished.get(Category.SECONDARY_CONTACT)
    return {"rule": "no_secondary", "clause": abolished.clause} if abolished else None


def _contact_days(edition: Edition) -> Fact | None:
    rule = edition.rule_for(Category.CLOSE_CONTACT)
    if rule is None:
        return None
    stages = [[str(stage.mode.value), stage.days] for stage in rule.stages]
    return {"rule": "contact_days", "stages": stages, "clause": rule.clause}


def _isolated_once(edition: Edition) -> Fact | None:
    clause = edition.repeat_isolation_clause
    return {"rule": "isolated_once", "clause": clause} if clause else None


def _one_test(edition: Edition) -> Fact | None:
    clause = edition.one_test_a_day_clause
    return {"rule": "one_test", "clause": clause} if clause else None


_RULES: Mapping[str, Callable[[Edition], Fact | None]] = {
    "not_unsealed": _zone_days,
    "zone_overdue": _zone_days,
    "sealed_arbitrarily": _zone_extent,
    "silent_management": _zone_extent,
    "zone_oversized": _zone_extent,
    "secondary_contact": _no_secondary,
    "held_too_long": _contact_days,
    "isolated_again": _isolated_once,
    "extra_tests": _one_test,
    "return_refused": lambda edition: {"rule": "may_leave"},
    "care_refused": lambda edition: {"rule": "first_consult"},
    "listed_firm_stopped": lambda edition: {"rule": "white_list"},
}


# ── in words ─────────────────────────────────────────────────────────────────────────────────────


def sentence_of(fact: Mapping[str, Any]) -> str:
    """The fact in the language of the reader, without its clause; "" for one that nobody knows any more."""
    if audit_facts.is_of_audit(fact):
        return audit_facts.sentence_of(fact)
    write = _WORDS.get(str(fact.get("code")))
    try:
        return write(fact) if write else ""
    except (KeyError, TypeError, ValueError):
        return ""


def page_of(fact: Mapping[str, Any], *, sees_files: bool) -> str:
    """Where what the fact speaks of can be looked up, "" for nowhere.

    A zone has its public page, with its boundary and its history. The file of a person is for whoever reads
    those anyway; a complaint opens it to nobody.
    """
    if "zone" in fact:
        return reverse("risk-zone", args=[fact["zone"]])
    if sees_files and audit_facts.is_of_audit(fact) and "episode" in fact:
        return reverse("episode", args=[fact["episode"]])
    return ""


def sentences_of(facts: Sequence[Mapping[str, Any]]) -> list[tuple[str, str, Mapping[str, Any]]]:
    """Sentence, clause and fact of each that has a sentence."""
    written = [(sentence_of(fact), str(fact.get("clause", "")), fact) for fact in facts]
    return [each for each in written if each[0]]


def _day(fact: Mapping[str, Any], name: str) -> str:
    return date_format(dt.date.fromisoformat(fact[name]), _("j F"))


def _no_zone_words(fact: Mapping[str, Any]) -> str:
    return _("On %(day)s %(place)s is in no high-risk zone: by the rules everybody goes out and in.") % {
        "day": _day(fact, "on"),
        "place": fact["place"],
    }


def _elsewhere_words(fact: Mapping[str, Any]) -> str:
    return _("In %(place)s only these are sealed: %(sealed)s.") % {
        "place": fact["place"],
        "sealed": fact["sealed"],
    }


def _sealed_words(fact: Mapping[str, Any]) -> str:
    return _(
        "%(place)s is a high-risk zone, sealed since %(since)s: day %(n)d of %(of)d without a new infection;"
        " it opens on %(day)s at 00:00."
    ) % {
        "place": fact["place"],
        "since": _day(fact, "since"),
        "n": fact["day"],
        "of": fact["of"],
        "day": _day(fact, "opens_on"),
    }


def _overdue_words(fact: Mapping[str, Any]) -> str:
    return ngettext(
        "%(place)s should have opened on %(day)s at 00:00: it is %(n)d day over.",
        "%(place)s should have opened on %(day)s at 00:00: it is %(n)d days over.",
        fact["days_over"],
    ) % {"place": fact["place"], "day": _day(fact, "opens_on"), "n": fact["days_over"]}


def _opened_words(fact: Mapping[str, Any]) -> str:
    return _(
        "%(place)s was a high-risk zone and is low risk since %(day)s. Today would be day %(n)d of %(of)d:"
        " it must be open."
    ) % {"place": fact["place"], "day": _day(fact, "opens_on"), "n": fact["day"], "of": fact["of"]}


def _wider_words(fact: Mapping[str, Any]) -> str:
    return _("The zone %(place)s is wider than units and buildings, because %(reason)s.") % {
        "place": fact["place"],
        "reason": WIDER_REASONS[WiderReason(fact["reason"])],
    }


def _claimed_words(fact: Mapping[str, Any]) -> str:
    return _("By your date (%(day)s), %(on)s is day %(n)d; the rule knows %(of)d.") % {
        "day": _day(fact, "since"),
        "on": _day(fact, "on"),
        "n": fact["day"],
        "of": fact["of"],
    }


def _rule_words(fact: Mapping[str, Any]) -> str:
    rule = fact["rule"]
    if rule == "zone_days":
        return ngettext(
            "A high-risk zone is low risk again after %(n)d day without a new infection, by itself at 00:00.",
            "A high-risk zone is low risk again after %(n)d days in a row without a new infection, by itself"
            " at 00:00.",
            fact["days"],
        ) % {"n": fact["days"]}
    if rule == "contact_days":
        stages = [
            ngettext("%(n)d day of %(mode)s", "%(n)d days of %(mode)s", days)
            % {"n": days, "mode": Mode(mode).label}
            for mode, days in fact["stages"]
        ]
        return _("A close contact: %(stages)s, counted from the last contact; then free.") % {
            "stages": " + ".join(stages)
        }
    if rule == "forbidden" and not fact.get("named"):
        return _("Going beyond the rules layer by layer is forbidden in every form.")
    return str(_plain_rules()[rule])


def _plain_rules() -> Mapping[str, str]:
    return {
        "forbidden": _("This is forbidden by name."),
        "zone_extent": _(
            "A high-risk zone is made of units and buildings. Anything wider needs one of two reasons, which"
            " have to be published."
        ),
        "no_secondary": _("Contacts of contacts are not determined any more: nobody is isolated as one."),
        "isolated_once": _(
            "Whoever finished isolation at the first point of entry is not isolated again at the destination."
        ),
        "one_test": _("Two or three tests a day are not allowed, nor tests for everybody at will."),
        "may_leave": _(
            "Whoever is not in a high-risk zone may leave after a risk assessment; the destination can't"
            " refuse them."
        ),
        "first_consult": _("The first hospital asked has to treat; urgent patients are refused by nobody."),
        "white_list": _("A firm on the white list may not be told to stop."),
    }


def _listed_words(fact: Mapping[str, Any]) -> str:
    if fact["number"]:
        return _("%(firm)s is on the white list (%(number)s): it may not be told to stop.") % {
            "firm": fact["firm"],
            "number": fact["number"],
        }
    return _("%(firm)s is on the white list: it may not be told to stop.") % {"firm": fact["firm"]}


_WORDS: Mapping[str, Callable[[Mapping[str, Any]], str]] = {
    "listed": _listed_words,
    "no_zone": _no_zone_words,
    "elsewhere": _elsewhere_words,
    "sealed": _sealed_words,
    "overdue": _overdue_words,
    "opened": _opened_words,
    "wider": _wider_words,
    "claimed": _claimed_words,
    "rule": _rule_words,
}
