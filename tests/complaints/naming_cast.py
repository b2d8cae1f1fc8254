"""Who writes, decides and is named in the tests of public naming."""

import datetime as dt
from dataclasses import dataclass
from typing import Any

from accounts.models import Office, User
from accounts.rules import Department, Role
from complaints.actions import handling, publishing
from complaints.models import Complaint, Publication
from complaints.rules.supervision import PublicationKind
from complaints.rules.words import Outcome
from tests.builders import noon, staff
from tests.complaints.cast import TODAY, Cast, filed, office, officer

TITLE = "锦绣街道长时间不解封"
TEXT = "解封日期已过三天，楼门口的铁皮仍未拆除。〔二(十六)〕"


@dataclass(frozen=True)
class Desk:
    """The people around a naming of the street."""

    writer: User
    """Officer of the county's task force: writes."""
    first: User
    second: User
    """Two supervisors above the street: they approve."""
    named: User
    """Supervisor at the street itself: must see no draft, may reply."""
    below: User
    """Worker of a community below the street."""
    beside: User
    """Supervisor of the next county."""
    street: Office


def desk_of(cast: Cast) -> Desk:
    """A desk for the cast's county."""
    task_force = office(cast.county, Department.TASK_FORCE)
    below = staff("belowboss", cast.home, Role.SUPERVISOR)
    assert cast.neighbour.office is not None
    return Desk(
        writer=cast.task_force,
        first=officer("firstboss", task_force, Role.SUPERVISOR),
        second=officer("secondboss", office(cast.county), Role.SUPERVISOR),
        named=officer("streetboss", office(cast.home.line["street"]), Role.SUPERVISOR),
        below=below,
        beside=officer("besideboss", cast.neighbour.office, Role.SUPERVISOR),
        street=office(cast.home.line["street"]),
    )


def verified(cast: Cast, *, at: dt.datetime | None = None, **changes: Any) -> Complaint:
    """A complaint about the street, answered and found so by somebody else: a naming may rest on it."""
    at = at or noon(TODAY) - dt.timedelta(days=1)
    complaint = filed(cast.home, at=at, place="锦绣花园9号楼", **changes).complaint
    complaint = Complaint.objects.select_related("handler__area", "respondent__area").get(pk=complaint.pk)
    handling.accept(complaint=complaint, by=cast.task_force, at=at)
    handling.answer(complaint=complaint, text="已要求拆除。", by=cast.task_force, at=at)
    handling.verify(complaint=complaint, outcome=Outcome.SOLVED, how="现场核实", by=cast.city, at=at)
    return complaint


def draft(desk: Desk, *, token: str = "a-draft", **changes: Any) -> Publication:
    """A draft by the writer about the street."""
    values: dict[str, Any] = {
        "kind": PublicationKind.NAMING,
        "office": desk.street,
        "behaviour": "not_unsealed",
        "title": TITLE,
        "text": TEXT,
        "by": desk.writer,
        "at": noon(TODAY),
    }
    return publishing.propose(token=token, **(values | changes))


def published(desk: Desk, **changes: Any) -> Publication:
    """The same, approved by two; it needs something `verified` to rest on."""
    made = draft(desk, **changes)
    publishing.submit(publication=made, by=made.author or desk.writer, at=noon(TODAY))
    for by in (desk.first, desk.second):
        publishing.approve(publication=made, in_round=1, by=by, at=noon(TODAY))
    return made
