"""The demo town: invented people at every point of a plan, whose days were lived by the real verbs.

Everything is registered, sampled, answered, moved and released by the same actions as in earnest, each at
its own past instant, so that what the demo shows is what the product does.
"""

import datetime as dt
import random
from dataclasses import dataclass, field

from django.db import transaction

from accounts.actions import ensure_offices
from accounts.models import Area, Office, Post, User
from accounts.rules import CODE_LENGTH, Department, Level, Role
from cases.actions import contacting, ending, handover, placing, sweeps, testing
from cases.actions.judging import PersonFacts, Registration, Verdict
from cases.actions.registration import list_person, register
from cases.models import Episode, NucleicAcidTest
from cases.rules import ContactOutcome, HomeCheck, IdKind, KeyMarkKind, Place, Result, Sex
from desk.demo_complaints import Complaints
from desk.demo_outbreak import FARTHEST, Outbreak
from desk.demo_supplies import Supplies
from policy.clock import midnight
from policy.types import Category
from zones.actions import ensure_room, staircase
from zones.models import Room

PASSWORD = "jiefeng-demo"  # noqa: S105 - printed at the start, and only ever in the demo town
AREAS = (
    ("11", Level.PROVINCE, "京州市"),
    ("1101", Level.CITY, "京州市"),
    ("110105", Level.COUNTY, "东湖区"),
    ("110105001", Level.STREET, "锦绣街道"),
    ("110105001001", Level.COMMUNITY, "锦绣社区"),
    ("110105001002", Level.COMMUNITY, "湖滨社区"),
    ("110105001003", Level.COMMUNITY, "幸福社区"),
    ("110105001004", Level.COMMUNITY, "和平社区"),
)


@dataclass(frozen=True, slots=True)
class Account:
    """One demo account, as it is printed at the start."""

    username: str
    name: tuple[str, str]
    area: str
    roles: tuple[Role, ...]
    admin: bool = False
    office: Department | None = None
    """None: the administration of the area."""


ACCOUNTS = (
    Account("liwen", ("李", "雯"), "110105001001", (Role.COMMUNITY_WORKER,)),
    Account("zhaoqiang", ("赵", "强"), "110105001002", (Role.COMMUNITY_WORKER,)),
    Account("wangjianping", ("王", "建平"), "110105001", (Role.SUPERVISOR,), admin=True),
    Account("chenyan", ("陈", "岩"), "110105", (Role.SUPERVISOR,), admin=True),
    Account("sunli", ("孙", "丽"), "110105001", (Role.HOTLINE_OPERATOR,)),
    Account("zhoumin", ("周", "敏"), "110105", (Role.COMPLAINT_OFFICER,), office=Department.TASK_FORCE),
    Account("linyue", ("林", "跃"), "110105", (Role.COMPLAINT_OFFICER,), office=Department.TASK_FORCE),
    Account("fengyan", ("冯", "燕"), "110105", (Role.COMPLAINT_OFFICER,), office=Department.EDUCATION),
    Account("tanglei", ("唐", "磊"), "110105", (Role.COMPLAINT_OFFICER,), office=Department.TRANSPORT),
    Account("gaoyuan", ("高", "远"), "1101", (Role.SUPERVISOR,), admin=True, office=Department.TASK_FORCE),
    Account("linhong", ("林", "红"), "110105001", (Role.SUPPLY_COORDINATOR,)),
    Account("xuyi", ("徐", "怡"), "110105", (Role.COUNSELLOR,)),
    Account("hejing", ("何", "静"), "110105", (Role.ANALYST,)),
)

_SURNAMES = "王李张刘陈杨黄赵周吴徐孙朱马胡郭林何高梁郑罗宋谢唐韩曹许邓萧冯曾程蔡彭潘袁于董余苏叶吕魏蒋田杜"
_GIVEN = "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超霞平刚桂英华玉兰红建国志文博雨欣梓涵浩然子轩诗琪嘉怡俊宇晨阳思远"
_FAMILY_TRACED = 2
"""Days before today on which the family was registered."""
_HOMES = {"110105001001": ("锦绣花园", "云杉里"), "110105001002": ("湖滨里", "柳岸新村")}


@dataclass(frozen=True, slots=True)
class Story:
    """One person of the town: why, how many days ago, and what happened on the way."""

    category: Category
    anchored: int
    """Days before today of the anchoring event."""
    traced_after: int = 0
    home: HomeCheck = HomeCheck.SUITABLE
    skips: tuple[int, ...] = ()
    """Days ago on which nobody came to take the test."""
    waits: bool = False
    """Yesterday's sample still waits for its result."""
    late: str = ""
    """What is left undone on purpose: "journey" or "told"."""

    @property
    def traced(self) -> int:
        """Days before today of the registration."""
        return max(self.anchored - self.traced_after, 0)


_CONTACTS = [
    Story(Category.CLOSE_CONTACT, anchored) for anchored in (0, 1, 1, 2, 3, 3, 4, 5, 5, 6, 6, 7, 8, 8, 9, 12)
]
_STORIES = [
    *_CONTACTS,
    Story(Category.CLOSE_CONTACT, 4, traced_after=3),
    Story(Category.CLOSE_CONTACT, 6, traced_after=2, home=HomeCheck.UNSUITABLE),
    Story(Category.CLOSE_CONTACT, 5, home=HomeCheck.UNCHECKED),
    Story(Category.CLOSE_CONTACT, 6, home=HomeCheck.UNCHECKED, late="journey"),
    Story(Category.CLOSE_CONTACT, 7, skips=(1,)),
    Story(Category.CLOSE_CONTACT, 10, late="told"),
    Story(Category.CLOSE_CONTACT, 11, traced_after=10),
    Story(Category.SPILL_OVER, 0),
    Story(Category.SPILL_OVER, 2),
    Story(Category.SPILL_OVER, 3, traced_after=1),
    Story(Category.SPILL_OVER, 4, waits=True),
    Story(Category.SPILL_OVER, 6, skips=(2,)),
    Story(Category.SPILL_OVER, 8),
    Story(Category.POST_CLOSED_LOOP, 1),
    Story(Category.POST_CLOSED_LOOP, 3, waits=True),
    Story(Category.POST_CLOSED_LOOP, 6),
    Story(Category.ENTRANT, 2),
    Story(Category.ENTRANT, 6),
    Story(Category.ENTRANT, 7),
]


def build(*, at: dt.datetime, on: dt.date) -> int:
    """Fill an empty database with areas, accounts, places and people; returns how many were registered.

    `on` is today in Asia/Shanghai and `at` the present instant; everything happened in the days before.
    """
    with transaction.atomic():
        areas = _areas()
        users = _users(areas)
        town = _Town(areas=areas, users=users, at=at, today=on, rng=random.Random(20221111))  # noqa: S311
        town.live()
        town.leave_loose_ends()
        Complaints(areas, users, at).live()
        Supplies(areas, users, at, on, town.moment).live()
        return Episode.objects.count()


def _areas() -> dict[str, Area]:
    made: dict[str, Area] = {}
    for code, level, name in AREAS:
        above = [made[code[:length]] for length in CODE_LENGTH.values() if code[:length] in made]
        made[code] = Area.objects.create(
            code=code,
            level=level,
            name=name,
            parent=above[-1] if above else None,
            duty_phone=f"010-6655{code[-4:]}" if len(code) >= CODE_LENGTH[Level.STREET] else "",
        )
    ensure_offices(Area.objects.select_related("parent__parent__parent__parent"))
    return made


def _users(areas: dict[str, Area]) -> dict[str, User]:
    made = {}
    for account in ACCOUNTS:
        last_name, first_name = account.name
        user = User.objects.create_user(
            account.username,
            password=PASSWORD,
            area=areas[account.area],
            office=_office(areas[account.area], account.office),
            last_name=last_name,
            first_name=first_name,
            is_staff=account.admin,
        )
        Post.objects.bulk_create([Post(user=user, role=role) for role in account.roles])
        made[account.username] = user
    return made


def _office(area: Area, department: Department | None) -> Office | None:
    return Office.objects.get(area=area, department=department) if department else None


@dataclass(slots=True)
class _Town:
    areas: dict[str, Area]
    users: dict[str, User]
    at: dt.datetime
    today: dt.date
    rng: random.Random
    stories: dict[int, Story] = field(default_factory=dict)
    serial: int = 0

    def day(self, ago: int) -> dt.date:
        return self.today - dt.timedelta(days=ago)

    def moment(self, ago: int, hour: int, minute: int = 0) -> dt.datetime:
        """That hour so many days ago, but never later than now."""
        return min(midnight(self.day(ago)) + dt.timedelta(hours=hour, minutes=minute), self.at)

    def worker(self, community: str) -> User:
        return self.users["liwen" if community == "110105001001" else "zhaoqiang"]

    # ── people ──────────────────────────────────────────────────────────────────────────────

    def _cast(self) -> list[tuple[str, int, Story]]:
        """Who lives where: community, number, story."""
        here = [("110105001001", number, story) for number, story in enumerate(_STORIES)]
        next_door = [("110105001002", number, story) for number, story in enumerate(_STORIES[::3])]
        return here + next_door

    def _register(self, code: str, story: Story, number: int) -> None:
        registered = story.traced
        community = self.areas[code]
        judged = register(
            [
                Registration(
                    facts=self._facts(community, number),
                    category=story.category,
                    anchor_on=self.day(story.anchored),
                    registered_on=self.day(registered),
                    home_check=story.home,
                    exposed_to=f"病例{number % 4 + 1}" if story.category is Category.CLOSE_CONTACT else "",
                )
            ],
            by=self.worker(code),
            at=self.moment(registered, 7, number * 7 % 60),
        )[0]
        if judged.verdict is Verdict.NEW and judged.episode:
            self.stories[judged.episode.pk] = story

    def _facts(self, community: Area, number: int) -> PersonFacts:
        self.serial += 1
        compound = self.rng.choice(_HOMES[community.code])
        sex = self.rng.choice([Sex.FEMALE, Sex.MALE])
        marks = {3: KeyMarkKind.OLD_AND_ALONE, 9: KeyMarkKind.PREGNANT, 14: KeyMarkKind.DIALYSIS}
        mark = marks.get(number)
        return PersonFacts(
            name=self.rng.choice(_SURNAMES) + "".join(self.rng.sample(_GIVEN, self.rng.choice([1, 2, 2]))),
            community=community,
            sex=Sex.FEMALE if mark is KeyMarkKind.PREGNANT else sex,
            id_kind=IdKind.RESIDENT_ID,
            id_number=self._id_number(old=mark is KeyMarkKind.OLD_AND_ALONE, female=sex is Sex.FEMALE),
            phone=f"138{self.rng.randrange(10**8):08d}",
            stairs=staircase(
                community=community,
                compound=compound,
                building=f"{self.rng.randrange(1, 8)}号楼",
                unit=f"{self.rng.randrange(1, 4)}单元",
            ),
            door=f"{self.rng.randrange(1, 17)}0{self.rng.randrange(1, 5)}",
            key_marks=frozenset({mark} if mark else ()),
        )

    def _id_number(self, *, old: bool, female: bool) -> str:
        born = (
            dt.date(1938, 3, 1) if old else dt.date(1955, 1, 1) + dt.timedelta(days=self.rng.randrange(20000))
        )
        order = self.serial * 2 + (0 if female else 1)
        body = f"110105{born:%Y%m%d}{order % 1000:03d}"
        weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
        return body + "10X98765432"[sum(int(c) * w for c, w in zip(body, weights, strict=True)) % 11]

    def _family(self) -> None:
        """A child under the same exposure without an ID, and a grandmother who is only listed."""
        community = self.areas["110105001001"]
        home = staircase(community=community, compound="锦绣花园", building="2号楼", unit="1单元")
        for name, born in (("何雨桐", 8), ("何子轩", 35)):
            register(
                [
                    Registration(
                        facts=PersonFacts(
                            name=name,
                            community=community,
                            id_kind=IdKind.NONE,
                            phone="13866550110",
                            stairs=home,
                            door="602",
                            born_on=self.today.replace(day=1, year=self.today.year - born),
                        ),
                        category=Category.CLOSE_CONTACT,
                        anchor_on=self.day(_FAMILY_TRACED),
                        registered_on=self.day(_FAMILY_TRACED),
                        home_check=HomeCheck.SUITABLE,
                        exposed_to="病例2",
                    )
                ],
                by=self.users["liwen"],
                at=self.moment(_FAMILY_TRACED, 7, 40),
            )
        list_person(
            PersonFacts(
                name="何玉珍",
                community=community,
                sex=Sex.FEMALE,
                id_kind=IdKind.NONE,
                phone="13866550110",
                stairs=home,
                door="602",
                born_on=self.today.replace(day=1, year=self.today.year - 71),
                key_marks=frozenset({KeyMarkKind.UNDERLYING_DISEASE}),
            ),
            by=self.users["liwen"],
            at=self.moment(_FAMILY_TRACED, 7, 45),
        )

    # ── days ────────────────────────────────────────────────────────────────────────────────

    def live(self) -> None:
        """Go through the days: what the clock does, who is registered, journeys, samples, results."""
        cast = self._cast()
        outbreak = Outbreak(self.areas, self.users, self.day, self.moment)
        for ago in range(max(FARTHEST, *(story.traced for _code, _number, story in cast)), -1, -1):
            sweeps.sweep_releases(at=self.moment(ago, 0, 1))
            sweeps.sweep_stage_changes(at=self.moment(ago, 0, 2))
            for code, number, story in cast:
                if story.traced == ago:
                    self._register(code, story, number)
            if ago == _FAMILY_TRACED:
                self._family()
            outbreak.live(ago)
            self._tell(ago)
            self._move(ago)
            self._test(ago)

    def _move(self, ago: int) -> None:
        for episode in Episode.objects.restricting(self.day(ago)).select_related("community", "room"):
            story = self.stories.get(episode.pk)
            stage = episode.stage_on(self.day(ago))
            by = self.worker(episode.community.code)
            if stage and stage.mode == "central" and episode.place == Place.HOME and ago > 0:
                placing.place(
                    episode=episode,
                    place=Place.SITE,
                    room=self._free_room(),
                    by=by,
                    at=self.moment(ago, 8, 10),
                )
            elif stage and stage.mode != "central" and episode.place == Place.SITE:
                left_behind = story is not None and story.late == "journey"
                if not left_behind and (ago > 0 or episode.pk % 3):
                    placing.place(episode=episode, place=Place.HOME, by=by, at=self.moment(ago, 9))

    def _free_room(self) -> Room:
        taken = set(Episode.objects.exclude(room=None).values_list("room__number", flat=True))
        number = next(n for n in range(601, 1000) if n % 100 and n % 100 < 21 and str(n) not in taken)
        return ensure_room(
            community=self.areas["110105001002"], site="云栖酒店集中隔离点", number=str(number)
        )

    def _test(self, ago: int) -> None:
        for test in NucleicAcidTest.objects.to_take(self.day(ago)).select_related("episode__community"):
            story = self.stories.get(test.episode_id)
            by = self.worker(test.episode.community.code)
            if story and ago in story.skips:
                continue
            if ago == 0 and (test.pk % 3 or self.at.astimezone().hour < 8):
                continue
            testing.record_sampling(test=test, by=by, at=self.moment(ago, 8, test.pk % 50))
            if ago > 0 and not (story and story.waits and ago == 1):
                testing.record_result(
                    test=test, result=Result.NEGATIVE, by=by, at=self.moment(ago, 17, test.pk % 50)
                )

    def _tell(self, ago: int) -> None:
        if ago == 0:
            return
        for episode in Episode.objects.releasing_on(self.day(ago)).filter(told_at=None):
            story = self.stories.get(episode.pk)
            if story is None or story.late != "told":
                at = self.moment(ago, 9, 30)
                ending.mark_told(episode=episode, by=self.worker(episode.community.code), at=at)

    # ── what is open on the day of the visit ────────────────────────────────────────────────

    def leave_loose_ends(self) -> None:
        """Two positive results this morning, somebody who can't be reached, a handover offered."""
        liwen = self.users["liwen"]
        here = Episode.objects.restricting(self.today).filter(community=self.areas["110105001001"])
        contacts = here.filter(category=Category.CLOSE_CONTACT, place=Place.SITE).order_by("pk")
        waiting = NucleicAcidTest.objects.filter(
            episode__in=contacts, planned_on__lt=self.today, result=Result.NEGATIVE
        ).order_by("-planned_on", "pk")
        positive = waiting.first()
        if positive:
            testing.undo_result(test=positive, by=liwen, at=self.at, reason="实验室更正")
            testing.record_result(test=positive, result=Result.POSITIVE, by=liwen, at=self.at)
        at_home = NucleicAcidTest.objects.awaiting_result().filter(
            episode__in=here.filter(category=Category.SPILL_OVER, place=Place.HOME)
        )
        if found_at_home := at_home.order_by("pk").first():  # opens the judgement of its spread
            testing.record_result(test=found_at_home, result=Result.POSITIVE, by=liwen, at=self.at)
        spill_over = here.filter(category=Category.SPILL_OVER).order_by("-pk").first()
        if spill_over:
            contacting.record_attempt(
                episode=spill_over,
                outcome=ContactOutcome.NO_ANSWER,
                by=liwen,
                at=self.at - dt.timedelta(hours=3),
            )
        moving = here.filter(category=Category.POST_CLOSED_LOOP).order_by("pk").first()
        if moving:
            handover.offer(
                episode=moving,
                to_community=self.areas["110105001002"],
                by=liwen,
                at=self.at,
                reason="已搬到湖滨里",
            )
