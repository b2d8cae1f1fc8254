"""Each verb of the desk through its page: done, refused in a wrong state, out of sight from strangers."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from accounts.models import Office, User
from accounts.rules import Department, Role
from complaints.actions import handling
from complaints.models import Clock, Complaint, ComplaintEvent, DutyShift, Entry, Recusal, SupervisionOrder
from complaints.rules.handling import MOVES, Actor, State, Verb
from complaints.rules.words import EventKind, Outcome
from complaints.views.deeds import DEEDS
from policy.refusals import RuleViolation
from tests.builders import noon
from tests.complaints.cast import TODAY, Cast, filed, office, officer

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("on_the_day")]
Login = Callable[[User], Client]
NOON = noon(TODAY)
LATER = "2022-11-17T18:00"


@pytest.fixture
def desk(as_user: Login, cast: Cast) -> Client:
    """The officer of the task force at work."""
    return as_user(cast.task_force)


@pytest.fixture
def second(cast: Cast) -> User:
    """Another officer of the task force: verifies what the first one answered."""
    return officer("second", office(cast.county, Department.TASK_FORCE))


def do(client: Client, complaint: Complaint, verb: str, **values: Any) -> Any:
    return client.post(f"{complaint.get_absolute_url()}{verb}/", values)


def in_state(cast: Cast, state: State, second: User | None = None) -> Complaint:
    """A complaint that the verbs brought as far as that."""
    complaint = filed(cast.home).complaint
    if state == State.RECEIVED:
        return complaint
    if state == State.DECLINED:
        handling.decline(complaint=complaint, reason="不属于加码。", by=cast.task_force, at=NOON)
        return complaint
    handling.accept(complaint=complaint, by=cast.task_force, at=NOON)
    if state == State.REFERRED:
        handling.refer(
            complaint=complaint, to=office(cast.county, Department.HEALTH), by=cast.task_force, at=NOON
        )
    if state in (State.ANSWERED, State.VERIFIED, State.CLOSED):
        handling.answer(complaint=complaint, text="已拆除。", by=cast.task_force, at=NOON)
    if state in (State.VERIFIED, State.CLOSED):
        assert second is not None
        handling.verify(complaint=complaint, outcome=Outcome.SOLVED, how="现场核实", by=second, at=NOON)
    if state == State.CLOSED:
        handling.close(complaint=complaint, by=cast.task_force, at=NOON)
    return complaint


def values_for(verb: Verb, cast: Cast) -> dict[str, Any]:
    """What a form of that verb is filled in with."""
    return {
        Verb.ACCEPT: {},
        Verb.DECLINE: {"reason": "不属于加码。"},
        Verb.REFER: {"office": office(cast.county, Department.HEALTH).pk},
        Verb.SEND_BACK: {"reason": "不归我们管。"},
        Verb.ASK: {"text": "是哪个单元？"},
        Verb.NOTE: {"text": "已电话街道。"},
        Verb.ANSWER: {"text": "已责令拆除。"},
        Verb.VERIFY: {"outcome": "solved", "how": "现场查看，铁皮已拆。"},
        Verb.CLOSE: {"outcome": ""},
        Verb.REOPEN: {"reason": "群众反映又封了。"},
        Verb.MERGE: {"number": filed(cast.home, place="别处").number},
        Verb.SPLIT: {"behaviour": "extra_tests", "what_happened": "一天两检。", "token": "part"},
        Verb.CORRECT: {"behaviour": "silent_management", "urgent": "on", "reason": "核实后更正。"},
        Verb.SUPERVISE: {
            "office": office(cast.home.line["street"]).pk,
            "text": "今天内拆除。",
            "due_at": LATER,
            "token": "order",
        },
    }[verb]


AFTER: dict[Verb, State] = {
    verb: move.target for verb, move in MOVES.items() if move.target and verb in DEEDS
}
START: dict[Verb, State] = {
    Verb.ACCEPT: State.RECEIVED,
    Verb.DECLINE: State.RECEIVED,
    Verb.REFER: State.ACCEPTED,
    Verb.SEND_BACK: State.REFERRED,
    Verb.ASK: State.ACCEPTED,
    Verb.NOTE: State.RECEIVED,
    Verb.ANSWER: State.ACCEPTED,
    Verb.VERIFY: State.ANSWERED,
    Verb.CLOSE: State.VERIFIED,
    Verb.REOPEN: State.CLOSED,
    Verb.MERGE: State.RECEIVED,
    Verb.SPLIT: State.ACCEPTED,
    Verb.CORRECT: State.ACCEPTED,
    Verb.SUPERVISE: State.ACCEPTED,
}
WRITES: dict[Verb, EventKind] = {
    Verb.ACCEPT: EventKind.ACCEPTED,
    Verb.DECLINE: EventKind.DECLINED,
    Verb.REFER: EventKind.REFERRED,
    Verb.SEND_BACK: EventKind.SENT_BACK,
    Verb.ASK: EventKind.ASKED,
    Verb.NOTE: EventKind.NOTED,
    Verb.ANSWER: EventKind.ANSWERED,
    Verb.VERIFY: EventKind.VERIFIED,
    Verb.CLOSE: EventKind.CLOSED,
    Verb.REOPEN: EventKind.REOPENED,
    Verb.MERGE: EventKind.MERGED,
    Verb.SPLIT: EventKind.SPLIT,
    Verb.CORRECT: EventKind.CORRECTED,
    Verb.SUPERVISE: EventKind.SUPERVISED,
}


def doer(verb: Verb, cast: Cast, second: User) -> User:
    """Who does it: never the author of the answer, the branch that holds it, or the office above."""
    if verb == Verb.REOPEN:
        return cast.city
    if verb == Verb.SEND_BACK:
        return cast.health
    return second if verb == Verb.VERIFY else cast.task_force


@pytest.mark.parametrize("verb", list(DEEDS))
def test_the_verb_does_its_work_and_says_so(as_user: Login, cast: Cast, second: User, verb: Verb) -> None:
    complaint = in_state(cast, START[verb], second)
    answer = do(as_user(doer(verb, cast, second)), complaint, str(verb), **values_for(verb, cast))
    assert answer.status_code in (302, 303)
    complaint.refresh_from_db()
    assert complaint.state == AFTER.get(verb, START[verb])
    assert ComplaintEvent.objects.filter(complaint=complaint, kind=WRITES[verb]).count() == 1


@pytest.mark.parametrize("verb", list(DEEDS))
def test_twice_equals_once(as_user: Login, cast: Cast, second: User, verb: Verb) -> None:
    complaint = in_state(cast, START[verb], second)
    client, values = as_user(doer(verb, cast, second)), values_for(verb, cast)
    for _each in range(2):
        do(client, complaint, str(verb), **values)
    assert ComplaintEvent.objects.filter(complaint=complaint, kind=WRITES[verb]).count() == 1
    assert Complaint.objects.filter(split_from=complaint).count() == (verb == Verb.SPLIT)
    assert SupervisionOrder.objects.count() == (verb == Verb.SUPERVISE)


@pytest.mark.parametrize("verb", list(DEEDS))
def test_strangers_find_nothing_to_act_on(as_user: Login, cast: Cast, second: User, verb: Verb) -> None:
    complaint = in_state(cast, START[verb], second)
    before = Complaint.objects.filter(pk=complaint.pk).values().get()
    values = values_for(verb, cast)
    for user in (cast.neighbour, cast.street):
        assert do(as_user(user), complaint, str(verb), **values).status_code == 404
    for user in (cast.community, cast.operator):
        assert do(as_user(user), complaint, str(verb), **values).status_code == 403
    assert Complaint.objects.filter(pk=complaint.pk).values().get() == before


@pytest.mark.parametrize("verb", [verb for verb in DEEDS if verb != Verb.SUPERVISE])
def test_in_a_wrong_state_it_is_refused_and_nothing_typed_is_lost(
    as_user: Login, cast: Cast, second: User, verb: Verb
) -> None:
    wrong = State.RECEIVED if State.RECEIVED not in MOVES[verb].sources else State.CLOSED
    complaint = in_state(cast, wrong, second)
    values = values_for(verb, cast)
    user = cast.city if verb == Verb.REOPEN else cast.task_force
    answer = do(as_user(user), complaint, str(verb), **values)
    assert answer.status_code == 422
    page = answer.content.decode()
    assert 'class="error"' in page
    for typed in values.values():
        assert str(typed) in page
    complaint.refresh_from_db()
    assert complaint.state == wrong


@pytest.mark.parametrize("verb", [verb for verb in DEEDS if MOVES[verb].needs_reason])
def test_without_a_word_it_is_refused_at_the_field(
    as_user: Login, cast: Cast, second: User, verb: Verb
) -> None:
    complaint = in_state(cast, START[verb], second)
    answer = do(as_user(doer(verb, cast, second)), complaint, str(verb))
    assert answer.status_code == 422
    assert f'id="do-{verb}" open' in answer.content.decode()
    complaint.refresh_from_db()
    assert complaint.state == START[verb]


def test_an_unknown_verb_is_not_found_and_an_address_alone_leads_to_the_case(
    desk: Client, cast: Cast
) -> None:
    complaint = filed(cast.home).complaint
    assert do(desk, complaint, "bogus").status_code == 404
    assert do(desk, complaint, "withdraw").status_code == 404
    assert desk.get(f"{complaint.get_absolute_url()}accept/")["Location"] == complaint.get_absolute_url()
    complaint.refresh_from_db()
    assert complaint.state == State.RECEIVED


# ── referring ────────────────────────────────────────────────────────────────────────────────────


def offered(page: str) -> set[int]:
    form = page[page.index('id="do-refer"') :]
    form = form[: form.index("</form>")]
    return {int(part.split('"')[0]) for part in form.split('<option value="')[1:] if part[0].isdigit()}


def test_only_offices_that_may_handle_it_are_offered(desk: Client, cast: Cast) -> None:
    complaint = filed(cast.home).complaint
    keys = offered(desk.get(complaint.get_absolute_url()).content.decode())
    names = {office.pk: office for office in Office.objects.all()}
    assert office(cast.county, Department.HEALTH).pk in keys
    assert office(cast.county).pk in keys
    assert office(cast.home.line["street"]).pk not in keys
    assert office(cast.home).pk not in keys
    assert cast.neighbour.office_id not in keys
    assert all(names[key].pk != complaint.handler_id for key in keys)


@pytest.mark.parametrize("name", ["锦绣街道", "锦绣社区"])
def test_the_office_complained_about_is_not_found_by_its_name_either(
    desk: Client, cast: Cast, name: str
) -> None:
    complaint = filed(cast.home).complaint
    answer = do(desk, complaint, "refer", named=name)
    assert answer.status_code == 422
    assert name in answer.content.decode()
    complaint.refresh_from_db()
    assert complaint.handler == cast.task_force.office


def test_an_office_is_found_by_a_part_of_its_name(desk: Client, cast: Cast) -> None:
    complaint = filed(cast.home).complaint
    health = office(cast.county, Department.HEALTH)
    answer = do(desk, complaint, "refer", named=health.name)
    assert answer.status_code == 303
    complaint.refresh_from_db()
    assert complaint.handler == health


def test_an_office_out_of_reach_is_refused(desk: Client, cast: Cast) -> None:
    complaint = filed(cast.home, whom="unknown").complaint
    far = cast.neighbour.office
    assert far is not None
    assert do(desk, complaint, "refer", office=far.pk).status_code == 422
    assert do(desk, complaint, "refer", named=far.name).status_code == 422
    with pytest.raises(RuleViolation) as refusal:  # nor by any other door than the page
        handling.refer(complaint=complaint, to=far, by=cast.task_force, at=NOON)
    assert refusal.value.code == "out_of_reach"
    complaint.refresh_from_db()
    assert complaint.handler == cast.task_force.office


def test_what_went_out_of_sight_leads_back_to_the_queue(as_user: Login, cast: Cast) -> None:
    complaint = filed(cast.home, behaviour="care_refused", whom="site").complaint
    transport = office(cast.county, Department.TRANSPORT)
    answer = do(as_user(cast.health), complaint, "refer", office=transport.pk)
    assert answer["Location"] == "/complaint-desk/"
    complaint.refresh_from_db()
    assert complaint.handler == transport


def test_it_is_sent_back_three_times_and_no_more(as_user: Login, cast: Cast) -> None:
    complaint = filed(cast.home).complaint
    health = office(cast.county, Department.HEALTH)
    here, there = as_user(cast.task_force), as_user(cast.health)
    for _each in range(3):
        do(here, complaint, "refer", office=health.pk)
        assert do(there, complaint, "send_back", reason="不归我们管。")["Location"] == "/complaint-desk/"
    do(here, complaint, "refer", office=health.pk)
    refused = do(there, complaint, "send_back", reason="不归我们管。")
    assert refused.status_code == 422
    complaint.refresh_from_db()
    assert (complaint.handler, complaint.times_back) == (health, 3)


# ── verifying, correcting, joining ───────────────────────────────────────────────────────────────


def test_nobody_verifies_the_own_answer(desk: Client, cast: Cast) -> None:
    complaint = in_state(cast, State.ANSWERED)
    answer = do(desk, complaint, "verify", outcome="solved", how="看过。")
    assert answer.status_code == 422
    assert "看过。" in answer.content.decode()


def test_complex_gives_the_longer_limit(desk: Client, cast: Cast) -> None:
    complaint = filed(cast.home).complaint
    do(desk, complaint, "accept", is_complex="on")
    assert Clock.objects.running().get().amount == 360


def test_when_the_corrected_office_holds_it_it_moves_up_and_the_toast_says_so(
    desk: Client, cast: Cast
) -> None:
    complaint = filed(cast.home, whom="unknown").complaint
    assert complaint.handler == cast.task_force.office
    answer = desk.post(
        f"{complaint.get_absolute_url()}correct/",
        {"behaviour": "not_unsealed", "respondent": office(cast.county).name, "reason": "是区里定的。"},
        follow=True,
    )
    complaint.refresh_from_db()
    assert complaint.handler == cast.city.office
    assert complaint.handler.name in answer.content.decode()
    assert desk.get(complaint.get_absolute_url()).status_code == 404


def test_an_unknown_office_is_refused_at_its_field(desk: Client, cast: Cast) -> None:
    complaint = filed(cast.home).complaint
    answer = do(
        desk, complaint, "correct", behaviour="not_unsealed", respondent="没有的单位", reason="更正。"
    )
    assert answer.status_code == 422
    assert "没有的单位" in answer.content.decode()


def test_a_number_of_another_desk_can_not_be_merged_into(desk: Client, cast: Cast) -> None:
    complaint = filed(cast.home).complaint
    far = filed(cast.home, whom="county").number
    assert do(desk, complaint, "merge", number=far).status_code == 422
    complaint.refresh_from_db()
    assert complaint.state == State.RECEIVED


def test_a_coordinator_is_an_officer_of_the_desk(desk: Client, cast: Cast, second: User) -> None:
    complaint = filed(cast.home).complaint
    address = f"{complaint.get_absolute_url()}coordinator/"
    assert desk.post(address, {"person": second.pk}).status_code == 303
    complaint.refresh_from_db()
    assert complaint.coordinator == second
    assert desk.post(address, {"person": cast.street.pk}).status_code == 422
    assert desk.post(address, {"person": cast.city.pk}).status_code == 422
    complaint.refresh_from_db()
    assert complaint.coordinator == second


def test_whoever_is_recused_sees_the_case_no_more(as_user: Login, cast: Cast, second: User) -> None:
    complaint = filed(cast.home).complaint
    client = as_user(cast.task_force)
    address = f"{complaint.get_absolute_url()}recuse/"
    assert client.post(address, {"person": second.pk, "reason": ""}).status_code == 422
    assert client.post(address, {"person": second.pk, "reason": "亲属"}).status_code == 303
    assert as_user(second).get(complaint.get_absolute_url()).status_code == 404
    myself = client.post(address, {"person": cast.task_force.pk, "reason": "我家也在那里"})
    assert myself["Location"] == "/complaint-desk/"
    assert client.get(complaint.get_absolute_url()).status_code == 404
    assert Recusal.objects.count() == 2


def test_strangers_neither_name_a_coordinator_nor_recuse_nor_judge(as_user: Login, cast: Cast) -> None:
    filed(cast.home)
    complaint = filed(cast.home).complaint
    link = complaint.earlier_links.get()
    for door in ("coordinator", "recuse", f"alike/{link.pk}"):
        for user in (cast.neighbour, cast.street):
            answer = as_user(user).post(
                f"{complaint.get_absolute_url()}{door}/",
                {"person": cast.task_force.pk, "reason": "x", "state": "same"},
            )
            assert answer.status_code == 404
    complaint.refresh_from_db()
    assert complaint.coordinator is None
    assert not Recusal.objects.exists()


def test_whoever_is_recused_is_not_put_on_duty_for_it_by_a_referral(cast: Cast) -> None:
    complaint = filed(cast.home, urgent=True).complaint
    health = office(cast.county, Department.HEALTH)
    complaint.recusals.create(user=cast.health, reason="亲属", at=NOON, by=cast.task_force)
    DutyShift.objects.create(
        office=health, user=cast.health, starts_at=noon(TODAY), ends_at=noon(TODAY.replace(day=17))
    )
    handling.refer(complaint=complaint, to=health, by=cast.task_force, at=NOON)
    assert complaint.coordinator is None


def test_a_note_stays_inside_and_a_question_goes_out(desk: Client, cast: Cast) -> None:
    complaint = in_state(cast, State.ACCEPTED)
    do(desk, complaint, "note", text="内部备注")
    do(desk, complaint, "ask", text="是哪个单元？")
    outside = {entry.text for entry in Entry.objects.filter(complaint=complaint).for_complainant()}
    assert outside == {"是哪个单元？"}


def test_the_table_and_the_page_know_the_same_verbs() -> None:
    of_the_desk = {verb for verb, move in MOVES.items() if {Actor.HANDLER, Actor.OVERSEER} & move.actors}
    assert set(DEEDS) == of_the_desk


def test_a_supervisor_of_the_county_sees_and_hands_on_what_its_task_force_holds(
    as_user: Login, cast: Cast
) -> None:
    chief = officer("chief", office(cast.county), Role.SUPERVISOR)
    complaint = filed(cast.home).complaint
    page = as_user(chief).get(complaint.get_absolute_url()).content.decode()
    assert 'id="do-refer"' in page
    assert 'id="do-send_back"' not in page
