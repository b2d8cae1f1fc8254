"""Records of complaints in the world of the matrix: one of each kind that the admin site shows."""

import datetime as dt
from types import SimpleNamespace

from accounts.actions import ensure_offices
from accounts.models import Area, Office, User
from accounts.rules import Department
from complaints.actions import publishing
from complaints.actions.correcting import recuse
from complaints.actions.events import note_look
from complaints.actions.handling import accept, refer
from complaints.actions.supervising import issue_order
from complaints.models import Complaint, DutyShift, Publication, RoutingRule
from complaints.rules.supervision import PublicationKind
from complaints.rules.words import LookedAt
from tests.complaints.cast import filed, office, officer

NOON = dt.timedelta(hours=12)


def complete(records: SimpleNamespace, *, home: Area, street: Area, alice: User, at: dt.datetime) -> None:
    """A complaint about Alice's committee at the street's office, and what hangs on it."""
    ensure_offices(Area.objects.select_related("parent__parent__parent__parent"))
    own, above = office(home), office(street)
    officer_above = officer("officer-above", above)
    complaint = filed(home, at=at, respondent=own, whom="community").complaint
    county = officer("task-force", office(home.line["county"], Department.TASK_FORCE))
    accept(complaint=complaint, by=county, at=at)
    refer(complaint=complaint, to=above, reason="就近处理", by=county, at=at)
    records.office = own
    records.complaint = complaint
    records.look = note_look(complaint, by=officer_above, at=at, what=LookedAt.CASE, address="203.0.113.9")
    recuse(complaint=complaint, user=officer("related", above), reason="亲属", by=officer_above, at=at)
    records.recusal = complaint.recusals.get()
    records.order = issue_order(
        complaint=Complaint.objects.get(pk=complaint.pk),
        to=own,
        text="今天内拆除。",
        due_at=at + NOON,
        token="an-order",
        by=officer_above,
        at=at,
    )
    records.publication = _publication(own, officer_above, at)
    records.rule = RoutingRule.objects.create(position=900, area=home, department=Department.GOVERNMENT)
    records.shift = DutyShift.objects.create(
        office=above, user=officer_above, starts_at=at + NOON, ends_at=at + 2 * NOON
    )


def _publication(own: Office, by: User, at: dt.datetime) -> Publication:
    return publishing.propose(
        kind=PublicationKind.NAMING,
        office=own,
        behaviour="not_unsealed",
        title="到期不解封",
        text="解封日期已过三天，铁皮仍未拆除。〔二(十六)〕",
        token="a-draft",
        by=by,
        at=at,
    )
