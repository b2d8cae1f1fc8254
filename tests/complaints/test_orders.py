"""Supervision orders: issued from a case, reported by the addressee, verified or ordered again."""

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from accounts.rules import Department, Role
from complaints.actions.supervising import issue_order
from complaints.models import Complaint, ComplaintEvent, SupervisionOrder
from complaints.rules.supervision import OrderState
from complaints.rules.words import EventKind
from notices.models import Message
from notices.rules import MessageKind
from policy.refusals import RuleViolation
from tests.builders import noon
from tests.complaints.cast import TEXT, TODAY, WHO, Cast, filed, office, officer

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("on_the_day")]
Login = Callable[[User], Client]
NOON = noon(TODAY)
ORDER = "今天内拆除4号楼单元门口的铁皮。"
ORDERS = "/supervision-orders/"


def issue(client: Client, complaint: Complaint, **changes: Any) -> Any:
    values = {"text": ORDER, "due_at": "2022-11-17T18:00", "token": "order"} | changes
    return client.post(f"{complaint.get_absolute_url()}supervise/", values)


@pytest.fixture
def order(as_user: Login, cast: Cast) -> SupervisionOrder:
    """An order of the task force to the street office."""
    complaint = filed(cast.home).complaint
    street = office(cast.home.line["street"])
    assert issue(as_user(cast.task_force), complaint, office=street.pk).status_code == 303
    return SupervisionOrder.objects.get()


def at(day: int, hour: int = 12) -> dt.datetime:
    return noon(dt.date(2022, 11, day)) + dt.timedelta(hours=hour - 12)


def test_an_order_is_issued_told_and_written_into_the_case(cast: Cast, order: SupervisionOrder) -> None:
    assert order.due_at == at(17, 18)
    assert order.issued_by_office == cast.task_force.office
    assert order.clause == "二(十六)"
    assert ComplaintEvent.objects.filter(kind=EventKind.SUPERVISED).count() == 1
    message = Message.objects.get(kind=MessageKind.ORDER_ISSUED, channel="inbox")
    assert message.community == cast.home.line["street"]
    assert order.complaint is not None
    assert order.complaint.number not in str(message.context)


def test_the_same_form_sent_twice_orders_once(as_user: Login, cast: Cast, order: SupervisionOrder) -> None:
    assert order.complaint is not None
    issue(as_user(cast.task_force), order.complaint, office=order.to_office_id)
    assert SupervisionOrder.objects.count() == 1


def test_the_addressee_reads_the_order_and_nothing_of_the_complaint(
    as_user: Login, cast: Cast, order: SupervisionOrder
) -> None:
    client = as_user(cast.street)
    assert order.number in client.get(ORDERS).content.decode()
    page = client.get(order.get_absolute_url()).content.decode()
    assert ORDER in page
    assert "二(十六)" in page
    complaint = order.complaint
    assert complaint is not None
    for hidden in (complaint.number, TEXT, complaint.place, WHO.name, WHO.phone, "taskforce"):
        assert hidden not in page
    assert client.get(complaint.get_absolute_url()).status_code == 404


def test_the_issuing_side_finds_the_complaint_behind_it(
    as_user: Login, cast: Cast, order: SupervisionOrder
) -> None:
    assert order.complaint is not None
    for user in (cast.task_force, cast.city):
        client = as_user(user)
        assert order.number in client.get(f"{ORDERS}?tab=from").content.decode()
        assert order.complaint.number in client.get(order.get_absolute_url()).content.decode()


def test_neighbour_and_other_branches_find_no_order(
    as_user: Login, cast: Cast, order: SupervisionOrder
) -> None:
    for user in (cast.neighbour, cast.health, cast.community):
        client = as_user(user)
        assert client.get(order.get_absolute_url()).status_code == 404
        for tab in ("to", "from"):
            assert order.number not in client.get(f"{ORDERS}?tab={tab}").content.decode()
        assert client.post(f"{order.get_absolute_url()}report/", {"text": "好"}).status_code == 404
        for door in ("verified", "again"):
            refused = client.post(f"{order.get_absolute_url()}{door}/", {"text": "好"})
            assert refused.status_code in (403, 404)
    assert as_user(cast.operator).get(ORDERS).status_code == 403
    order.refresh_from_db()
    assert order.state == OrderState.ORDERED


def test_whoever_is_recused_from_the_case_finds_no_order(
    as_user: Login, cast: Cast, order: SupervisionOrder
) -> None:
    second = officer("second", office(cast.county, Department.TASK_FORCE))
    assert as_user(second).get(order.get_absolute_url()).status_code == 200
    assert order.complaint is not None
    order.complaint.recusals.create(user=second, reason="亲属", at=NOON, by=cast.task_force)
    assert as_user(second).get(order.get_absolute_url()).status_code == 404


def test_reported_and_verified(as_user: Login, cast: Cast, order: SupervisionOrder) -> None:
    street, desk = as_user(cast.street), as_user(cast.task_force)
    url = order.get_absolute_url()
    assert street.post(f"{url}report/", {"text": " "}).status_code == 422
    assert street.post(f"{url}report/", {"text": "16日14时已拆除。"}).status_code == 303
    assert street.post(f"{url}report/", {"text": "16日14时已拆除。"}).status_code == 422
    order.refresh_from_db()
    assert (order.state, order.was_late) == (OrderState.REPORTED, False)
    assert order.steps.filter(kind="reported").count() == 1
    told = Message.objects.get(kind=MessageKind.ORDER_REPORTED, channel="inbox")
    assert told.community == cast.county

    assert street.post(f"{url}verified/", {"text": "好了"}).status_code == 404
    assert desk.post(f"{url}verified/", {"text": "已电话核实"}).status_code == 303
    assert desk.post(f"{url}verified/", {"text": "已电话核实"}).status_code == 422
    order.refresh_from_db()
    assert order.state == OrderState.VERIFIED
    assert order.done_at is not None
    page = street.get(url).content.decode()
    assert "已电话核实" not in page
    assert "16日14时已拆除。" in page
    assert "已电话核实" in desk.get(url).content.decode()


def test_what_is_not_put_right_is_ordered_again_with_a_new_date(
    as_user: Login, cast: Cast, order: SupervisionOrder
) -> None:
    street, desk = as_user(cast.street), as_user(cast.task_force)
    url = order.get_absolute_url()
    values = {"text": "2单元没拆。", "due_at": "2022-11-18T12:00"}
    assert desk.post(f"{url}again/", values).status_code == 422
    street.post(f"{url}report/", {"text": "已拆除。"})
    past = desk.post(f"{url}again/", values | {"due_at": "2022-11-15T12:00"})
    assert past.status_code == 422
    assert "2单元没拆。" in past.content.decode()
    assert desk.post(f"{url}again/", values).status_code == 303
    order.refresh_from_db()
    assert (order.state, order.rounds, order.due_at) == (OrderState.AGAIN, 2, at(18))
    assert "2单元没拆。" in street.get(url).content.decode()
    assert street.post(f"{url}report/", {"text": "2单元也拆了。"}).status_code == 303


def test_an_order_whose_date_passed_in_silence_is_ordered_again_and_stays_late(
    as_user: Login, cast: Cast, order: SupervisionOrder, the_day: Callable[[dt.date], Any]
) -> None:
    url = order.get_absolute_url()
    assert 'id="again"' not in as_user(cast.task_force).get(url).content.decode()
    the_day(dt.date(2022, 11, 18))
    desk = as_user(cast.task_force)
    assert 'id="again"' in desk.get(url).content.decode()
    assert desk.post(f"{url}again/", {"text": "没有报告。", "due_at": "2022-11-19T12:00"}).status_code == 303
    order.refresh_from_db()
    assert (order.state, order.rounds, order.due_at) == (OrderState.AGAIN, 2, at(19))
    assert order.was_late
    assert 'id="again"' not in desk.get(url).content.decode()


def test_a_report_after_the_date_stays_marked_as_late(
    as_user: Login, cast: Cast, order: SupervisionOrder, the_day: Callable[[dt.date], Any]
) -> None:
    the_day(dt.date(2022, 11, 18))
    street = as_user(cast.street)
    assert 'class="late"' in street.get(ORDERS).content.decode()
    street.post(f"{order.get_absolute_url()}report/", {"text": "已拆除。"})
    as_user(cast.task_force).post(f"{order.get_absolute_url()}verified/", {"text": "看过"})
    order.refresh_from_db()
    assert (order.state, order.was_late) == (OrderState.VERIFIED, True)


def test_seen_to_be_put_right_it_is_verified_without_a_report(
    as_user: Login, cast: Cast, order: SupervisionOrder
) -> None:
    as_user(cast.task_force).post(f"{order.get_absolute_url()}verified/", {"text": "现场看过"})
    order.refresh_from_db()
    assert order.state == OrderState.VERIFIED


def test_orders_go_to_the_office_complained_about_or_below_and_to_no_other(
    as_user: Login, cast: Cast
) -> None:
    complaint = filed(cast.home).complaint
    desk = as_user(cast.task_force)
    assert cast.city.office is not None
    for wrong in (office(cast.county), cast.city.office, cast.neighbour.office, cast.task_force.office):
        assert wrong is not None
        assert issue(desk, complaint, office=wrong.pk).status_code == 422
        assert issue(desk, complaint, named=wrong.name).status_code == 422
        with pytest.raises(RuleViolation) as refusal:  # nor by any other door than the page
            issue_order(
                complaint=complaint,
                to=wrong,
                text=ORDER,
                due_at=at(17),
                token="order",
                by=cast.task_force,
                at=NOON,
            )
        assert refusal.value.code == "not_below"
    assert not SupervisionOrder.objects.exists()
    assert issue(desk, complaint, named=office(cast.home).name).status_code == 303
    assert SupervisionOrder.objects.get().to_office == office(cast.home)


def test_a_past_date_and_an_empty_text_are_refused_with_what_was_typed(as_user: Login, cast: Cast) -> None:
    complaint = filed(cast.home).complaint
    desk, street = as_user(cast.task_force), office(cast.home.line["street"]).pk
    past = issue(desk, complaint, office=street, due_at="2022-11-16T11:00")
    assert past.status_code == 422
    assert ORDER in past.content.decode()
    assert issue(desk, complaint, office=street, text="").status_code == 422
    assert issue(desk, complaint, office=street, due_at="明天").status_code == 422
    assert not SupervisionOrder.objects.exists()


def test_a_branch_orders_the_office_complained_about_though_it_stands_beside_it(
    as_user: Login, cast: Cast
) -> None:
    complaint = filed(cast.home, behaviour="care_refused", whom="street").complaint
    assert complaint.handler == cast.health.office
    assert issue(as_user(cast.health), complaint, office=complaint.respondent_id).status_code == 303


def test_a_worker_without_a_desk_sees_only_what_is_for_the_own_office(
    as_user: Login, cast: Cast, order: SupervisionOrder
) -> None:
    worker = officer("streetworker", office(cast.home.line["street"]), Role.COMMUNITY_WORKER)
    client = as_user(worker)
    assert order.number in client.get(ORDERS).content.decode()
    assert client.post(f"{order.get_absolute_url()}report/", {"text": "已拆除。"}).status_code == 303


def test_the_lists_are_paged_and_hold_each_order_once(
    as_user: Login, cast: Cast, order: SupervisionOrder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("complaints.views.orders.PAGE", 2)
    assert order.complaint is not None
    desk = as_user(cast.task_force)
    for number in range(4):
        issue(desk, order.complaint, office=order.to_office_id, token=f"t{number}", text=f"第{number}项")
    for state in ("", "&state=verified"):
        seen: list[str] = []
        query = f"?tab=from{state}"
        while query:
            page = desk.get(f"{ORDERS}{query}").content.decode()
            seen += [
                each.number
                for each in SupervisionOrder.objects.all()
                if f'href="{each.get_absolute_url()}"' in page
            ]
            more = page.split('rel="next" href="')
            query = more[1].split('"')[0].replace("&amp;", "&") if len(more) > 1 else ""
        assert len(seen) == len(set(seen)) == 5
        for each in SupervisionOrder.objects.exclude(state=OrderState.VERIFIED):
            desk.post(f"{each.get_absolute_url()}verified/", {"text": "看过"})


def test_an_order_is_found_by_its_number_and_by_the_office(
    as_user: Login, cast: Cast, order: SupervisionOrder
) -> None:
    client = as_user(cast.task_force)
    for words in (order.number, order.number[-8:], order.to_office.name):
        assert order.number in client.get("/supervision-orders/", {"q": words}).content.decode()
    nothing = client.get("/supervision-orders/", {"q": "别处"}).content.decode()
    assert order.number not in nothing
    assert "没有找到这样的督办单" in nothing


def test_an_order_is_issued_by_nobody_who_may_not_see_the_case(as_user: Login, cast: Cast) -> None:
    complaint = filed(cast.home).complaint
    for user in (cast.neighbour, cast.street):
        assert issue(as_user(user), complaint, office=office(cast.home).pk).status_code == 404
    assert not SupervisionOrder.objects.exists()


def test_no_order_says_who_complained(as_user: Login, cast: Cast, order: SupervisionOrder) -> None:
    complaint, desk = order.complaint, as_user(cast.task_force)
    assert complaint is not None
    as_user(cast.street).post(f"{order.get_absolute_url()}report/", {"text": "已拆除。"})
    for told in (WHO.name, "欧 阳 特 殊", WHO.phone, "138 7766 5544", complaint.number):
        text = f"住户{told}反映铁皮未拆。"
        refused = issue(desk, complaint, text=text, token="another", office=order.to_office_id)
        again = desk.post(f"{order.get_absolute_url()}again/", {"text": text, "due_at": "2022-11-18T18:00"})
        for answer in (refused, again):
            assert answer.status_code == 422, told
            assert "不要写投诉人" in answer.content.decode()
            assert text in answer.content.decode()  # nothing typed is lost
    assert SupervisionOrder.objects.count() == 1
    assert order.steps.filter(kind="again").count() == 0
