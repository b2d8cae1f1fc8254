"""Behind the closed doors of the demo town: what people asked for, who answered, and who got home again.

Needs in every state, an emergency that came in minutes ago, a dialysis that a hospital refused and that ended
treated and back home, a round that is being walked, key persons with their calls, medicines that run out.
All of it by the real verbs, each at its own past instant.
"""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from accounts.models import Area, User
from cases.models import Person
from cases.rules import KeyMarkKind
from desk.demo_supply_places import HERE, NEXT_DOOR, Places
from supplies.actions import (
    caring,
    counselling,
    issuing,
    links,
    medical,
    prescribing,
    rounds,
    serving,
    sweeps,
)
from supplies.actions.asking import Ask, Wanted, ask_for
from supplies.actions.calls import take_call
from supplies.models import Car, CareCall, Carrier, Need, ResidentLink
from supplies.rules.calls import CareCallOutcome
from supplies.rules.delivery import StopOutcome
from supplies.rules.medical import ConsultAnswer, TreatmentKind, TripStage
from supplies.rules.needs import Asker, NeedKind, NeedSource, NeedVerb
from zones.models import Site

FAMILY = "何玉珍"
"""The grandmother whose family has gone to the isolation site: hers is the link that is printed."""
FARTHEST = 4
"""Days before today on which the key persons' plans were made."""
HOUR, MINUTE = dt.timedelta(hours=1), dt.timedelta(minutes=1)


def link_to_try() -> str:
    """The token of the family's page in the demo town; empty elsewhere, or once it opens nothing."""
    link = ResidentLink.objects.filter(people__name=FAMILY, withdrawn_at=None).order_by("pk").first()
    return links.token_of(link) if link else ""


@dataclass(slots=True)
class Supplies:
    """What happened; `moment` counts days before today, as the town does."""

    areas: dict[str, Area]
    users: dict[str, User]
    at: dt.datetime
    today: dt.date
    moment: Callable[..., dt.datetime]
    places: Places = field(init=False)
    serial: int = 0

    def __post_init__(self) -> None:
        self.places = Places(self.areas, self.users, self.today, self.moment)

    def live(self) -> None:
        """Everything until now."""
        self.places.lay()
        self._family()
        self._needs_of_earlier_days()
        self._refused_dialysis()
        self._medical_today()
        self._round_of_today()
        self._needs_of_today()
        self._key_persons()
        self._medicines()
        self._somebody_to_talk_to()
        self._calls()
        sweeps.sweep_late_needs(at=self.at)

    # ── people ──────────────────────────────────────────────────────────────────────────────

    @property
    def worker(self) -> User:
        """李雯, the worker of the community."""
        return self.users["liwen"]

    def _behind(self, compound: str, building: str) -> list[Person]:
        """The people of a building, the first who were entered first."""
        people = Person.objects.filter(
            community=self.areas[HERE],
            unit__building__compound__name=compound,
            unit__building__name=building,
        )
        found = people.select_related("community", "unit__building__compound")
        return list(found.exclude(door="").order_by("pk"))

    def _with_mark(self, people: list[Person], mark: KeyMarkKind) -> Person:
        """The first of them with that mark."""
        marked = set(Person.objects.filter(key_marks__kind=mark).values_list("pk", flat=True))
        return next(person for person in people if person.pk in marked)

    def _ask(
        self,
        person: Person,
        kind: NeedKind,
        at: dt.datetime,
        text: str = "",
        *,
        items: dict[str, int] | None = None,
        **more: Any,
    ) -> Need:
        self.serial += 1
        lines = [
            Wanted(self.places.items[name], quantity=Decimal(quantity))
            for name, quantity in (items or {}).items()
        ]
        facts: dict[str, Any] = {"source": NeedSource.PHONE, "lines": lines} | more
        asked = Ask(kind=kind, community=person.community, person=person, text=text, **facts)
        by = None if facts["source"] == NeedSource.RESIDENT else self.users["sunli"]
        return ask_for(asked, token=f"demo:{self.serial}", at=at, by=by)

    def _move(self, need: Need, at: dt.datetime, *verbs: NeedVerb, **more: Any) -> Need:
        for number, verb in enumerate(verbs):
            serving.move(
                need=need, verb=verb, asker=Asker.STAFF, by=self.worker, at=at + number * 5 * MINUTE, **more
            )
        return need

    def _pack(self, need: Need, at: dt.datetime) -> Need:
        """Hand its lines out of the community's store: it is packed by that."""
        wanted = {line.item: line.quantity for line in need.lines.select_related("item") if line.item}
        key, store = f"demo-issue:{need.pk}", self.places.stores[HERE]
        issuing.issue_for_need(
            need=need, store=store, wanted=wanted, key=key, by=self.places.coordinator, at=at
        )
        need.refresh_from_db()
        return need

    # ── the family of the printed link ──────────────────────────────────────────────────────

    def _family(self) -> None:
        """Two of the family are at the isolation site; the grandmother is alone at home, and asks."""
        grandmother = Person.objects.select_related("community").get(name=FAMILY)
        link = links.ensure_link(person=grandmother, by=self.worker, at=self.moment(2, 9))
        mine: dict[str, Any] = {"source": NeedSource.RESIDENT, "link": link}
        alone = self._ask(
            grandmother, NeedKind.ALONE, self.moment(2, 10), "孩子去隔离点了，奶奶一个人在家", **mine
        )
        self._move(alone, self.moment(2, 10, 20), NeedVerb.TAKE, NeedVerb.CONFIRM)
        food = self._ask(grandmother, NeedKind.FOOD, self.moment(2, 15), items={"蔬菜包": 1}, **mine)
        self._pack(food, self.moment(2, 16))
        self._move(food, self.moment(1, 9), NeedVerb.SEND, NeedVerb.DELIVER)
        serving.move(need=food, verb=NeedVerb.CONFIRM, asker=Asker.RESIDENT, at=self.moment(1, 11))
        pills = self._ask(
            grandmother,
            NeedKind.MEDICINE,
            self.at - 3 * HOUR,
            "降压药快吃完了",
            items={"硝苯地平缓释片（降压药）": 2},
            **mine,
        )
        self._pack(pills, self.at - 2 * HOUR)
        self._move(pills, self.at - HOUR, NeedVerb.SEND, NeedVerb.DELIVER)

    # ── from request to door ────────────────────────────────────────────────────────────────

    def _needs_of_earlier_days(self) -> None:
        """Confirmed, cancelled, not met, one at the door for more than a day, one past its limit."""
        people = self._behind("云杉里", "3号楼")
        for person in people[:3]:
            need = self._ask(person, NeedKind.FOOD, self.moment(4, 9), items={"蔬菜包": 1})
            self._pack(need, self.moment(4, 11))
            self._move(need, self.moment(4, 15), NeedVerb.SEND, NeedVerb.DELIVER, NeedVerb.CONFIRM)
        silent = self._ask(people[2], NeedKind.FOOD, self.moment(2, 9), items={"米面油包": 1})
        self._pack(silent, self.moment(2, 10))
        self._move(silent, min(self.moment(2, 15), self.at - 25 * HOUR), NeedVerb.DELIVER)
        gone = self._ask(people[3], NeedKind.OTHER, self.moment(3, 9), "想要一本作业本")
        self._move(gone, self.moment(3, 12), NeedVerb.CANCEL, reason="邻居已送来")
        pet = self._ask(people[5], NeedKind.PET, self.moment(2, 9), "猫粮，指定品牌")
        self._move(
            pet,
            self.moment(2, 17),
            NeedVerb.REFUSE,
            reason="该品牌停止配送",
            instead="志愿者送来另一品牌的猫粮",
        )
        late = self._ask(people[0], NeedKind.FOOD, self.at - 26 * HOUR, items={"米面油包": 1})
        self._move(late, self.at - 25 * HOUR, NeedVerb.TAKE)

    def _round_of_today(self) -> None:
        """A round through 锦绣花园: one door is done, at one nobody answered, the others wait."""
        people = self._behind("锦绣花园", "5号楼")[:5]
        needs = []
        for number, person in enumerate(people):
            asked = self._ask(
                person, NeedKind.FOOD, self.at - (6 * HOUR - number * 10 * MINUTE), items={"蔬菜包": 1}
            )
            needs.append(self._pack(asked, self.at - 3 * HOUR))
        unit = people[0].unit
        assert unit is not None  # noqa: S101 - they were entered with their unit
        compound = unit.building.compound
        made = rounds.make_round(
            compound=compound,
            on=self.today,
            needs=needs,
            carrier=Carrier.objects.filter(compound=compound).first(),
            car=Car.objects.filter(compound=compound).first(),
            by=self.places.coordinator,
            at=self.at - 2 * HOUR,
        )
        rounds.start(delivery=made, by=self.worker, at=self.at - 40 * MINUTE)
        outcomes = (StopOutcome.DELIVERED, StopOutcome.NOBODY)
        for stop, outcome in zip(made.stops.order_by("position"), outcomes, strict=False):
            when = self.at - (30 - stop.position * 5) * MINUTE
            rounds.tick(
                stop=stop,
                outcome=outcome,
                tick_id=f"demo-{stop.pk}",
                ticked_at=when,
                by=self.worker,
                at=when,
            )

    def _needs_of_today(self) -> None:
        """Open, taken, packed for the next round, at the receiving point."""
        people = self._behind("锦绣花园", "5号楼")
        self._ask(people[6], NeedKind.FOOD, self.at - HOUR, "两个人三天的菜", items={"蔬菜包": 2})
        self._ask(people[7], NeedKind.OTHER, self.at - 50 * MINUTE, "下水道堵了，需要维修")
        taken = self._ask(people[8], NeedKind.MEDICINE, self.at - 2 * HOUR, "孩子发烧，需要退烧药")
        self._move(taken, self.at - 100 * MINUTE, NeedVerb.TAKE)
        packed = self._ask(people[9], NeedKind.FOOD, self.at - 4 * HOUR, items={"米面油包": 1})
        self._pack(packed, self.at - 3 * HOUR)
        arrived = self._ask(people[10], NeedKind.FOOD, self.at - 5 * HOUR, "自己在网上订的菜")
        self._move(arrived, self.at - 90 * MINUTE, NeedVerb.SEND, NeedVerb.ARRIVE)

    # ── doctors ─────────────────────────────────────────────────────────────────────────────

    def _refused_dialysis(self) -> None:
        """Refused by the first hospital, which owned him until the second took him; treated, back home."""
        person = self._with_mark(self._behind("云杉里", "3号楼"), KeyMarkKind.DIALYSIS)
        need = self._ask(
            person,
            NeedKind.DOCTOR,
            self.moment(2, 7),
            "每周三次透析，今天上午该去",
            treatment=TreatmentKind.DIALYSIS,
        )
        side, by = need.medical, self.worker
        second, central = self.places.hospitals["京州市第二医院"], self.places.hospitals["京州市中心医院"]
        asked = medical.ask_hospital(medical=side, site=second, by=by, at=self.moment(2, 7, 10))
        medical.note_answer(
            consult=asked,
            answer=ConsultAnswer.REFUSED,
            who="血透室值班护士",
            reason="黄码患者不接收，要求先转绿码",
            by=by,
            at=self.moment(2, 7, 25),
        )
        asked = medical.ask_hospital(medical=side, site=central, by=by, at=self.moment(2, 7, 30))
        medical.note_answer(
            consult=asked, answer=ConsultAnswer.ACCEPTED, who="医务处", by=by, at=self.moment(2, 7, 40)
        )
        self._to_hospital(need, central, ago=2)

    def _to_hospital(self, need: Need, site: Site, ago: int) -> None:
        """There by the compound's car, treated, and home again."""
        assert need.unit is not None  # noqa: S101 - everybody here has a door
        car = Car.objects.filter(compound=need.unit.building.compound).first()
        by = self.worker
        trip = medical.set_out(medical=need.medical, site=site, car=car, by=by, at=self.moment(ago, 8, 20))
        stages = ((TripStage.ARRIVED, 8, 50), (TripStage.TREATED, 13, 5), (TripStage.BACK_HOME, 13, 45))
        for stage, hour, minute in stages:
            medical.note_stage(trip=trip, stage=stage, by=by, at=self.moment(ago, hour, minute))
            trip.refresh_from_db()

    def _medical_today(self) -> None:
        """An emergency that came in just now, and a hospital that has not answered for too long."""
        people = self._behind("锦绣花园", "5号楼")
        self._ask(
            people[11],
            NeedKind.EMERGENCY,
            self.at - 4 * MINUTE,
            "老人胸口疼、出冷汗",
            source=NeedSource.RESIDENT,
        )
        mother = self._with_mark(self._behind("云杉里", "3号楼"), KeyMarkKind.PREGNANT)
        need = self._ask(
            mother, NeedKind.DOCTOR, self.at - HOUR, "孕36周产检", treatment=TreatmentKind.PREGNANCY
        )
        medical.ask_hospital(
            medical=need.medical,
            site=self.places.hospitals["京州市中心医院"],
            by=self.worker,
            at=self.at - 50 * MINUTE,
        )

    # ── calls ───────────────────────────────────────────────────────────────────────────────

    def _key_persons(self) -> None:
        """Everybody with a mark has a plan; most were reached every day, one was not since yesterday."""
        communities = [self.areas[HERE], self.areas[NEXT_DOOR]]
        marked = Person.objects.filter(key_marks__isnull=False, community__in=communities)
        people = list(
            marked.distinct().select_related("community").prefetch_related("key_marks").order_by("pk")
        )
        for number, person in enumerate(people):
            caring.set_care_plan(
                person=person,
                marks=[KeyMarkKind(mark.kind) for mark in person.key_marks.all()],
                need="独居，行动不便，请送到屋内" if number % 3 == 0 else "",
                medicine="硝苯地平" if number % 2 else "",
                helper="楼长 张阿姨" if number % 3 == 1 else "",
                every_days=1 + number % 3,
                by=self.worker,
                at=self.moment(FARTHEST, 8, number % 60),
            )
        for ago in range(FARTHEST, -1, -1):
            caring.plan_care_calls(at=min(self.moment(ago, 8, 30), self.at))
            if ago:
                self._call_them(ago)

    def _call_them(self, ago: int) -> None:
        waiting = CareCall.objects.filter(planned_on=self.today - dt.timedelta(days=ago), outcome="")
        for number, call in enumerate(waiting.select_related("plan__person__community").order_by("pk")):
            unreached = ago == 1 and number == 0
            caring.note_care_call(
                call=call,
                outcome=CareCallOutcome.NOT_REACHED if unreached else CareCallOutcome.WELL,
                note="响铃无人接听" if unreached else "",
                token=f"demo-care:{call.pk}",
                by=self.worker,
                at=self.moment(ago, 9, 30 + number % 30),
            )

    def _medicines(self) -> None:
        """Two run out within three days, one of them is asked for already, one lasts for weeks."""
        people = self._behind("锦绣花园", "5号楼")
        grandmother = Person.objects.select_related("community").get(name=FAMILY)
        lasting = (
            (grandmother, "硝苯地平缓释片", "每日2次，每次1片", "2盒", 2),
            (people[1], "二甲双胍片", "每日3次，每次1片", "3盒", 1),
            (people[4], "碳酸钙片", "透析期间，每日1片", "1瓶", 3),
            (people[12], "左甲状腺素钠片", "每日1片", "2盒", 24),
        )
        for person, medicine, dose, quantity, days in lasting:
            entered = prescribing.enter_prescription(
                person=person,
                medicine=medicine,
                dose=dose,
                quantity=quantity,
                lasts_until=self.today + dt.timedelta(days=days),
                by=self.worker,
                at=self.moment(FARTHEST, 10),
            )
            if person is people[4]:
                prescribing.ask_for_refill(prescription=entered, by=self.worker, at=self.at - 2 * HOUR)

    def _somebody_to_talk_to(self) -> None:
        """One talk with a second one agreed for today, and one who waits for the first."""
        people, by = self._behind("锦绣花园", "5号楼"), self.users["xuyi"]
        first = self._ask(people[3], NeedKind.TALK, self.moment(2, 19), "睡不着，很焦虑")
        counselling.note_talk(
            person=people[3],
            notes="担心年迈父母，已教放松练习，约定再聊一次。",
            follow_up_on=self.today,
            need=first,
            by=by,
            at=self.moment(2, 20),
        )
        self._ask(people[13], NeedKind.TALK, self.at - 2 * HOUR, "孩子闹，自己也快撑不住了")

    def _calls(self) -> None:
        """The operator's log: one that became a need, one who was promised to be called back."""
        people = self._behind("锦绣花园", "5号楼")
        line, by = self.places.lines["锦绣街道生活保供热线"], self.users["sunli"]
        calls = (
            (people[2], "问明天能不能下楼扔垃圾", self.moment(1, 10), None),
            (people[5], "催问昨天订的菜，答应查清后回电", self.at - HOUR, self.at - 20 * MINUTE),
        )
        for number, (person, note, at, call_back_at) in enumerate(calls):
            take_call(
                area=person.community,
                by=by,
                at=at,
                token=f"demo-call:{number}",
                person=person,
                phone=person.phone,
                hotline=line,
                note=note,
                call_back_at=call_back_at,
            )
