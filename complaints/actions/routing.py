"""Where a complaint goes: the routing table and the offices as they stand, put to `rules.routing`."""

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterable

from django.db.models import Count, Q

from accounts.models import Area, Office, User
from accounts.rules import BRANCHES, CODE_LENGTH, Ability, Department, Level, Role, abilities_of
from complaints.models import Complaint, DutyShift, RoutingRule
from complaints.rules.behaviours import BY_CODE
from complaints.rules.handling import OPEN
from complaints.rules.routing import Matter, OfficeNode, Routed, Rule, Step, next_higher, route
from complaints.rules.words import Whom


def node_of(office: Office) -> OfficeNode:
    """The office as routing sees it; needs its area."""
    return OfficeNode(office.pk, office.path, office.area.code, office.department)


def rules_set() -> list[Rule]:
    """The routing table in its order; one query."""
    return [as_rule(row) for row in RoutingRule.objects.filter(enabled=True).select_related("area")]


def as_rule(row: RoutingRule) -> Rule:
    """One line of the table as a value."""
    return Rule(
        key=row.pk,
        department=row.department,
        topic=row.topic,
        behaviour=row.behaviour,
        area_code=row.area.code if row.area else "",
        place_kind=row.place_kind,
    )


def offices_around(area: Area, respondent: Office | None) -> list[OfficeNode]:
    """Every office that could handle it: along the line of the area, above the respondent, outside."""
    codes = [area.code[:length] for length in CODE_LENGTH.values() if length <= len(area.code)]
    wanted = Q(area__code__in=codes) | Q(department=Department.OUTSIDE)
    if respondent:
        wanted |= Q(pk__in=respondent.line)
    return [node_of(office) for office in Office.objects.filter(wanted).select_related("area")]


def matter_of(
    *, behaviour: str, area: Area, place_kind: str = "", respondent: Office | None = None
) -> Matter:
    """What routing looks at."""
    return Matter(
        behaviour=behaviour,
        topic=BY_CODE[behaviour].topic,
        area_code=area.code,
        place_kind=place_kind,
        respondent=node_of(respondent) if respondent else None,
    )


def routed_for(matter: Matter, area: Area, respondent: Office | None) -> Routed:
    """The office that handles it and why; two queries."""
    return route(matter, rules_set(), offices_around(area, respondent))


def place_kind_of(complaint: Complaint) -> str:
    """The kind of the site or compound that the complaint names, "" for neither."""
    if complaint.site:
        return complaint.site.kind
    return complaint.compound.kind if complaint.compound else ""


def route_complaint(complaint: Complaint) -> Routed:
    """Where a complaint would go now, by the facts that it holds."""
    matter = matter_of(
        behaviour=complaint.behaviour,
        area=complaint.area,
        place_kind=place_kind_of(complaint),
        respondent=complaint.respondent,
    )
    return routed_for(matter, complaint.area, complaint.respondent)


def higher_desk(complaint: Complaint) -> Office | None:
    """The desk above the one that holds it and may handle it; None at the top without an outside desk."""
    if complaint.handler is None:
        return None
    offices = offices_around(complaint.handler.area, complaint.respondent)
    current = node_of(complaint.handler)
    respondent = node_of(complaint.respondent) if complaint.respondent else None
    above = Office.objects.filter(pk__in=complaint.handler.line).select_related("area")
    known = {node.key: node for node in [*offices, *(node_of(office) for office in above)]}
    found = next_higher(current, respondent, list(known.values()))
    return Office.objects.select_related("area").get(pk=found.key) if found else None


def steps_as_json(steps: Iterable[Step]) -> list[dict[str, object]]:
    """The reasons as they are stored with the complaint."""
    return [
        {
            "because": str(step.because),
            "rule": step.rule,
            "department": step.department,
            "office": step.office,
        }
        for step in steps
    ]


def respondent_for(whom: str, area: Area, behaviour: str) -> Office | None:
    """The office that the complainant means by "the community", "the street" and so on, if there is one.

    "A department" is the county's department for the behaviour; where that is the task force, which no
    complainant means by it, it is none.
    """
    level = {
        Whom.COMMUNITY: Level.COMMUNITY,
        Whom.STREET: Level.STREET,
        Whom.COUNTY: Level.COUNTY,
        Whom.CITY: Level.CITY,
    }
    if whom == Whom.BRANCH:
        if BY_CODE[behaviour].department not in BRANCHES:
            return None
        line = area.line
        county = line.get(Level.COUNTY) or line.get(Level.CITY)
        return _office_in(county, BY_CODE[behaviour].department)
    if whom not in level:
        return None
    return _office_in(area.line.get(level[Whom(whom)]), Department.GOVERNMENT)


def _office_in(area: Area | None, department: Department) -> Office | None:
    if area is None:
        return None
    return Office.objects.filter(area=area, department=department).select_related("area").first()


def coordinator_for(office: Office | None, at: dt.datetime, *, of: Complaint) -> User | None:
    """Whoever is on duty there now and has the fewest open ones to coordinate; None: nobody is.

    Where nobody is on duty at the office itself, such as a branch at night, it is the nearest one above it.
    Never somebody of the office complained about or below it, nor somebody recused from it.
    """
    if office is None:
        return None
    shifts = DutyShift.objects.on_duty(at).filter(office__in=office.line)
    if of.pk:
        shifts = shifts.exclude(user__in=of.recusals.values("user"))
    on_duty: dict[int, dict[int, User]] = defaultdict(dict)
    for shift in shifts.select_related("user__office", "user__area"):
        if may_coordinate(shift.user, office) and not is_under(shift.user, of.respondent):
            on_duty[shift.office_id][shift.user_id] = shift.user
    nearest = nearest_of(office, on_duty)
    if nearest is None:
        return None
    here = on_duty[nearest]
    busy = dict(
        Complaint.objects.filter(coordinator__in=here, state__in=OPEN)
        .order_by()
        .values_list("coordinator")
        .annotate(Count("pk"))
    )
    return here[min(here, key=lambda key: (busy.get(key, 0), key))]


def nearest_of(office: Office, others: Collection[int]) -> int | None:
    """The key of the office itself, else of the next one above it, that is among these keys."""
    return next((key for key in reversed(office.line) if key in others), None)


def is_under(user: User, respondent: Office | None) -> bool:
    """Whether the user works at the office complained about, or below it."""
    own = user.own_office
    return respondent is not None and own is not None and own.is_at_or_below(respondent)


def may_coordinate(user: User, office: Office) -> bool:
    """Whether the user handles what lies at that office: works there or above, and has not left."""
    own = user.own_office
    return user.may(Ability.HANDLE_COMPLAINTS) and own is not None and office.is_at_or_below(own)


def officers_of(office: Office) -> list[User]:
    """Whoever handles complaints at that office."""
    staff = User.objects.filter(is_active=True).prefetch_related("posts")
    if office.department == Department.GOVERNMENT:
        staff = staff.filter(Q(office=office) | Q(office=None, area=office.area))
    else:
        staff = staff.filter(office=office)
    return [
        user
        for user in staff.order_by("pk")
        if Ability.HANDLE_COMPLAINTS in abilities_of(frozenset(Role(post.role) for post in user.posts.all()))
    ]
