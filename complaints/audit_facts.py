"""The evidence of the self-audit in words. It is shown to whoever handles the lead, and to nobody else.

The facts themselves are codes, dates, counts and keys of rows (`complaints.rules.auditing`); nobody's name
stands in them, so that a lead is handled without anybody's file being opened.
"""

import datetime as dt
from collections.abc import Callable, Mapping
from typing import Any

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from cases.rules import OVERDUE_REASONS, OverdueReason
from complaints.rules.auditing import BEHAVIOUR_OF, PREFIX, FindingKind
from complaints.rules.behaviours import BY_CODE

Fact = Mapping[str, Any]


def is_of_audit(fact: Fact) -> bool:
    """Whether the self-audit wrote this fact."""
    return str(fact.get("code", "")).startswith(PREFIX)


def kind_of(fact: Fact) -> FindingKind | None:
    """The kind of finding of which the fact is the evidence; None for any other fact."""
    try:
        return FindingKind(str(fact.get("code", "")).removeprefix(PREFIX)) if is_of_audit(fact) else None
    except ValueError:
        return None


def sentence_of(fact: Fact) -> str:
    """The evidence in the language of the reader; "" for a fact that is none of ours or is not complete."""
    kind = kind_of(fact)
    if kind is None:
        return ""
    try:
        return _SENTENCES[kind](fact)
    except (KeyError, ValueError):
        return ""


def clause_of(fact: Fact) -> str:
    """The clause against which it goes; "" for any other fact."""
    kind = kind_of(fact)
    return BY_CODE[BEHAVIOUR_OF[kind]].clause if kind else ""


def _day(fact: Fact, name: str) -> str:
    return date_format(dt.date.fromisoformat(str(fact[name])), _("j F"))


def _units(fact: Fact) -> str:
    return ngettext("%(n)d unit", "%(n)d units", fact["count"]) % {"n": fact["count"]}


def _gate(fact: Fact) -> str:
    return _("%(units)s should have opened on %(day)s; our round of tests is not complete.") % {
        "units": _units(fact),
        "day": _day(fact, "release_on"),
    }


def _seal_long(fact: Fact) -> str:
    if "allowed_on" not in fact:
        return _("%(units)s sealed until %(day)s under an edition that has no rule for zones.") % {
            "units": _units(fact),
            "day": _day(fact, "release_on"),
        }
    return _("%(units)s sealed until %(day)s; by the last infection that stands it is %(allowed)s.") % {
        "units": _units(fact),
        "day": _day(fact, "release_on"),
        "allowed": _day(fact, "allowed_on"),
    }


def _no_cause(fact: Fact) -> str:
    return _("%(units)s sealed until %(day)s, and no infection behind it stands.") % {
        "units": _units(fact),
        "day": _day(fact, "release_on"),
    }


def _wider(fact: Fact) -> str:
    return _(
        "%(units)s sealed until %(day)s in buildings where no infected person stayed, without one of the two "
        "reasons that somebody above approved."
    ) % {"units": _units(fact), "day": _day(fact, "release_on")}


def _units_unswept(fact: Fact) -> str:
    return ngettext(
        "%(n)d unit opened by the clock on %(day)s; a day later the opening is not written down.",
        "%(n)d units opened by the clock on %(day)s; a day later the opening is not written down.",
        fact["count"],
    ) % {"n": fact["count"], "day": _day(fact, "due_on")}


def _late_end(fact: Fact) -> str:
    return _("Episode %(key)s ends on %(day)s; the rule gives %(allowed)s.") % {
        "key": fact["episode"],
        "day": _day(fact, "release_on"),
        "allowed": _day(fact, "allowed_on"),
    }


def _no_rule(fact: Fact) -> str:
    return _("Episode %(key)s restricts until %(day)s, and its edition has no rule for it.") % {
        "key": fact["episode"],
        "day": _day(fact, "release_on"),
    }


def _overdue(fact: Fact) -> str:
    comma = pgettext("between items", ", ")
    owed = comma.join(str(OVERDUE_REASONS[OverdueReason(each)]) for each in fact["owed"])
    return _("Episode %(key)s, due on %(day)s: %(owed)s.") % {
        "key": fact["episode"],
        "day": _day(fact, "due_on"),
        "owed": owed,
    }


def _people_unswept(fact: Fact) -> str:
    return ngettext(
        "%(n)d person free since %(day)s; a day later the release is not carried out.",
        "%(n)d people free since %(day)s; a day later the release is not carried out.",
        fact["count"],
    ) % {"n": fact["count"], "day": _day(fact, "due_on")}


def _old_edition(fact: Fact) -> str:
    return ngettext(
        "The edition changed on %(day)s; %(n)d episode still stands under another one.",
        "The edition changed on %(day)s; %(n)d episodes still stand under another one.",
        fact["count"],
    ) % {"n": fact["count"], "day": _day(fact, "due_on")}


def _again(fact: Fact) -> str:
    return _("Episode %(key)s isolates until %(day)s what was isolated at the first point of entry.") % {
        "key": fact["episode"],
        "day": _day(fact, "release_on"),
    }


def _no_source(fact: Fact) -> str:
    return _("Episode %(key)s restricts until %(day)s because of somebody who is not infected.") % {
        "key": fact["episode"],
        "day": _day(fact, "release_on"),
    }


def _tests(fact: Fact) -> str:
    return ngettext(
        "On %(day)s there is %(n)d sample too many: more than one of a person.",
        "On %(day)s people were sampled more than once: %(n)d samples of them in all.",
        fact["count"],
    ) % {"n": fact["count"], "day": _day(fact, "due_on")}


def _late_test(fact: Fact) -> str:
    return ngettext(
        "%(n)d test is planned for %(day)s, when the person is free.",
        "%(n)d tests are planned for %(day)s, when the people are free.",
        fact["count"],
    ) % {"n": fact["count"], "day": _day(fact, "due_on")}


def _beyond_test(fact: Fact) -> str:
    return ngettext(
        "%(n)d test is planned for %(day)s that neither the plan nor the sample before it asks for.",
        "%(n)d tests are planned for %(day)s that neither the plan nor the samples before them ask for.",
        fact["count"],
    ) % {"n": fact["count"], "day": _day(fact, "due_on")}


def _rounds(fact: Fact) -> str:
    return ngettext(
        "On %(day)s %(n)d round of tests too many: a second one in a unit, or in one that was open.",
        "On %(day)s %(n)d rounds of tests too many: a second one in a unit, or in units that were open.",
        fact["count"],
    ) % {"n": fact["count"], "day": _day(fact, "due_on")}


def _care_refused(fact: Fact) -> str:
    return _("%(site)s refused on %(day)s somebody who may not go out; stated reason: %(reason)s") % {
        "site": fact["site"],
        "day": _day(fact, "due_on"),
        "reason": fact["reason"],
    }


_SENTENCES: Mapping[FindingKind, Callable[[Fact], str]] = {
    FindingKind.GATE: _gate,
    FindingKind.SEAL_LONG: _seal_long,
    FindingKind.NO_CAUSE: _no_cause,
    FindingKind.WIDER: _wider,
    FindingKind.UNITS_UNSWEPT: _units_unswept,
    FindingKind.LATE_END: _late_end,
    FindingKind.NO_RULE: _no_rule,
    FindingKind.OVERDUE: _overdue,
    FindingKind.PEOPLE_UNSWEPT: _people_unswept,
    FindingKind.OLD_EDITION: _old_edition,
    FindingKind.AGAIN: _again,
    FindingKind.NO_SOURCE: _no_source,
    FindingKind.TESTS: _tests,
    FindingKind.LATE_TEST: _late_test,
    FindingKind.BEYOND_TEST: _beyond_test,
    FindingKind.ROUNDS: _rounds,
    FindingKind.CARE_REFUSED: _care_refused,
}
