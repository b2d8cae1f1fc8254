"""Which offices an officer may refer a complaint to, and which they may order to put something right."""

from django.db.models import Q, QuerySet
from django.db.models.functions import Length

from accounts.models import Office, User
from accounts.rules import OFFICE_KEY_DIGITS, Department, codes_below, stands_at_or_below
from complaints.actions.routing import node_of
from complaints.models import Complaint
from complaints.rules.routing import may_handle

MOST = 60
"""So many offices are offered in a list; the others are found by their name."""


def _base(office: Office) -> str:
    """The path under which an office refers: that of the desk it answers to, at the top its own."""
    return office.path[:-OFFICE_KEY_DIGITS] or office.path


def is_in_reach(office: Office, complaint: Complaint, by: User) -> bool:
    """Whether the user's office may refer to it: beside or below the own one, up the line, or outside."""
    own = by.own_office
    if own is None:
        return False
    lines = {*own.line, *(complaint.handler.line if complaint.handler else ())}
    return (
        stands_at_or_below(office.path, _base(own))
        or office.pk in lines
        or office.department == Department.OUTSIDE
    )


def _in_reach(complaint: Complaint, by: User) -> QuerySet[Office]:
    own = by.own_office
    if own is None:
        return Office.objects.none()
    first, after = codes_below(_base(own))
    lines = {*own.line, *(complaint.handler.line if complaint.handler else ())}
    within = Q(path__gte=first, path__lt=after) | Q(pk__in=lines) | Q(department=Department.OUTSIDE)
    found = Office.objects.filter(within).select_related("area")
    return found.exclude(pk=complaint.handler_id) if complaint.handler_id else found


def _that_may_handle(offices: QuerySet[Office], complaint: Complaint) -> list[Office]:
    respondent = node_of(complaint.respondent) if complaint.respondent else None
    return [office for office in offices if may_handle(node_of(office), respondent)]


def offices_to_refer(complaint: Complaint, by: User) -> list[Office]:
    """The nearest offices that may handle it, from above to below. Never one that may not."""
    own = by.own_office
    if own is None:
        return []
    deepest = len(_base(own)) + 2 * OFFICE_KEY_DIGITS
    near = _in_reach(complaint, by).annotate(depth=Length("path")).filter(depth__lte=deepest)
    return _that_may_handle(near.order_by("depth", "path"), complaint)[:MOST]


def offices_named(name: str, complaint: Complaint, by: User) -> list[Office]:
    """The offices in reach that may handle it and whose name contains these words."""
    found = _in_reach(complaint, by).filter(name__icontains=name).order_by("path")
    return _that_may_handle(found[: 4 * MOST], complaint)[:MOST]


def offices_to_order(complaint: Complaint, by: User, name: str = "") -> list[Office]:
    """Whom the user's office may order to put something right, the one complained about first.

    Without a name only that one, the desk that holds it and the next below; with it all whose name fits.
    """
    own = by.own_office
    if own is None:
        return []
    first, after = codes_below(own.path)
    below = Q(path__gt=first, path__lt=after)
    offices = Office.objects.filter(below | Q(pk=complaint.respondent_id or 0)).select_related("area")
    offices = offices.exclude(pk__in=own.line)
    if name:
        return list(offices.filter(name__icontains=name).order_by("path")[:MOST])
    near = Q(pk__in=[complaint.respondent_id or 0, complaint.handler_id or 0]) | Q(parent=own)
    found = list(offices.filter(near).order_by("path")[:MOST])
    return sorted(found, key=lambda office: office.pk != complaint.respondent_id)


def offices_complained_about(complaint: Complaint, by: User, name: str) -> list[Office]:
    """Offices of the user's area, and those of the areas above the place, whose name contains these words."""
    codes = [area.code for area in complaint.area.line.values()]
    found = Office.objects.visible_to(by) | Office.objects.filter(area__code__in=codes)
    return list(found.filter(name__icontains=name).select_related("area").order_by("path")[:MOST])
