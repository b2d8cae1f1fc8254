"""Which office handles a complaint: rules in order, and nobody handles one about themselves.

Pure: offices and rules as values in, the office and the reasons out. The one who may handle stands *above*
the office complained about: it is an office above it in the tree, or one of a wider area; and it is neither
that office nor anything under it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from django.utils.translation import gettext_lazy as _

from accounts.rules import Department, stands_at_or_below


@dataclass(frozen=True, slots=True)
class OfficeNode:
    """An office as routing sees it: its key, its place in the tree, its area and what it is for."""

    key: int
    path: str
    area_code: str
    department: str


@dataclass(frozen=True, slots=True)
class Rule:
    """One line of the routing table; an empty value matches everything."""

    key: int
    department: str
    topic: str = ""
    behaviour: str = ""
    area_code: str = ""
    place_kind: str = ""


@dataclass(frozen=True, slots=True)
class Matter:
    """What routing looks at: the behaviour and its topic, where, at what kind of place, about whom."""

    behaviour: str
    topic: str
    area_code: str
    place_kind: str = ""
    respondent: OfficeNode | None = None


class Because(StrEnum):
    """Why an office was chosen or passed over."""

    RULE = "rule"
    NO_SUCH_OFFICE = "no_such_office"
    ABOUT_ITSELF = "about_itself"
    FALLBACK = "fallback"
    ABOVE = "above"
    OUTSIDE = "outside"
    NOBODY = "nobody"


BECAUSE = {
    Because.RULE: _("rule %(rule)s sends it to %(department)s"),
    Because.NO_SUCH_OFFICE: _("rule %(rule)s passed over: no office for %(department)s covers the place"),
    Because.ABOUT_ITSELF: _(
        "%(office)s passed over: it is complained about, or stands below or beside who is"
    ),
    Because.FALLBACK: _("no rule fits: the task force of the area"),
    Because.ABOVE: _("the office above the one complained about"),
    Because.OUTSIDE: _("nobody here stands above the office complained about: the outside desk"),
    Because.NOBODY: _("no office may handle it: set up an outside desk"),
}


@dataclass(frozen=True, slots=True)
class Step:
    """One reason on the way."""

    because: Because
    rule: int | None = None
    department: str = ""
    office: int | None = None


@dataclass(frozen=True, slots=True)
class Routed:
    """Where it goes (None: nobody may handle it) and why, in the order in which it was considered."""

    office: int | None
    steps: tuple[Step, ...] = field(default=())


def may_handle(office: OfficeNode, respondent: OfficeNode | None) -> bool:
    """Whether that office may handle a complaint about the respondent (None: nobody is named)."""
    if respondent is None:
        return True
    if stands_at_or_below(office.path, respondent.path):
        return False
    if office.department == Department.OUTSIDE:
        return True
    above = stands_at_or_below(respondent.path, office.path)
    wider = len(office.area_code) < len(respondent.area_code) and respondent.area_code.startswith(
        office.area_code
    )
    return above or wider


def matches(rule: Rule, matter: Matter) -> bool:
    """Whether the rule speaks of this matter."""
    return (
        rule.topic in ("", matter.topic)
        and rule.behaviour in ("", matter.behaviour)
        and rule.place_kind in ("", matter.place_kind)
        and matter.area_code.startswith(rule.area_code)
    )


def leaves_nothing(earlier: Rule, later: Rule) -> bool:
    """Whether the earlier rule speaks of every matter of which the later one speaks: it never decides.

    `later.topic` is that of its behaviour, where it names one.
    """
    return (
        earlier.topic in ("", later.topic)
        and earlier.behaviour in ("", later.behaviour)
        and earlier.place_kind in ("", later.place_kind)
        and later.area_code.startswith(earlier.area_code)
    )


def route(matter: Matter, rules: Iterable[Rule], offices: Sequence[OfficeNode]) -> Routed:
    """The office that handles it, and why.

    The first rule that matches and names a department with an office that covers the place and may handle it
    decides; of several such offices the one of the smallest area. Then the task force, then whoever stands
    above the respondent, then the outside desk. The result is never the respondent nor under it.
    """
    steps: list[Step] = []
    for rule in rules:
        if not matches(rule, matter):
            continue
        found, passed = _nearest(offices, rule.department, matter)
        steps += [Step(Because.ABOUT_ITSELF, rule.key, rule.department, each.key) for each in passed]
        if found:
            steps.append(Step(Because.RULE, rule.key, rule.department, found.key))
            return Routed(found.key, tuple(steps))
        if not passed:
            steps.append(Step(Because.NO_SUCH_OFFICE, rule.key, rule.department))
    return _otherwise(matter, offices, steps)


def _nearest(
    offices: Sequence[OfficeNode], department: str, matter: Matter
) -> tuple[OfficeNode | None, list[OfficeNode]]:
    """The office of that department nearest to the place, and the nearer ones that may not handle it."""
    passed: list[OfficeNode] = []
    for office in _covering(offices, department, matter):
        if may_handle(office, matter.respondent):
            return office, passed
        passed.append(office)
    return None, passed


def _covering(offices: Sequence[OfficeNode], department: str, matter: Matter) -> list[OfficeNode]:
    found = [
        office
        for office in offices
        if office.department == department and matter.area_code.startswith(office.area_code)
    ]
    return sorted(found, key=lambda office: (-len(office.area_code), office.key))


def _otherwise(matter: Matter, offices: Sequence[OfficeNode], steps: list[Step]) -> Routed:
    """Where it goes when no rule could send it anywhere."""
    task_force, _passed = _nearest(offices, Department.TASK_FORCE, matter)
    if task_force:
        return Routed(task_force.key, (*steps, Step(Because.FALLBACK, office=task_force.key)))
    if above := office_above(matter.respondent, offices):
        return Routed(above.key, (*steps, Step(Because.ABOVE, office=above.key)))
    administration, _passed = _nearest(offices, Department.GOVERNMENT, matter)
    if administration:
        return Routed(administration.key, (*steps, Step(Because.FALLBACK, office=administration.key)))
    for office in sorted(offices, key=lambda each: each.key):
        if office.department == Department.OUTSIDE and may_handle(office, matter.respondent):
            return Routed(office.key, (*steps, Step(Because.OUTSIDE, office=office.key)))
    return Routed(None, (*steps, Step(Because.NOBODY)))


def office_above(office: OfficeNode | None, offices: Sequence[OfficeNode]) -> OfficeNode | None:
    """The nearest office above that one in the tree, None at the top."""
    if office is None:
        return None
    above = [
        each for each in offices if each.path != office.path and stands_at_or_below(office.path, each.path)
    ]
    return max(above, key=lambda each: len(each.path), default=None)


def next_higher(
    current: OfficeNode, respondent: OfficeNode | None, offices: Sequence[OfficeNode]
) -> OfficeNode | None:
    """The desk above the one that holds a complaint: up the tree, past whoever may not handle it.

    At the top it is an outside desk, and None where there is none.
    """
    above = [
        each
        for each in offices
        if each.path != current.path
        and stands_at_or_below(current.path, each.path)
        and may_handle(each, respondent)
    ]
    found = max(above, key=lambda each: len(each.path), default=None)
    if found:
        return found
    outside = [
        each
        for each in offices
        if each.department == Department.OUTSIDE and each.key != current.key and may_handle(each, respondent)
    ]
    return min(outside, key=lambda each: each.key, default=None)
