"""What happens to accounts, areas and the log of reveals."""

import datetime as dt
from collections.abc import Iterable

from django.db import transaction
from django.db.models import F, Value
from django.db.models.functions import Concat, Substr
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, override

from accounts.models import Area, Office, Reveal, User
from accounts.rules import BRANCHES, DEPARTMENTS, Department, Level, codes_below, office_path


def reveal(
    *,
    subject: str,
    fields_shown: Iterable[str],
    community: Area,
    by: User,
    at: dt.datetime,
    address: str | None,
) -> Reveal:
    """Write down that numbers of a record are being shown in full; call it before they are shown.

    `subject` is kind and number of the record ("person:12"), `fields_shown` the names of what is shown, in
    their order; never the numbers themselves. Each showing is a row of its own, also a repeated one.
    """
    return Reveal.objects.create(
        subject=subject,
        fields_shown=",".join(fields_shown),
        community=community,
        by=by,
        at=at,
        address=address or None,
    )


def place_office(office: Office) -> Office:
    """Store the office and its place in the tree; everything below it moves along.

    Raises ValueError when its parent lies below it (`Office.clean` says so at the field before).
    """
    with transaction.atomic():
        if office.pk is None:
            office.path = ""
            office.save()
        above = Office.objects.get(pk=office.parent_id).path if office.parent_id else ""
        before, office.path = office.path, office_path(above, office.pk)
        if before and above.startswith(before):
            raise ValueError("an office can't lie below itself")
        office.save()
        if before and before != office.path:
            first, after = codes_below(before)
            below = Office.objects.filter(path__gt=first, path__lt=after)
            below.update(path=Concat(Value(office.path), Substr(F("path"), len(before) + 1)))
    return office


def ensure_offices(areas: Iterable[Area]) -> int:
    """Make the usual offices where an area has none; returns how many were made.

    Every area has its administration. From the county up there is a task force 专班 below it, and below that
    the branches and the administrations of the areas below: so the task force stands above whoever it may
    have to judge, and below the government whose task force it is.
    """
    made = 0
    with transaction.atomic(), override("zh-hans"):
        for area in sorted(areas, key=lambda each: each.code):
            if not Office.objects.of_area(area).exists():
                made += _usual_offices(area)
    return made


def _usual_offices(area: Area) -> int:
    government = place_office(
        Office(
            name=_government_name(area),
            area=area,
            department=Department.GOVERNMENT,
            parent=_office_above(area),
            duty_phone=area.duty_phone,
        )
    )
    if area.level not in (Level.PROVINCE, Level.CITY, Level.COUNTY):
        return 1
    task_force = place_office(
        Office(
            name=_("%(area)s task force against layering") % {"area": area.name},
            area=area,
            department=Department.TASK_FORCE,
            parent=government,
        )
    )
    for branch in BRANCHES:
        name = _("%(area)s %(department)s") % {"area": area.name, "department": DEPARTMENTS[branch]}
        place_office(Office(name=name, area=area, department=branch, parent=task_force))
    return 2 + len(BRANCHES)


_GOVERNMENTS = {
    Level.COMMUNITY: gettext_lazy("%(area)s residents' committee"),
    Level.STREET: gettext_lazy("%(area)s office"),
}


def _government_name(area: Area) -> str:
    name = _GOVERNMENTS.get(Level(area.level), gettext_lazy("%(area)s people's government"))
    return str(name) % {"area": area.name}


def _office_above(area: Area) -> Office | None:
    """The task force of the nearest area above that has one, else that area's administration."""
    above = area.parent
    while above:
        offices = {office.department: office for office in Office.objects.of_area(above)}
        found = offices.get(Department.TASK_FORCE) or offices.get(Department.GOVERNMENT)
        if found:
            return found
        above = above.parent
    return None
