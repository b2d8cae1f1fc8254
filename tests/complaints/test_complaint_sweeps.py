"""The clocks of complaints: noted once, told to the right office, and never forgotten again."""

import datetime as dt
from collections.abc import Callable
from io import StringIO
from threading import Barrier, Thread
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.actions import ensure_offices, place_office
from accounts.models import Office
from accounts.rules import Department, Level, Role
from complaints.actions import handling, sweeps, word
from complaints.actions.correcting import recuse
from complaints.actions.stranded import route_stranded
from complaints.actions.supervising import issue_order, order_again, report
from complaints.models import Clock, Complaint, ComplaintEvent, DutyShift, StepLimit, SupervisionOrder
from complaints.rules.handling import State
from complaints.rules.supervision import OrderStepKind
from complaints.rules.words import EventKind, Outcome
from complaints.tasks import assign_coordinators, sweep_complaint_clocks, sweep_supervision_orders
from notices.models import Message
from notices.rules import MessageKind
from tests.builders import area, noon
from tests.complaints.cast import TODAY, Cast, filed, office, officer

pytestmark = pytest.mark.django_db
HOUR, SECOND = dt.timedelta(hours=1), dt.timedelta(seconds=1)
NOON = noon(TODAY)


def events(kind: EventKind) -> int:
    return ComplaintEvent.objects.filter(kind=kind).count()


def told(kind: MessageKind) -> list[str]:
    rows = Message.objects.filter(kind=kind, channel="inbox").order_by("pk")
    return [row.context["office"] for row in rows]


def answered(cast: Cast, at: dt.datetime = NOON, **changes: Any) -> Complaint:
    complaint = filed(cast.home, at=at, **changes).complaint
    handling.accept(complaint=complaint, by=cast.task_force, at=at)
    handling.answer(complaint=complaint, text="已责令立即拆除。", by=cast.task_force, at=at)
    return complaint


# ── limits ───────────────────────────────────────────────────────────────────────────────────────


def test_the_limit_is_passed_at_its_second_and_not_before(cast: Cast) -> None:
    complaint = filed(cast.home).complaint
    limit = NOON + 24 * HOUR
    assert sweeps.sweep_late(at=limit - SECOND) == 0
    assert not Complaint.objects.late(limit - SECOND).exists()
    assert Complaint.objects.late(limit).get() == complaint
    assert sweeps.sweep_late(at=limit) == 1
    complaint.refresh_from_db()
    assert complaint.was_late
    assert not complaint.was_grossly_late
    assert told(MessageKind.COMPLAINT_LATE) == [complaint.handler.name]


def test_the_second_limit_is_told_to_the_desk_above(cast: Cast) -> None:
    complaint = filed(cast.home).complaint
    assert complaint.respondent != complaint.handler
    second = NOON + 48 * HOUR
    assert sweeps.sweep_grossly_late(at=second - SECOND) == 0
    assert sweeps.sweep_grossly_late(at=second) == 1
    complaint.refresh_from_db()
    assert complaint.was_grossly_late
    assert told(MessageKind.COMPLAINT_GROSS) == [office(cast.county).name]


def test_the_second_limit_goes_past_the_office_complained_about(cast: Cast) -> None:
    complaint = filed(cast.home, whom="county", behaviour="schools_closed").complaint
    assert complaint.respondent == office(cast.county)
    sweeps.sweep_grossly_late(at=NOON + 48 * HOUR)
    assert office(cast.county).name not in told(MessageKind.COMPLAINT_GROSS)
    assert len(told(MessageKind.COMPLAINT_GROSS)) == 1


def test_a_sweep_twice_notes_and_tells_once(cast: Cast) -> None:
    filed(cast.home)
    late = NOON + 72 * HOUR
    assert (sweeps.sweep_late(at=late), sweeps.sweep_grossly_late(at=late)) == (1, 1)
    assert (sweeps.sweep_late(at=late + HOUR), sweeps.sweep_grossly_late(at=late + HOUR)) == (0, 0)
    assert (events(EventKind.LATE), events(EventKind.GROSSLY_LATE)) == (1, 1)
    assert len(told(MessageKind.COMPLAINT_LATE)) == len(told(MessageKind.COMPLAINT_GROSS)) == 1


def test_late_stays_late_after_the_answer_and_its_length_is_frozen(cast: Cast) -> None:
    complaint = filed(cast.home).complaint
    late = NOON + 25 * HOUR
    handling.accept(complaint=complaint, by=cast.task_force, at=late)
    handling.answer(complaint=complaint, text="已责令拆除。", by=cast.task_force, at=late)
    clock = Clock.objects.get(complaint=complaint, step="accept")
    assert clock.late_by(late + 1000 * HOUR) == HOUR
    complaint.refresh_from_db()
    assert complaint.was_late
    assert sweeps.sweep_late(at=late) == 0


def test_many_late_ones_cost_as_many_queries_as_one(cast: Cast) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            sweeps.sweep_late(at=NOON + 30 * HOUR)
            sweeps.sweep_grossly_late(at=NOON + 60 * HOUR)
        return len(captured)

    filed(cast.home)
    one = queries()
    for _each in range(12):
        filed(cast.home)
    assert queries() == one
    assert one <= 20


@pytest.mark.parametrize(
    ("received", "amount", "due"),
    [
        # National Day 2022: 1–7 October are holidays, 8 and 9 October (a weekend) are worked.
        (dt.date(2022, 9, 30), 2, dt.date(2022, 10, 10)),
        (dt.date(2022, 10, 7), 1, dt.date(2022, 10, 9)),
    ],
)
def test_working_days_leave_national_day_out(
    cast: Cast, received: dt.date, amount: int, due: dt.date
) -> None:
    StepLimit.objects.filter(step="close").update(amount=amount, gross=0)
    complaint = answered(cast, at=noon(received))
    second = officer("second", cast.task_force.office)  # type: ignore[arg-type]
    handling.verify(
        complaint=complaint, outcome=Outcome.SOLVED, how="现场核实", by=second, at=noon(received) + HOUR
    )
    complaint.refresh_from_db()
    midnight = noon(due) - 12 * HOUR
    assert complaint.due_at == midnight
    assert sweeps.sweep_late(at=midnight - SECOND) == 0
    assert sweeps.sweep_late(at=midnight) == 1


# ── the complainant said nothing ─────────────────────────────────────────────────────────────────


def test_when_the_word_ran_out_the_desk_has_to_verify_and_it_can_not_rot(cast: Cast) -> None:
    complaint = answered(cast)
    over = NOON + 120 * HOUR
    assert Complaint.objects.with_complainant(over - SECOND).exists()
    assert sweeps.sweep_words_over(at=over - SECOND) == 0
    # Before any sweep the date says so already.
    assert Complaint.objects.to_act(over).get() == complaint
    assert sweeps.sweep_words_over(at=over + 3 * HOUR) == 1
    assert sweeps.sweep_words_over(at=over + 3 * HOUR) == 0
    complaint.refresh_from_db()
    assert complaint.state == State.ANSWERED
    assert complaint.word_over_at == over
    clock = Clock.objects.running().get()
    assert (clock.step, clock.began_at) == ("close", over)
    assert complaint.due_at == clock.due_at
    assert not complaint.was_late
    assert Complaint.objects.late(clock.due_at).get() == complaint
    assert sweeps.sweep_late(at=clock.due_at) == 1
    complaint.refresh_from_db()
    assert complaint.was_late


def test_the_complainant_may_still_speak_after_the_word_ran_out(cast: Cast) -> None:
    complaint = answered(cast)
    over = NOON + 120 * HOUR
    sweeps.sweep_words_over(at=over)
    complaint.refresh_from_db()
    word.say_dissatisfied(complaint=complaint, text="铁皮还在。", at=over + HOUR)
    complaint.refresh_from_db()
    assert (complaint.state, complaint.word_over_at) == (State.ACCEPTED, None)
    assert Clock.objects.running().get().step == "answer"


def test_a_word_in_time_leaves_nothing_to_the_sweep(cast: Cast) -> None:
    complaint = answered(cast)
    word.say_satisfied(complaint=complaint, at=NOON + HOUR)
    assert sweeps.sweep_words_over(at=NOON + 500 * HOUR) == 0


# ── supervision orders ───────────────────────────────────────────────────────────────────────────


def ordered(cast: Cast, due_at: dt.datetime = NOON + 24 * HOUR) -> SupervisionOrder:
    return issue_order(
        complaint=filed(cast.home).complaint,
        to=office(cast.home.line["street"]),
        text="今天内拆除单元门口的铁皮。",
        due_at=due_at,
        token="order",
        by=cast.task_force,
        at=NOON,
    )


def test_an_order_past_its_date_is_told_to_both_offices_once(cast: Cast) -> None:
    order = ordered(cast)
    assert sweeps.sweep_orders(at=order.due_at - SECOND) == 0
    assert sweeps.sweep_orders(at=order.due_at) == 1
    assert sweeps.sweep_orders(at=order.due_at + HOUR) == 0
    order.refresh_from_db()
    assert order.was_late
    assert order.steps.filter(kind=OrderStepKind.LATE).count() == 1
    assert told(MessageKind.ORDER_LATE) == [order.to_office.name, order.issued_by_office.name]


def test_an_order_ordered_again_can_be_late_again_and_stays_late(cast: Cast) -> None:
    order = ordered(cast)
    sweeps.sweep_orders(at=order.due_at)
    order.refresh_from_db()
    report(order=order, text="已拆除。", by=cast.street, at=NOON + 25 * HOUR)
    order_again(
        order=order, text="2单元没拆。", due_at=NOON + 30 * HOUR, by=cast.task_force, at=NOON + 26 * HOUR
    )
    order.refresh_from_db()
    assert order.was_late
    assert sweeps.sweep_orders(at=NOON + 30 * HOUR) == 1
    assert order.steps.filter(kind=OrderStepKind.LATE).count() == 2


# ── coordinators ─────────────────────────────────────────────────────────────────────────────────


def shift(user: Any, start: dt.datetime, hours: int = 12) -> None:
    DutyShift.objects.create(
        office=user.office, user=user, starts_at=start, ends_at=start + dt.timedelta(hours=hours)
    )


def test_an_urgent_one_is_coordinated_from_the_beginning_of_a_shift(cast: Cast) -> None:
    complaint = filed(cast.home, behaviour="care_refused", whom="site").complaint
    assert complaint.coordinator is None
    shift(cast.health, NOON + HOUR)
    assert sweeps.assign_coordinators(at=NOON + HOUR - SECOND) == 0
    assert sweeps.assign_coordinators(at=NOON + HOUR) == 1
    assert sweeps.assign_coordinators(at=NOON + HOUR) == 0
    complaint.refresh_from_db()
    assert complaint.coordinator == cast.health
    assert events(EventKind.COORDINATOR) == 1


def test_at_night_the_desk_above_coordinates_what_lies_at_a_branch(cast: Cast) -> None:
    early = filed(cast.home, behaviour="care_refused", whom="site").complaint
    shift(cast.task_force, NOON)
    assert sweeps.assign_coordinators(at=NOON, dry_run=True) == 1
    assert sweeps.assign_coordinators(at=NOON) == 1
    early.refresh_from_db()
    assert (early.handler, early.coordinator) == (cast.health.office, cast.task_force)
    assert Complaint.objects.visible_to(cast.task_force).filter(pk=early.pk).exists()
    shift(cast.health, NOON)
    later = filed(cast.home, behaviour="care_refused", whom="site", place="别处").complaint
    assert later.coordinator == cast.health


def test_whoever_works_below_the_office_complained_about_is_passed_over(cast: Cast) -> None:
    """Duty at the city's desk, held by somebody of the county that it is about."""
    county = officer("countyboss", office(cast.county), Role.SUPERVISOR)
    city = cast.city.office
    assert city is not None
    complaint = filed(
        cast.home, behaviour="care_refused", whom="county", respondent=office(cast.county)
    ).complaint
    assert complaint.handler is not None
    DutyShift.objects.create(office=complaint.handler, user=county, starts_at=NOON, ends_at=NOON + HOUR)
    assert sweeps.assign_coordinators(at=NOON) == 0
    DutyShift.objects.create(office=city, user=cast.city, starts_at=NOON, ends_at=NOON + HOUR)
    expected = 1 if complaint.handler.is_at_or_below(city) else 0
    assert sweeps.assign_coordinators(at=NOON) == expected


def test_whoever_is_recused_coordinates_nothing_and_work_is_shared(cast: Cast) -> None:
    second = officer("second", office(cast.county, Department.HEALTH))
    first, *others = [filed(cast.home, behaviour="care_refused", whom="site").complaint for _each in range(3)]
    recuse(complaint=first, user=cast.health, reason="亲属", by=cast.health, at=NOON)
    shift(cast.health, NOON)
    shift(second, NOON)
    assert sweeps.assign_coordinators(at=NOON + HOUR) == 3
    first.refresh_from_db()
    assert first.coordinator == second
    given = [Complaint.objects.get(pk=each.pk).coordinator for each in others]
    assert cast.health in given


def test_what_is_not_urgent_waits_for_no_coordinator(cast: Cast) -> None:
    filed(cast.home)
    shift(cast.task_force, NOON)
    assert sweeps.assign_coordinators(at=NOON + HOUR) == 0


# ── no office could handle it ────────────────────────────────────────────────────────────────────


def test_what_nobody_could_handle_goes_to_the_outside_desk_once_there_is_one(cast: Cast) -> None:
    top = Office.objects.get(parent=None)
    complaint = filed(cast.home, respondent=top).complaint
    assert complaint.handler is None
    assert route_stranded(at=NOON + HOUR) == 0
    outside = place_office(Office(name="部际专班", area=top.area, department=Department.OUTSIDE))
    assert route_stranded(at=NOON + HOUR, dry_run=True) == 1
    assert route_stranded(at=NOON + HOUR) == 1
    assert route_stranded(at=NOON + HOUR) == 0
    complaint.refresh_from_db()
    assert complaint.handler == outside
    clock = Clock.objects.running().get()
    assert (clock.office, clock.began_at) == (outside, NOON)
    assert told(MessageKind.COMPLAINT_REFERRED) == [outside.name]


def test_what_came_before_there_were_offices_finds_whom_it_is_about_once_there_are(cast: Cast) -> None:
    province = area("山东省", Level.PROVINCE, "37")
    city = area("济南市", Level.CITY, "3701", province)
    county = area("历下区", Level.COUNTY, "370102", city)
    complaint = filed(county, whom="county").complaint
    assert (complaint.handler, complaint.respondent) == (None, None)
    ensure_offices([province, city, county])
    assert route_stranded(at=NOON + HOUR) == 1
    complaint.refresh_from_db()
    assert complaint.respondent == office(county)
    assert complaint.handler == office(city, Department.TASK_FORCE)


# ── tasks and commands ───────────────────────────────────────────────────────────────────────────


def test_the_tasks_sweep_and_the_commands_count_without_writing(
    cast: Cast, the_day: Callable[[dt.date], Any]
) -> None:
    filed(cast.home)
    order = ordered(cast)
    filed(cast.home, behaviour="care_refused", whom="site")
    the_day(TODAY + dt.timedelta(days=3))
    shift(cast.health, noon(TODAY + dt.timedelta(days=3)) - HOUR)
    out = StringIO()
    for name in ("sweep_complaint_clocks", "sweep_supervision_orders", "assign_coordinators"):
        call_command(name, "--dry-run", "--language", "en", stdout=out)
    lines = out.getvalue().splitlines()
    assert "3 clocks past their limit." in lines
    assert "1 supervision order past its date." in lines
    assert "1 urgent complaint without a coordinator while somebody is on duty." in lines
    assert not Complaint.objects.filter(was_late=True).exists()

    sweep_complaint_clocks()
    sweep_supervision_orders()
    assign_coordinators()
    assert Complaint.objects.filter(was_late=True).count() == 3
    assert Complaint.objects.get(urgent=True).coordinator == cast.health
    order.refresh_from_db()
    assert order.was_late


@pytest.mark.django_db(transaction=True)
def test_two_sweeps_at_once_note_each_clock_once(cast: Cast) -> None:
    for _each in range(6):
        filed(cast.home)
    barrier, done = Barrier(2), []

    def sweep() -> None:
        try:
            barrier.wait()
            done.append(sweeps.sweep_late(at=NOON + 30 * HOUR))
        finally:
            connection.close()

    threads = [Thread(target=sweep) for _each in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(done) == 6
    assert events(EventKind.LATE) == 6


def test_duty_at_an_office_beside_or_below_is_none_for_another(cast: Cast) -> None:
    filed(cast.home, behaviour="care_refused", whom="site")
    shift(officer("teacher", office(cast.county, Department.EDUCATION)), NOON)
    shift(cast.street, NOON)
    shift(cast.neighbour, NOON)
    assert sweeps.assign_coordinators(at=NOON + HOUR) == 0
