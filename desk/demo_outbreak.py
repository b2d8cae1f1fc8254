"""The outbreak of the demo town: four infections, the zones that rest on them, and the people inside.

One zone is over, one opens tomorrow, one was started anew in one of its units, and a wider one waits for the
county. All of it was done by the verbs of the product, each at its own past instant. Where the edition of a
day has no rule for zones (before 11 November 2022), the sealing waits for the first day that has one.
"""

import datetime as dt
import random
from collections.abc import Callable
from dataclasses import dataclass, field

from accounts.models import Area, User
from cases.actions import ending, testing
from cases.actions.infections import InfectionFacts, add_stay, report_infection
from cases.actions.inside import ask_whereabouts, service_done, spill_over, want_service
from cases.actions.judging import PersonFacts
from cases.actions.registration import list_person
from cases.actions.telling_residents import tell_residents
from cases.actions.tracing import ContactEntry, judge_contacts, trace
from cases.actions.zoning import restart_because_of, seal_because_of
from cases.models import Episode, Infection, Person
from cases.rules import (
    ContactKind,
    DoorServiceKind,
    HomeCheck,
    IdKind,
    KeyMarkKind,
    Manifestation,
    Result,
    Sex,
    Whereabouts,
)
from policy.models import edition_in_force
from zones.actions import ensure_units, staircase, sweep_openings
from zones.actions.places import lay_grid, make_compound
from zones.models import Compound, Unit, Zone
from zones.rules import FoundWhere, PlaceKind, Purpose, WiderReason, opens_on

HERE, NEXT_DOOR = "110105001001", "110105001002"
HOSPITAL = "京州市定点医院"
_COMPOUNDS = (
    # community, name, kind, buildings, units each, floors
    (HERE, "锦绣花园", PlaceKind.RESIDENTIAL, 8, 3, 18),
    (HERE, "云杉里", PlaceKind.RESIDENTIAL, 7, 3, 6),
    (NEXT_DOOR, "湖滨里", PlaceKind.RESIDENTIAL, 7, 3, 11),
    (NEXT_DOOR, "柳岸新村", PlaceKind.VILLAGE, 7, 3, 6),
)
_SURNAMES = "白崔康毛邱秦江史顾侯邵孟龙万段雷钱汤尹黎易常武乔贺赖龚文"
_GIVEN = "安宁佳慧春生海燕长青秀荣德福晓彤立新美玲永康"
_MARKS = {1: KeyMarkKind.OLD_AND_ALONE, 4: KeyMarkKind.DIALYSIS, 6: KeyMarkKind.PREGNANT}
OLD, FIRST, SECOND, AGAIN = 7, 5, 3, 1
"""Days before today on which the four infections were found."""
FARTHEST = OLD + 2
"""Days before today on which the story begins."""


@dataclass(frozen=True, slots=True)
class _Sealing:
    """Units that are to be sealed because of an infection, and what is done inside once they are."""

    found: int
    infection: Infection
    units: dict[Unit, Purpose]
    then: Callable[[Zone, int], None] | None = None


@dataclass(slots=True)
class Outbreak:
    """What happens on each day; `day` and `moment` count days before today, as the town does."""

    areas: dict[str, Area]
    users: dict[str, User]
    day: Callable[[int], dt.date]
    moment: Callable[..., dt.datetime]
    rng: random.Random = field(default_factory=lambda: random.Random(20221112))  # noqa: S311
    zones: dict[int, Zone] = field(default_factory=dict)
    to_seal: list["_Sealing"] = field(default_factory=list)
    incubating: dict[int, list[Episode]] = field(default_factory=dict)
    """Contacts who turn positive in central isolation, by the day on which they do."""
    infections: dict[int, Infection] = field(default_factory=dict)
    serial: int = 0

    def live(self, ago: int) -> None:
        """Everything of that day, in the order in which it happened."""
        if ago == FARTHEST:
            self._lay_compounds()
        sweep_openings(at=self.moment(ago, 0, 1))
        self._turn_positive(ago)
        acts: dict[int, Callable[[], None]] = {
            OLD: self._one_that_is_over,
            FIRST: self._one_that_opens_tomorrow,
            SECOND: self._a_whole_building,
            AGAIN: self._once_more_in_one_unit,
            0: self._this_morning,
        }
        if ago != 0 and ago in acts:
            acts[ago]()
        if edition_in_force(self.day(ago)).zones:
            waiting, self.to_seal = self.to_seal, []
            for sealing in waiting:
                self._seal(sealing, ago)
            if ago == AGAIN and SECOND in self.zones:
                self._start_anew()
            elif ago == 0:
                acts[0]()
        tell_residents(at=self.moment(ago, 10))

    # ── places and people ───────────────────────────────────────────────────────────────────

    def _worker(self, community: str) -> User:
        return self.users["liwen" if community == HERE else "zhaoqiang"]

    def _lay_compounds(self) -> None:
        at = self.moment(FARTHEST, 6)
        for code, name, kind, buildings, units, floors in _COMPOUNDS:
            by, community = self._worker(code), self.areas[code]
            compound = Compound.objects.filter(community=community, name=name).first() or make_compound(
                community=community, name=name, kind=kind, by=by, at=at
            )
            names = [f"{n}号楼" for n in range(1, buildings + 1)]
            lay_grid(
                compound=compound, buildings=names, units_per_building=units, floors=floors, by=by, at=at
            )
        market = make_compound(
            community=self.areas[HERE],
            name="东湖农贸市场",
            kind=PlaceKind.ACTIVITY,
            by=self.users["liwen"],
            at=at,
        )
        lay_grid(
            compound=market,
            buildings=["东大厅", "西大厅"],
            units_per_building=0,
            floors=1,
            by=self.users["liwen"],
            at=at,
        )

    def _unit(self, community: str, compound: str, building: str, unit: str = "") -> Unit:
        stairs = staircase(community=self.areas[community], compound=compound, building=building, unit=unit)
        return ensure_units([stairs])[stairs]

    def _facts(self, home: Unit, door: str, mark: KeyMarkKind | None = None) -> PersonFacts:
        self.serial += 1
        community = home.building.compound.community
        age = 81 if mark is KeyMarkKind.OLD_AND_ALONE else 24 + self.serial * 7 % 40
        born_on = self.day(0).replace(day=1)
        return PersonFacts(
            name=self.rng.choice(_SURNAMES) + "".join(self.rng.sample(_GIVEN, 2)),
            community=community,
            sex=Sex.FEMALE if mark is KeyMarkKind.PREGNANT else self.rng.choice([Sex.FEMALE, Sex.MALE]),
            id_kind=IdKind.NONE,
            phone=f"1393000{self.serial:04d}",
            stairs=staircase(
                community=community,
                compound=home.building.compound.name,
                building=home.building.name,
                unit=home.name,
            ),
            door=door,
            born_on=born_on.replace(year=born_on.year - age),
            key_marks=frozenset({mark} if mark else ()),
        )

    def _residents(self, home: Unit, ago: int, number: int) -> list[Person]:
        by, at = self._worker(home.building.compound.community.code), self.moment(ago, 7)
        return [
            list_person(self._facts(home, f"{n // 2 + 2}0{n % 2 + 1}", _MARKS.get(n)), by=by, at=at)
            for n in range(number)
        ]

    def _infection(self, ago: int, home: Unit, *, admitted: bool = True) -> Infection:
        """Found in the community that morning, sampled the evening before, at home for some days."""
        community = home.building.compound.community
        by = self._worker(community.code)
        person = list_person(self._facts(home, "801"), by=by, at=self.moment(ago, 6, 50))
        found = report_infection(
            community=community,
            facts=InfectionFacts(
                label="",
                found_on=self.day(ago),
                found_where=FoundWhere.COMMUNITY,
                person=person,
                manifestation=Manifestation.CONFIRMED if ago % 2 else Manifestation.ASYMPTOMATIC,
                sampled_at=self.moment(ago + 1, 19, 30),
                resulted_at=self.moment(ago, 6, 10),
                isolated_at=self.moment(ago, 6, 40),
                admitted_at=self.moment(ago, 7, 0) if admitted else None,
                admitted_to=HOSPITAL if admitted else "",
            ),
            by=by,
            at=self.moment(ago, 7, 5),
        )
        add_stay(
            infection=found,
            purpose=Purpose.HOME,
            unit=home,
            from_on=self.day(ago + 4),
            to_on=self.day(ago),
            by=by,
            at=self.moment(ago, 7, 10),
        )
        self.infections[ago] = found
        return found

    def _contacts(self, infection: Infection, ago: int, homes: list[tuple[Unit, str, ContactKind]]) -> None:
        by = self._worker(infection.community.code)
        entries = [
            ContactEntry(
                facts=self._facts(home, door),
                last_exposure_on=self.day(ago),
                kind=kind,
                home_check=HomeCheck.SUITABLE,
            )
            for home, door, kind in homes
        ]
        traced = trace(infection=infection, entries=entries, by=by, at=self.moment(ago, 7, 30))
        first = traced[0].judgement
        if first and first.episode:
            self.incubating.setdefault(ago - (2 if ago == FIRST else 1), []).append(first.episode)
        judge_contacts(infection=infection, by=by, at=self.moment(ago, 7, 50))

    def _seal(self, sealing: _Sealing, ago: int) -> None:
        rule = edition_in_force(self.day(ago)).zones
        if rule is None or opens_on(self.day(sealing.found), rule.clean_days) <= self.day(ago):
            return
        made = seal_because_of(
            infections=[sealing.infection],
            units=sealing.units,
            by=self.users["wangjianping"],
            at=self.moment(ago, 7, 55),
        )
        if zone := made[0].zone:
            self.zones[sealing.found] = zone
            if sealing.then:
                sealing.then(zone, ago)

    def _turn_positive(self, ago: int) -> None:
        """The test of that day is positive; a hospital takes over in the evening, nobody else was met."""
        for episode in self.incubating.get(ago, []) if ago else []:
            by = self._worker(episode.community.code)
            test = episode.tests.filter(planned_on=self.day(ago)).first()
            if test is None:
                continue
            testing.record_sampling(test=test, by=by, at=self.moment(ago, 6, 30))
            testing.record_result(test=test, result=Result.POSITIVE, by=by, at=self.moment(ago, 15))
            episode.refresh_from_db()
            at = self.moment(ago, 17)
            ending.hand_over_to_treatment(episode=episode, to=HOSPITAL, by=by, at=at)
            for infection in Infection.objects.filter(person=episode.person_id):
                judge_contacts(infection=infection, by=by, at=at)

    # ── days ────────────────────────────────────────────────────────────────────────────────

    def _one_that_is_over(self) -> None:
        home = self._unit(NEXT_DOOR, "湖滨里", "2号楼", "1单元")
        self._residents(home, OLD, 3)
        infection = self._infection(OLD, home)
        self._contacts(infection, OLD, [(home, "801", ContactKind.HOUSEHOLD)])
        self.to_seal.append(_Sealing(OLD, infection, {home: Purpose.HOME}))

    def _one_that_opens_tomorrow(self) -> None:
        home = self._unit(HERE, "云杉里", "3号楼", "1单元")
        market = self._unit(HERE, "东湖农贸市场", "东大厅")
        people = self._residents(home, FIRST, 8)
        infection = self._infection(FIRST, home)
        by = self.users["liwen"]
        add_stay(
            infection=infection,
            purpose=Purpose.ACTIVITY,
            unit=market,
            from_on=self.day(FIRST + 1),
            to_on=self.day(FIRST + 1),
            note="买菜，约半小时",
            by=by,
            at=self.moment(FIRST, 7, 12),
        )
        self._contacts(
            infection,
            FIRST,
            [(home, "801", ContactKind.HOUSEHOLD), (home, "802", ContactKind.MEAL)],
        )
        self.to_seal.append(
            _Sealing(FIRST, infection, {home: Purpose.HOME}, lambda zone, ago: self._ask(zone, people, ago))
        )

    def _ask(self, zone: Zone, people: list[Person], ago: int) -> None:
        """Most are inside, one left before and is a spill-over person now, one has not been asked."""
        by, at = self.users["liwen"], self.moment(ago, 9)
        for person in people[:-2]:
            ask_whereabouts(zone=zone, person=person, whereabouts=Whereabouts.INSIDE, by=by, at=at)
        spill_over(zone=zone, people={people[-2]: self.day(ago + 1)}, by=by, at=at)
        wanted = [
            (people[1], DoorServiceKind.FOOD, "每周两次，米面蔬菜"),
            (people[4], DoorServiceKind.DOCTOR, "透析，周二、周四、周六上午"),
        ]
        for person, kind, note in wanted:
            want_service(zone=zone, person=person, kind=kind, note=note, by=by, at=at)
        brought = want_service(
            zone=zone, person=people[0], kind=DoorServiceKind.WASTE, by=by, at=self.moment(ago, 9, 5)
        )
        service_done(service=brought, by=by, at=self.moment(ago, 11))

    def _a_whole_building(self) -> None:
        units = [self._unit(HERE, "锦绣花园", "5号楼", f"{n}单元") for n in (1, 2, 3)]
        people = [person for unit in units for person in self._residents(unit, SECOND, 5)]
        infection = self._infection(SECOND, units[0])
        self._contacts(
            infection,
            SECOND,
            [
                (units[0], "801", ContactKind.HOUSEHOLD),
                (units[0], "802", ContactKind.ACTIVITY),
                (units[1], "301", ContactKind.WORK),
            ],
        )
        self.to_seal.append(
            _Sealing(
                SECOND,
                infection,
                dict.fromkeys(units, Purpose.HOME),
                lambda zone, ago: self._ask_some(zone, people, ago),
            )
        )

    def _ask_some(self, zone: Zone, people: list[Person], ago: int) -> None:
        by, at = self.users["liwen"], self.moment(ago, 9, 30)
        for person in people[::2]:
            ask_whereabouts(zone=zone, person=person, whereabouts=Whereabouts.INSIDE, by=by, at=at)
        want_service(
            zone=zone, person=people[4], kind=DoorServiceKind.MEDICINE, note="降压药一个月", by=by, at=at
        )

    def _once_more_in_one_unit(self) -> None:
        """A new infection in one unit of the building: its days start anew, those of the others run on."""
        unit = self._unit(HERE, "锦绣花园", "5号楼", "2单元")
        infection = self._infection(AGAIN, unit)
        self._contacts(infection, AGAIN, [(unit, "801", ContactKind.HOUSEHOLD)])

    def _start_anew(self) -> None:
        restart_because_of(
            infection=self.infections[AGAIN],
            units=[self._unit(HERE, "锦绣花园", "5号楼", "2单元")],
            by=self.users["wangjianping"],
            at=self.moment(AGAIN, 7, 58),
        )

    def _this_morning(self) -> None:
        """The street asks the county for more than the building; the contacts of a new case are open."""
        units = [self._unit(HERE, "锦绣花园", "6号楼", f"{n}单元") for n in (1, 2)]
        seal_because_of(
            infections=[self.infections[SECOND], self.infections[AGAIN]],
            units=dict.fromkeys(units, Purpose.HOME),
            wider=WiderReason.RISK_UNCLEAR,
            wider_note="5号楼与6号楼共用一层大堂和电梯厅，传播风险尚不明确。",
            by=self.users["wangjianping"],
            at=self.moment(0, 8),
        )
        self._infection(0, self._unit(HERE, "锦绣花园", "8号楼", "1单元"), admitted=False)
