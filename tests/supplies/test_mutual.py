"""Mutual supply: one record from asking to receiving, seen and moved from its two ends."""

import re
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Area, User
from accounts.rules import Level, Role
from notices.models import Message
from notices.rules import Channel, MessageKind
from notices.wording import wording_of
from policy.refusals import RuleViolation
from supplies.actions import mutual, stock
from supplies.models import Balance, Item, Movement, MutualSupply, Store
from supplies.rules.delivery import MUTUAL_MOVES, MutualState, MutualVerb
from tests.builders import area, noon, staff
from tests.cases.pages import reader
from tests.supplies.world import TODAY

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("on_the_day")]
AT = noon(TODAY)


@pytest.fixture
def asker(home: Area) -> User:
    return staff("asker", home, Role.SUPPLY_COORDINATOR)


@pytest.fixture
def giver(next_door: Area) -> User:
    return staff("giver", next_door, Role.SUPPLY_COORDINATOR)


@pytest.fixture
def third(street: Area) -> User:
    """A coordinator of a third community of the same city."""
    return staff("third", area("远山社区", Level.COMMUNITY, "110105001003", street), Role.SUPPLY_COORDINATOR)


@pytest.fixture
def ours(home: Area) -> Store:
    return Store.objects.create(area=home, name="社区仓库")


@pytest.fixture
def theirs(next_door: Area, giver: User, vegetables: Item) -> Store:
    made = Store.objects.create(area=next_door, name="湖滨仓库")
    lot = stock.ensure_lot(vegetables)
    stock.receive(store=made, lot=lot, quantity=Decimal(30), key="n", by=giver, at=AT)
    return made


@pytest.fixture
def asked(asker: User, home: Area, vegetables: Item) -> MutualSupply:
    return mutual.ask(
        area=home, item=vegetables, quantity=Decimal(20), wanted_on=TODAY, note="急", by=asker, at=AT
    )


def act(user: User, record: MutualSupply, verb: str, **facts: Any) -> Any:
    return reader(user).post(reverse("mutual-act", args=[record.pk, verb]), facts)


def state(record: MutualSupply) -> str:
    record.refresh_from_db()
    return record.state


def text(answer: Any) -> str:
    assert answer.status_code in (200, 422), answer.status_code
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode()))


def test_asked_offered_agreed_shipped_received_with_a_difference(
    asker: User, giver: User, asked: MutualSupply, ours: Store, theirs: Store, vegetables: Item
) -> None:
    act(giver, asked, "offer", quantity="15", store=theirs.pk)
    assert state(asked) == MutualState.OFFERED
    act(asker, asked, "agree", store=ours.pk)
    act(giver, asked, "ship")
    assert state(asked) == MutualState.SHIPPED
    assert Balance.objects.get(store=theirs).quantity == 15
    assert "Please say why" in text(act(asker, asked, "receive", quantity="13"))
    act(asker, asked, "receive", quantity="13", note="两份破损")
    assert state(asked) == MutualState.RECEIVED
    assert Balance.objects.get(store=ours).quantity == 13
    for user in (asker, giver):
        page = text(reader(user).get(reverse("mutual-detail", args=[asked.pk])))
        assert "2 less than shipped" in page
        assert "两份破损" in page
        assert "湖滨社区 → 锦绣社区" in page


def test_every_step_twice_is_refused_the_second_time_and_moves_nothing(
    asker: User, giver: User, asked: MutualSupply, ours: Store, theirs: Store
) -> None:
    steps: list[tuple[User, str, dict[str, Any]]] = [
        (giver, "offer", {"quantity": "15", "store": theirs.pk}),
        (asker, "agree", {"store": ours.pk}),
        (giver, "ship", {}),
        (asker, "receive", {"quantity": "15"}),
    ]
    for user, verb, facts in steps:
        for _twice in range(2):
            act(user, asked, verb, **facts)
    assert Movement.objects.filter(kind__in=["transfer_out", "transfer_in"]).count() == 2
    assert Balance.objects.get(store=ours).quantity == Balance.objects.get(store=theirs).quantity == 15


def test_nobody_acts_for_the_other_end(
    asker: User, giver: User, third: User, asked: MutualSupply, ours: Store, theirs: Store
) -> None:
    act(asker, asked, "offer", quantity="1", store=ours.pk)  # not to oneself
    assert state(asked) == MutualState.ASKED
    act(giver, asked, "offer", quantity="15", store=theirs.pk)
    act(giver, asked, "agree", store=theirs.pk)
    assert state(asked) == MutualState.OFFERED
    assert act(third, asked, "take_back").status_code == 404
    act(asker, asked, "agree", store=ours.pk)
    act(asker, asked, "ship")
    assert state(asked) == MutualState.AGREED
    act(giver, asked, "receive", quantity="15")
    assert state(asked) == MutualState.AGREED


def test_a_store_of_somebody_else_can_not_be_offered(third: User, asked: MutualSupply, theirs: Store) -> None:
    assert act(third, asked, "offer", quantity="5", store=theirs.pk).status_code == 422
    assert state(asked) == MutualState.ASKED


def test_what_is_asked_is_seen_in_the_city_what_is_offered_by_the_two_ends_alone(
    third: User, giver: User, asker: User, asked: MutualSupply, theirs: Store
) -> None:
    other_city = area("天津市", Level.CITY, "1201", area("天津市", Level.PROVINCE, "12"))
    stranger = staff("far", other_city, Role.SUPPLY_COORDINATOR)
    address = reverse("mutual-detail", args=[asked.pk])
    assert reader(third).get(address).status_code == 200
    assert "蔬菜包" in text(reader(third).get(reverse("mutual"), {"tab": "asked"}))
    assert reader(stranger).get(address).status_code == 404
    act(giver, asked, "offer", quantity="15", store=theirs.pk)
    assert reader(third).get(address).status_code == 404
    assert "蔬菜包" in text(reader(asker).get(reverse("mutual")))
    assert "蔬菜包" in text(reader(giver).get(reverse("mutual")))


def test_a_worker_reads_and_acts_not(alice: User, asked: MutualSupply) -> None:
    worker = reader(alice)
    page = text(worker.get(reverse("mutual-detail", args=[asked.pk])))
    assert "Withdraw the request" not in page
    assert act(alice, asked, "withdraw").status_code == 403
    assert worker.get(reverse("mutual-new")).status_code == 403


def test_an_offer_can_be_declined_taken_back_and_the_request_withdrawn(
    asker: User, giver: User, asked: MutualSupply, ours: Store, theirs: Store
) -> None:
    for user, verb in ((asker, "decline"), (giver, "take_back")):
        act(giver, asked, "offer", quantity="15", store=theirs.pk)
        act(user, asked, verb)
        assert state(asked) == MutualState.ASKED
        assert asked.offering is None
        assert asked.offered_quantity is None
    act(asker, asked, "withdraw")
    assert state(asked) == MutualState.WITHDRAWN
    act(giver, asked, "offer", quantity="15", store=theirs.pk)
    assert state(asked) == MutualState.WITHDRAWN


def test_what_is_shipped_can_not_be_withdrawn(
    asker: User, giver: User, asked: MutualSupply, ours: Store, theirs: Store
) -> None:
    act(giver, asked, "offer", quantity="15", store=theirs.pk)
    act(asker, asked, "agree", store=ours.pk)
    act(giver, asked, "ship")
    act(asker, asked, "withdraw")
    act(giver, asked, "take-back")
    assert state(asked) == MutualState.SHIPPED


def test_it_is_not_shipped_when_the_store_has_not_so_much(
    asker: User, giver: User, asked: MutualSupply, ours: Store, theirs: Store
) -> None:
    act(giver, asked, "offer", quantity="31", store=theirs.pk)
    act(asker, asked, "agree", store=ours.pk)
    answer = reader(giver)
    shown = answer.post(reverse("mutual-act", args=[asked.pk, "ship"]), follow=True)
    assert "蔬菜包: 31 份 wanted, 30 份 there." in text(shown)
    assert state(asked) == MutualState.AGREED
    assert Balance.objects.get(store=theirs).quantity == 30


def test_of_two_offers_at_once_one_is_told(
    giver: User, third: User, asked: MutualSupply, theirs: Store
) -> None:
    assert third.area is not None
    far = Store.objects.create(area=third.area, name="远山仓库")
    stale = MutualSupply.objects.get(pk=asked.pk)
    mutual.offer(mutual=asked, quantity=Decimal(5), store=theirs, by=giver, at=AT)
    with pytest.raises(RuleViolation) as refusal:
        mutual.offer(mutual=stale, quantity=Decimal(6), store=far, by=third, at=AT)
    assert refusal.value.code == "wrong_state"
    assert state(asked) == MutualState.OFFERED
    assert asked.from_store == theirs


def test_every_verb_refuses_every_state_that_is_not_its_own(
    carol: User, asked: MutualSupply, ours: Store, theirs: Store
) -> None:
    """Carol covers both ends, so only the state can refuse."""
    verbs: dict[MutualVerb, Any] = {
        MutualVerb.OFFER: lambda: mutual.offer(
            mutual=asked, quantity=Decimal(1), store=theirs, by=carol, at=AT
        ),
        MutualVerb.AGREE: lambda: mutual.agree(mutual=asked, store=ours, by=carol, at=AT),
        MutualVerb.DECLINE: lambda: mutual.decline(mutual=asked, by=carol, at=AT),
        MutualVerb.SHIP: lambda: mutual.ship(mutual=asked, by=carol, at=AT),
        MutualVerb.RECEIVE: lambda: mutual.receive(
            mutual=asked, quantity=Decimal(0), note="x", by=carol, at=AT
        ),
        MutualVerb.TAKE_BACK: lambda: mutual.take_back(mutual=asked, by=carol, at=AT),
        MutualVerb.WITHDRAW: lambda: mutual.withdraw(mutual=asked, by=carol, at=AT),
    }
    assert set(verbs) == set(MUTUAL_MOVES)
    for verb, do in verbs.items():
        for other in set(MutualState) - MUTUAL_MOVES[verb].sources:
            MutualSupply.objects.update(state=other)
            asked.refresh_from_db()
            with pytest.raises(RuleViolation) as refusal:
                do()
            assert refusal.value.code == "wrong_state", (verb, other)


def test_the_page_of_asking_is_prefilled_and_refuses_nothing_and_the_past(
    asker: User, vegetables: Item
) -> None:
    browser: Client = reader(asker)
    query = {"item": vegetables.pk, "quantity": "12.5", "wanted_on": "2022-11-18"}
    page = browser.get(reverse("mutual-new"), query).content.decode()
    assert 'value="12.5"' in page
    assert 'value="2022-11-18"' in page
    facts = {"item": vegetables.pk, "quantity": "0", "wanted_on": "2022-11-15"}
    assert browser.post(reverse("mutual-new"), facts).status_code == 422
    assert "has passed" in text(browser.post(reverse("mutual-new"), facts | {"quantity": "3"}))
    assert not MutualSupply.objects.exists()


def heard(user: User) -> list[str]:
    """The titles of the messages about mutual supply to the user's own office, oldest first."""
    told = Message.objects.filter(
        kind=MessageKind.MUTUAL_SUPPLY, channel=Channel.INBOX, community=user.area
    ).order_by("pk")
    return [wording_of(each.kind, each.context, "en").title for each in told]


def test_the_other_end_hears_of_each_step_once(
    asker: User, giver: User, third: User, asked: MutualSupply, ours: Store, theirs: Store
) -> None:
    assert heard(giver) == ["锦绣社区 asks for 20 份 of 蔬菜包"]
    assert heard(third) == heard(giver)
    assert heard(asker) == []
    for _twice in range(2):
        act(giver, asked, "offer", quantity="15", store=theirs.pk)
    assert heard(asker) == ["湖滨社区 offers 15 份 of 蔬菜包"]
    act(asker, asked, "agree", store=ours.pk)
    act(giver, asked, "ship")
    act(asker, asked, "receive", quantity="13", note="两份破损")
    assert heard(giver)[1:] == [
        "锦绣社区 has agreed: 15 份 of 蔬菜包",
        "锦绣社区 has received 13 份 of 蔬菜包",
    ]
    assert heard(asker)[1:] == ["On the way from 湖滨社区: 15 份 of 蔬菜包"]
    assert len(heard(third)) == 1


def test_whose_offer_is_declined_or_taken_back_is_told_although_the_record_has_forgotten_them(
    asker: User, giver: User, asked: MutualSupply, theirs: Store
) -> None:
    act(giver, asked, "offer", quantity="15", store=theirs.pk)
    act(asker, asked, "decline")
    assert heard(giver)[1:] == ["锦绣社区 does not take the offer of 蔬菜包"]
    asked.refresh_from_db()
    act(giver, asked, "offer", quantity="10", store=theirs.pk)
    act(giver, asked, "take_back")
    assert heard(asker)[-1] == "湖滨社区 takes the offer of 蔬菜包 back"


def test_a_message_leads_to_the_record(giver: User, asked: MutualSupply) -> None:
    assert (
        f'href="{reverse("mutual-detail", args=[asked.pk])}"'
        in reader(giver).get(reverse("inbox")).content.decode()
    )
