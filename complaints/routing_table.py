"""The routing table as supervisors look at it: which rule leaves nothing to which, and examples of both."""

from dataclasses import dataclass

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from accounts.models import Area, Office
from complaints.actions.routing import as_rule, matter_of, routed_for, steps_as_json
from complaints.explained import because
from complaints.models import RoutingRule
from complaints.rules.behaviours import BEHAVIOURS, BY_CODE, Behaviour
from complaints.rules.routing import Rule, leaves_nothing, matches


@dataclass(frozen=True, slots=True)
class Goes:
    """Where a complaint would go by the rules as they stand, and why."""

    office: str
    """Its name; "nobody" where nobody may handle it."""
    because: list[str]


def where(behaviour: str, area: Area, place_kind: str = "", respondent: Office | None = None) -> Goes:
    """The office that would handle such a complaint, with the reasons; nothing is stored."""
    matter = matter_of(behaviour=behaviour, area=area, place_kind=place_kind, respondent=respondent)
    routed = routed_for(matter, area, respondent)
    office = Office.objects.filter(pk=routed.office).first() if routed.office else None
    return Goes(office.name if office else _("nobody"), because(steps_as_json(routed.steps)))


def caught_by(row: RoutingRule) -> RoutingRule | None:
    """The rule before it that leaves it nothing; None: it can decide. Asked of a row that is not stored."""
    mine = _as_rule(row)
    return next((each for each in _before(row) if leaves_nothing(_as_rule(each), mine)), None)


def left_nothing_by(row: RoutingRule) -> list[RoutingRule]:
    """The rules behind it that can't decide any more because of it."""
    mine = _as_rule(row)
    later = Q(position__gt=row.position) | Q(position=row.position, pk__gt=row.pk)
    return [each for each in _enabled(later) if leaves_nothing(mine, _as_rule(each))]


def example_of(row: RoutingRule, area: Area) -> str:
    """One complaint in that area of which the rule speaks, where it would go and why: a sentence.

    One that no earlier rule speaks of, where there is one.
    """
    rule, earlier = _as_rule(row), [_as_rule(each) for each in _before(row)]
    fitting = [kind for kind in BEHAVIOURS if _speaks(rule, kind, area, row)]
    reaching = [kind for kind in fitting if not any(_speaks(each, kind, area, row) for each in earlier)]
    kind = (reaching or fitting or [BY_CODE["other"]])[0]
    goes = where(kind.code, area, row.place_kind)
    words = _(
        "For example: a complaint about “%(behaviour)s” in %(area)s would go to %(office)s, because: "
        "%(because)s."
    )
    return words % {
        "behaviour": kind.label,
        "area": area.name,
        "office": goes.office,
        "because": "; ".join(goes.because),
    }


def _speaks(rule: Rule, kind: Behaviour, area: Area, row: RoutingRule) -> bool:
    return matches(rule, matter_of(behaviour=kind.code, area=area, place_kind=row.place_kind))


def _as_rule(row: RoutingRule) -> Rule:
    """The line as a value, with the topic of its behaviour."""
    rule = as_rule(row)
    topic = row.topic or (str(BY_CODE[row.behaviour].topic) if row.behaviour else "")
    return Rule(rule.key, rule.department, topic, rule.behaviour, rule.area_code, rule.place_kind)


def _before(row: RoutingRule) -> QuerySet[RoutingRule]:
    """A new one stands behind those of its position."""
    same = Q(position=row.position, pk__lt=row.pk) if row.pk else Q(position=row.position)
    return _enabled(Q(position__lt=row.position) | same)


def _enabled(which: Q) -> QuerySet[RoutingRule]:
    return RoutingRule.objects.filter(which, enabled=True).select_related("area").order_by("position", "pk")
