"""Where it keeps happening, an office is proposed for public naming: from counted facts, once a period."""

import datetime as dt
from collections.abc import Callable
from io import StringIO
from typing import Any

import pytest
import time_machine
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from accounts.models import User
from accounts.rules import Department
from complaints import tasks
from complaints.actions import publishing
from complaints.actions.proposing import deciding_office, propose_namings
from complaints.models import Complaint, ComplaintLink, Publication, SupervisionOrder
from complaints.rules.handling import State
from complaints.rules.naming import Said, hot_spot, matters
from complaints.rules.words import LinkState, Outcome
from notices.models import Message
from notices.rules import MessageKind
from tests.builders import noon
from tests.complaints.cast import TEXT, TODAY, WHO, Cast, filed, office
from tests.complaints.naming_cast import desk_of

pytestmark = pytest.mark.django_db

DAY = dt.timedelta(days=1)
AT = noon(TODAY)


def file_three(cast: Cast, **changes: Any) -> list[Complaint]:
    return [filed(cast.home, place=f"{n}号楼", **changes).complaint for n in range(3)]


def close(complaint: Complaint, *, outcome: Outcome = Outcome.SOLVED, at: dt.datetime = AT) -> None:
    Complaint.objects.filter(pk=complaint.pk).update(state=State.CLOSED, closed_at=at, outcome=outcome)


def order(cast: Cast, *, due_at: dt.datetime, **changes: Any) -> SupervisionOrder:
    """A supervision order of the task force to the street."""
    complaint = changes.pop("complaint", None) or filed(cast.home, place=str(due_at)).complaint
    issuer = cast.task_force.office
    assert issuer is not None
    return SupervisionOrder.objects.create(
        number=f"D{SupervisionOrder.objects.count()}",
        complaint=complaint,
        issued_by_office=issuer,
        issued_by=cast.task_force,
        to_office=office(cast.home.line["street"]),
        text="立即拆除。",
        issued_at=due_at - DAY,
        due_at=due_at,
        **changes,
    )


# ── hot spots ────────────────────────────────────────────────────────────────────────────────────


def test_three_matters_in_a_week_propose_a_draft_and_tell_whoever_decides(cast: Cast) -> None:
    file_three(cast)
    assert propose_namings(at=AT) == 1
    made = Publication.objects.get()
    assert (made.kind, made.state, made.ground, made.author) == ("naming", "draft", "hot_spot", None)
    assert made.office == office(cast.home.line["street"])
    assert made.behaviour == "not_unsealed"
    assert (made.facts["count"], made.facts["limit"], made.facts["days"]) == (3, 3, 7)
    told = Message.objects.get(kind=MessageKind.NAMING_PROPOSED)
    assert told.community == cast.county
    assert deciding_office(made.office) == office(cast.county, Department.TASK_FORCE)


def test_two_matters_and_three_that_are_too_far_apart_propose_nothing(cast: Cast) -> None:
    for n in range(3):
        filed(cast.home, at=AT + 4 * n * DAY, place=f"{n}号楼")
    assert propose_namings(at=AT + 8 * DAY) == 0


def test_a_sweep_that_comes_late_still_finds_the_week(cast: Cast) -> None:
    file_three(cast)
    assert propose_namings(at=AT + 20 * DAY) == 1


def test_each_matter_counts_once(cast: Cast) -> None:
    first, second, third = file_three(cast)
    Complaint.objects.filter(pk=third.pk).update(state=State.MERGED, merged_into=first)
    assert propose_namings(at=AT) == 0
    Complaint.objects.filter(pk=third.pk).update(state=State.RECEIVED, merged_into=None)
    link = ComplaintLink.objects.create(earlier=first, later=second, state=LinkState.SAME)
    assert propose_namings(at=AT) == 0
    ComplaintLink.objects.filter(pk=link.pk).update(state=LinkState.DIFFERENT)
    assert propose_namings(at=AT, dry_run=True) == 1


@pytest.mark.parametrize(
    "changes",
    [
        {"state": State.DECLINED},
        {"state": State.WITHDRAWN},
        {"state": State.CLOSED, "outcome": Outcome.UNFOUNDED},
    ],
)
def test_what_was_no_matter_does_not_count(cast: Cast, changes: dict[str, Any]) -> None:
    first, *_others = file_three(cast)
    Complaint.objects.filter(pk=first.pk).update(**changes)
    assert propose_namings(at=AT) == 0


def test_a_lead_of_the_self_audit_about_the_same_place_is_no_second_matter() -> None:
    def said(key: int, lead: str = "", compound: int | None = None) -> Said:
        return Said(key=key, received_at=AT + key * DAY, lead=lead, compound=compound)

    assert len(matters([said(1), said(2), said(3, "gate:zone:1:x")])) == 3
    assert len(matters([said(1, "gate:zone:1:x"), said(2, "gate:zone:1:x@2022-11-20")])) == 1
    assert len(matters([said(1, compound=7), said(2, "gate:zone:1:x", compound=7)])) == 1
    assert len(matters([said(1, compound=7), said(2, compound=7)])) == 2
    assert [m.first_at for m in hot_spot(matters([said(n) for n in range(4)]), count=3, days=3)] == [
        AT, AT + DAY, AT + 2 * DAY
    ]  # fmt: skip


# ── once a period ────────────────────────────────────────────────────────────────────────────────


def test_the_same_facts_propose_once_and_fresh_ones_again(cast: Cast) -> None:
    file_three(cast)
    assert propose_namings(at=AT) == 1
    assert propose_namings(at=AT) == 0
    filed(cast.home, at=AT + DAY, place="又")
    assert propose_namings(at=AT + DAY) == 0
    for n in range(2):
        filed(cast.home, at=AT + (2 + n) * DAY, place=f"再{n}")
    assert propose_namings(at=AT + 3 * DAY) == 1
    assert Publication.objects.count() == 2


def test_one_that_was_dropped_is_not_proposed_again(cast: Cast) -> None:
    file_three(cast)
    propose_namings(at=AT)
    desk = desk_of(cast)
    publishing.drop(publication=Publication.objects.get(), reason="已整改", by=desk.first, at=AT)
    assert propose_namings(at=AT + DAY) == 0


# ── rebounds ─────────────────────────────────────────────────────────────────────────────────────


def test_the_same_again_soon_after_closing_is_proposed(cast: Cast) -> None:
    close(filed(cast.home).complaint)
    filed(cast.home, at=AT + 10 * DAY)
    assert propose_namings(at=AT + 10 * DAY) == 1
    made = Publication.objects.get()
    assert (made.ground, made.facts["closed_on"], made.facts["count"]) == ("rebound", str(TODAY), 1)
    assert propose_namings(at=AT + 10 * DAY) == 0
    filed(cast.home, at=AT + 10 * DAY + dt.timedelta(hours=3))
    assert propose_namings(at=AT + 11 * DAY) == 1  # again, the same day


def test_no_rebound_after_thirty_days_of_another_behaviour_or_of_what_was_unfounded(cast: Cast) -> None:
    first = filed(cast.home).complaint
    close(first)
    filed(cast.home, at=AT + 31 * DAY)
    filed(cast.home, at=AT + DAY, behaviour="silent_management")
    assert propose_namings(at=AT + 31 * DAY) == 0
    filed(cast.home, at=AT + 2 * DAY)
    close(first, outcome=Outcome.UNFOUNDED)
    assert propose_namings(at=AT + 2 * DAY) == 0


# ── supervision orders ───────────────────────────────────────────────────────────────────────────


def test_an_order_that_nobody_answered_by_its_date_is_proposed_once(cast: Cast) -> None:
    late = order(cast, due_at=AT)
    assert propose_namings(at=AT - DAY) == 0
    assert propose_namings(at=AT) == 1
    made = Publication.objects.get()
    assert (made.ground, made.behaviour, made.facts["orders"]) == ("late", "not_unsealed", 1)
    assert propose_namings(at=AT + DAY) == 0
    order(cast, due_at=AT + DAY, complaint=late.complaint, state="reported", was_late=True)
    assert propose_namings(at=AT + DAY) == 1


def test_an_order_answered_in_time_is_none(cast: Cast) -> None:
    order(cast, due_at=AT, state="reported")
    assert propose_namings(at=AT + DAY) == 0


# ── the draft, the task, the command ─────────────────────────────────────────────────────────────


def test_the_draft_says_what_was_counted_and_nothing_about_anybody(cast: Cast) -> None:
    complaints = file_three(cast)
    close(complaints[0])
    filed(cast.home, at=AT, place="4号楼")
    order(cast, due_at=AT, complaint=complaints[1])
    assert propose_namings(at=AT) == 3
    for made in Publication.objects.all():
        written = made.title + made.text + str(made.facts)
        for secret in (WHO.name, WHO.phone, TEXT, "号楼", *(each.number for each in complaints)):
            assert secret not in written
        assert "锦绣街道" in made.title
        assert "〔二(十六)〕" in made.text
        publishing.submit(publication=made, by=cast.task_force, at=AT)


def test_the_task_and_the_command(cast: Cast) -> None:
    file_three(cast)
    out = StringIO()
    with time_machine.travel(AT, tick=False):
        call_command("propose_namings", "--dry-run", "--language=en", stdout=out)
        assert not Publication.objects.exists()
        tasks.propose_namings()
        tasks.propose_namings()
        call_command("propose_namings", "--language=en", stdout=out)
    assert out.getvalue().splitlines() == ["1 naming would be proposed.", "0 namings proposed."]
    assert Publication.objects.count() == 1


@pytest.mark.usefixtures("on_the_day")
def test_the_deciding_desk_sees_the_proposal_and_the_office_named_does_not(
    cast: Cast, as_user: Callable[[User], Client]
) -> None:
    file_three(cast)
    propose_namings(at=AT)
    title = Publication.objects.get().title
    assert title in as_user(cast.task_force).get(reverse("publications")).content.decode()
    for other in (cast.street, cast.neighbour):
        assert title not in as_user(other).get(reverse("publications")).content.decode()
