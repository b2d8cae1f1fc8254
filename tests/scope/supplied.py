"""Supplies in the world of the matrix: a household with its link, needs, a hospital, a store, a round."""

import datetime as dt
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

from accounts.models import Area, User
from policy.clock import midnight
from supplies.actions import (
    caring,
    counselling,
    issuing,
    kits,
    links,
    medical,
    mutual,
    prescribing,
    rounds,
    serving,
    stock,
)
from supplies.actions.asking import Ask, Wanted, ask_for
from supplies.actions.calls import take_call
from supplies.actions.planning import PlanText, write_plan
from supplies.models import (
    Balance,
    Car,
    CareSite,
    Carrier,
    Hotline,
    HotlineShift,
    Item,
    MinimumLevel,
    Movement,
    Need,
    NeedLimit,
    ReceivingPoint,
    Store,
    Supplier,
)
from supplies.rules.medical import TreatmentKind
from supplies.rules.needs import Asker, NeedKind, NeedSource, NeedVerb
from zones.models import Site
from zones.rules import SiteKind

TODAY = dt.date(2022, 11, 15)
SAID = "她说夜里睡不着"
"""What was said to the counsellor: it may stand on no page but the counsellors'."""


def complete(records: SimpleNamespace, *, home: Area, alice: User) -> SimpleNamespace:
    """The records of the world with one of each kind of supplies."""
    for make in (_kept, _asked, _medical, _cared_for, _carried, _elsewhere):
        make(records, home, alice)
    return records


def _at(hour: int = 9, minute: int = 0) -> dt.datetime:
    return midnight(TODAY) + dt.timedelta(hours=hour, minutes=minute)


def _kept(known: SimpleNamespace, home: Area, by: User) -> None:
    """What supervisors and coordinators keep."""
    known.hotline = Hotline.objects.create(
        area=home,
        purpose="community",
        name="东门值班热线",
        phone="010-66550001",
        all_day=True,
        checked_on=TODAY,
    )
    HotlineShift.objects.create(hotline=known.hotline, user=by, starts_at=_at(8), ends_at=_at(20))
    known.item = Item.objects.create(name="蔬菜包", unit="份", category="daily", is_kit=True)
    known.store = Store.objects.create(area=home, name="社区仓库")
    known.minimum = MinimumLevel.objects.create(store=known.store, item=known.item, quantity=Decimal(5))
    known.supplier = Supplier.objects.create(area=home, name="东湖蔬菜", white_listed=True)
    text = PlanText("老王", "010-66550100", "批发市场每天200份", "东门接收点", "与湖滨社区互助", 7)
    known.supply_plan = write_plan(area=home, text=text, by=by, at=_at())
    known.point = ReceivingPoint.objects.create(compound=known.compound, name="东门", hours="9-18")
    known.carrier = Carrier.objects.create(compound=known.compound, name="志愿者甲", phone="13900001111")
    known.car = Car.objects.create(compound=known.compound, plate="京A12345", driver="老周", phone="1390000")
    known.limit = NeedLimit.objects.create(urgency="urgent", kind="", minutes=180)
    known.hospital = Site.objects.create(community=home, kind=SiteKind.GENERAL_HOSPITAL, name="友谊医院")
    known.care = CareSite.objects.create(site=known.hospital, direct_line="010-66552222", status_since=_at())
    stock.receive(
        store=known.store,
        lot=stock.ensure_lot(known.item, expires_on=TODAY),
        quantity=Decimal(3),
        key="old",
        by=by,
        at=_at(),
    )
    stock.receive(
        store=known.store, lot=stock.ensure_lot(known.item), quantity=Decimal(20), key="new", by=by, at=_at()
    )
    known.balance = Balance.objects.get(store=known.store, lot__expires_on=None)
    known.movement = Movement.objects.get(key="new:0")
    known.count = stock.count_stock(
        store=known.store, counted={known.balance.lot: Decimal(19)}, key="count", by=by, at=_at()
    )
    _packed(known, by)


def _packed(known: SimpleNamespace, by: User) -> None:
    """Two kits that were packed here."""
    part = Item.objects.create(name="土豆", unit="斤", category="daily")
    lot = stock.ensure_lot(part)
    stock.receive(store=known.store, lot=lot, quantity=Decimal(9), key="part", by=by, at=_at())
    kits.pack(
        store=known.store,
        kit=known.item,
        kits=2,
        parts={part: Decimal(2)},
        key="packed",
        by=by,
        at=_at(),
    )
    known.kits = Balance.objects.get(store=known.store, lot__movements__kind="packed")


def _need(known: SimpleNamespace, home: Area, by: User, kind: NeedKind, **more: Any) -> Need:
    facts: dict[str, Any] = {"text": "两份蔬菜包", "source": NeedSource.PHONE} | more
    asked = Ask(kind=kind, community=home, person=known.person, **facts)
    return ask_for(asked, token=f"{kind}:{Need.objects.count()}", by=by, at=_at())


def _asked(known: SimpleNamespace, home: Area, by: User) -> None:
    """A household with its link, what it asked for, and a call that is to be returned."""
    known.link = links.ensure_link(person=known.person, by=by, at=_at())
    known.link_token = links.token_of(known.link)
    known.need = _need(known, home, by, NeedKind.FOOD, link=known.link, lines=[Wanted(known.item)])
    known.need_number = known.need.number
    issuing.issue_for_need(
        need=known.need, store=known.store, wanted={known.item: Decimal(1)}, key="issue", by=by, at=_at()
    )
    known.lot = known.balance.lot
    known.call = take_call(
        area=home,
        by=by,
        at=_at(10),
        token="call",
        person=known.person,
        phone=known.person.phone,
        call_back_at=_at(11),
        asks=[Ask(kind=NeedKind.TALK, community=home, person=known.person, source=NeedSource.PHONE)],
    )
    known.talk_need = known.call.needs.get()


def _medical(known: SimpleNamespace, home: Area, by: User) -> None:
    """Somebody on the way to dialysis, who has been asked about by another hospital as well."""
    known.patient = _need(known, home, by, NeedKind.DOCTOR, treatment=TreatmentKind.DIALYSIS)
    side = known.patient.medical
    known.consult = medical.ask_hospital(medical=side, site=known.hospital, by=by, at=_at(9, 5))
    known.trip = medical.set_out(medical=side, site=known.hospital, car=known.car, by=by, at=_at(9, 20))


def _cared_for(known: SimpleNamespace, home: Area, by: User) -> None:
    """A key person with a plan and a call, a medicine, and a talk with the counsellor."""
    known.plan = caring.set_care_plan(person=known.person, marks=[], by=by, at=_at(), every_days=1)
    caring.plan_care_calls(at=_at())
    known.care_call = known.plan.calls.get()
    known.prescription = prescribing.enter_prescription(
        person=known.person, medicine="硝苯地平", lasts_until=TODAY, by=by, at=_at()
    )
    known.counsel = counselling.note_talk(person=known.person, notes=SAID, by=by, at=_at(10))


def _carried(known: SimpleNamespace, home: Area, by: User) -> None:
    """A round under way with one door, and a second need that waits for the next."""
    known.delivery = rounds.make_round(
        compound=known.compound,
        on=TODAY,
        needs=[known.need],
        carrier=known.carrier,
        car=None,
        by=by,
        at=_at(10),
    )
    known.stop = known.delivery.stops.get()
    waiting = _need(known, home, by, NeedKind.OTHER)
    serving.move(need=waiting, verb=NeedVerb.PACK, asker=Asker.STAFF, by=by, at=_at(10))


def _elsewhere(known: SimpleNamespace, home: Area, by: User) -> None:
    """Mutual supply that another community has offered: no third one sees it any more."""
    third = Area.objects.get(code="110105001003")
    other = Store.objects.create(area=third, name="柳荫仓库")
    known.mutual = mutual.ask(
        area=home, item=known.item, quantity=Decimal(5), wanted_on=TODAY, note="", by=by, at=_at()
    )
    coordinator = User.objects.create_user("third", area=third)
    mutual.offer(mutual=known.mutual, quantity=Decimal(5), store=other, by=coordinator, at=_at(10))
    known.mutual.refresh_from_db()
