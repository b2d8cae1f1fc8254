"""Who acts in the tests of complaints, and complaints as the product's own verb files them."""

import datetime as dt
import uuid
from dataclasses import dataclass
from typing import Any

from accounts.actions import ensure_offices
from accounts.models import Area, Office, User
from accounts.rules import Department, Role
from complaints.actions.filing import ComplainantFacts, Filing, Receipt, file_complaint
from tests.builders import noon, staff

TODAY = dt.date(2022, 11, 16)
TEXT = "楼门口的铁皮还没拆，保安说要等街道电话。"
WHO = ComplainantFacts(name="欧阳特殊", phone="13877665544", email="")


def office(area: Area, department: Department = Department.GOVERNMENT) -> Office:
    """The office of that department in that area."""
    return Office.objects.select_related("area").get(area=area, department=department)


def officer(username: str, of: Office, *roles: Role) -> User:
    """Somebody who works at that office; a complaint officer unless roles say otherwise."""
    user = staff(username, of.area, *(roles or (Role.COMPLAINT_OFFICER,)))
    user.office = of
    user.save()
    return user


@dataclass(frozen=True)
class Cast:
    """The offices of a county, and one officer of each that matters."""

    home: Area
    county: Area
    task_force: User
    """Officer of the county's task force: handles what no branch does."""
    health: User
    """Officer of the county's health office: a branch."""
    street: User
    """Officer of the street office: complained about most of the time."""
    community: User
    """Worker of the community, below the street."""
    city: User
    """Supervisor at the city's task force, above the county."""
    neighbour: User
    """Officer of the task force of the next county: must see nothing."""
    operator: User
    """Hotline operator of the county."""


def cast_of(home: Area, neighbour_county: Area) -> Cast:
    """Make the offices of every area and the people in them."""
    ensure_offices(Area.objects.select_related("parent__parent__parent__parent"))
    line = home.line
    county, street, city = line["county"], line["street"], line["city"]
    return Cast(
        home=home,
        county=county,
        task_force=officer("taskforce", office(county, Department.TASK_FORCE)),
        health=officer("health", office(county, Department.HEALTH)),
        street=officer("streetofficer", office(street)),
        community=officer("communityworker", office(home), Role.COMMUNITY_WORKER),
        city=officer("cityboss", office(city, Department.TASK_FORCE), Role.SUPERVISOR),
        neighbour=officer("neighbour", office(neighbour_county, Department.TASK_FORCE)),
        operator=officer("hotline", office(county, Department.TASK_FORCE), Role.HOTLINE_OPERATOR),
    )


def filed(area: Area, *, at: dt.datetime | None = None, token: str = "", **changes: Any) -> Receipt:
    """A complaint about the street office, filed at noon of TODAY unless the changes say otherwise."""
    facts: dict[str, Any] = {
        "behaviour": "not_unsealed",
        "area": area,
        "what_happened": TEXT,
        "place": "锦绣花园4号楼",
        "whom": "street",
        "complainant": WHO,
    }
    return file_complaint(Filing(**(facts | changes)), token=token or uuid.uuid4().hex, at=at or noon(TODAY))
