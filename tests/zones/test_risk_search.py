"""“Is my building in a high-risk zone?”: what is understood, what is answered, and what is not given away."""

import datetime as dt

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import Area, User
from policy.clock import midnight
from tests.builders import episode, noon
from tests.zones.risk_world import november, restart, seal, units
from zones.addresses import Door, Stairs, door_of, place_of, read, stairs_of, stairs_of_unit
from zones.finding import Answer, Verdict, find
from zones.models import Compound, UnitSeal, Zone
from zones.views.asking import PublicThrottle

AT = noon(november(15))


@pytest.mark.parametrize(
    ("written", "building", "unit"),
    [
        ("3号楼1单元", "3", "1"),
        ("三号楼一单元502室", "3", "1"),
        ("３ 栋 １ 单元", "3", "1"),
        ("十二幢二单元", "12", "2"),
        ("二十一号楼", "21", ""),
        ("3#楼2门", "3", "2"),
        ("A座1203", "a", ""),
        ("03栋", "3", ""),
        ("3-1-502", "3", "1"),
        ("502室", "", ""),
        ("", "", ""),
    ],
)
def test_buildings_and_units_are_read_as_people_write_them(written: str, building: str, unit: str) -> None:
    assert stairs_of(read(written)) == Stairs(building, unit)


def test_the_same_number_is_alike_in_every_spelling() -> None:
    assert stairs_of_unit("3号楼", "1单元") == stairs_of_unit("三栋", "一门") == Stairs("3", "1")
    assert stairs_of_unit("综合楼", "") == Stairs("综合楼", "")


def test_the_name_of_a_compound_stands_before_the_building() -> None:
    assert place_of(read("锦绣花园3号楼1单元")) == "锦绣花园"
    assert place_of(read("锦绣花园502室")) == "锦绣花园"


@pytest.mark.parametrize(
    ("said", "door"),
    [
        ("锦绣花园5号楼1单元401", Door("锦绣花园", Stairs("5", "1"), "401")),
        ("锦绣花园 五栋 401室", Door("锦绣花园", Stairs("5", ""), "401")),
        ("锦绣花园5-1-401", Door("锦绣花园", Stairs("5", "1"), "401")),
        ("5-401", Door("", Stairs("5", ""), "401")),
        ("5号楼", Door("", Stairs("5", ""), "")),
        ("锦绣花园 1203", Door("锦绣花园", Stairs(), "1203")),
        ("锦绣花园", Door("锦绣花园", Stairs(), "")),
        ("", Door()),
    ],
)
def test_a_door_is_read_as_it_is_said_on_the_telephone(said: str, door: Door) -> None:
    assert door_of(read(said)) == door


# ── answers ──────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def zoned(home: Area, carol: User) -> None:
    """1 and 2 of building 3, and building 8, of 锦绣花园; unit 2 started anew."""
    where = units(home, "3号楼/1单元", "3号楼/2单元", "3号楼/5单元")[:2]
    seal(where, by=carol)
    restart(where[1:], by=carol, found=november(14))
    seal(units(home, "8号楼"), by=carol)


def opens(answer: Answer) -> list[tuple[str, int]]:
    return [(hit.part.boundary, hit.part.release_on.day) for hit in answer.hits]


@pytest.mark.django_db
@pytest.mark.usefixtures("zoned")
class TestAnswers:
    @pytest.mark.parametrize(
        "written",
        ["锦绣花园3号楼2单元", "朝阳区锦绣街道 锦绣花园 ３号楼 ２单元 502室", "锦绣花园，三号楼二单元"],
    )
    def test_a_sealed_unit_with_its_own_date(self, written: str) -> None:
        answer = find(written, AT)
        assert answer.verdict is Verdict.SEALED
        assert opens(answer) == [("3号楼2单元", 20)]
        assert not answer.alike
        assert {hit.part.boundary for hit in answer.elsewhere} == {"3号楼1单元", "8号楼"}

    @pytest.mark.parametrize("written", ["锦绣花园3栋1单元", "锦绣花园3#楼1门", "锦绣花园3-1-502"])
    def test_another_spelling_of_the_number_is_a_suggestion(self, written: str) -> None:
        answer = find(written, AT)
        assert answer.verdict is Verdict.SEALED
        assert answer.alike
        assert opens(answer) == [("3号楼1单元", 18)]

    @pytest.mark.parametrize(
        "written", ["锦绣花园13号楼2单元", "锦绣花园3号楼3单元", "锦绣花园38号楼", "锦绣花园5栋"]
    )
    def test_any_other_building_or_unit_is_low_risk(self, written: str) -> None:
        answer = find(written, AT)
        assert answer.verdict is Verdict.LOW_RISK
        assert not answer.hits
        assert answer.place is not None
        assert answer.place.name == "锦绣花园"

    def test_a_building_without_its_unit_names_the_sealed_ones(self) -> None:
        answer = find("锦绣花园3号楼", AT)
        assert answer.verdict is Verdict.PARTLY
        assert opens(answer) == [("3号楼2单元", 20), ("3号楼1单元", 18)]

    def test_a_building_that_is_sealed_as_a_whole_needs_no_unit(self) -> None:
        assert find("锦绣花园8号楼3单元", AT).verdict is Verdict.SEALED
        assert opens(find("锦绣花园8号楼", AT)) == [("8号楼", 18)]

    def test_a_compound_alone_lists_its_zones(self) -> None:
        answer = find("锦绣花园", AT)
        assert answer.verdict is Verdict.PARTLY
        assert len(answer.hits) == 3

    def test_a_part_of_the_name_is_enough(self) -> None:
        assert find("绣花园3号楼1单元", AT).verdict is Verdict.SEALED

    def test_the_address_of_a_compound_is_as_good_as_its_name(self) -> None:
        Compound.objects.update(address="锦绣路12号")
        answer = find("锦绣路12号3号楼1单元", AT)
        assert answer.verdict is Verdict.SEALED
        assert opens(answer) == [("3号楼1单元", 18)]

    def test_of_several_compounds_somebody_chooses(self, next_door: Area) -> None:
        units(next_door, "1号楼", compound="锦绣花园二期")
        units(next_door, "1号楼", compound="锦绣花园")
        answer = find("锦绣花园3号楼1单元", AT)
        assert answer.verdict is Verdict.SEVERAL
        assert [place.areas[-1] for place in answer.choices] == ["锦绣社区", "湖滨社区"]
        chosen = find("锦绣花园3号楼1单元", AT, compound=answer.choices[0].pk)
        assert chosen.verdict is Verdict.SEALED
        assert find("锦绣花园3号楼1单元", AT, compound=answer.choices[1].pk).verdict is Verdict.LOW_RISK
        assert find("湖滨社区锦绣花园3号楼1单元", AT).verdict is Verdict.LOW_RISK
        assert find("锦绣花园二期1号楼", AT).verdict is Verdict.LOW_RISK

    def test_a_place_that_nobody_knows_is_said_to_be_unknown(self) -> None:
        assert find("云杉里1号楼", AT).verdict is Verdict.UNKNOWN
        assert find("100%_", AT).verdict is Verdict.UNKNOWN
        assert find("锦绣花园", AT, compound=10**6).verdict is Verdict.UNKNOWN

    def test_an_area_alone_leads_to_its_list(self) -> None:
        answer = find("朝阳区", AT)
        assert answer.verdict is Verdict.AREA
        assert answer.areas == [("110105", "朝阳区")]

    @pytest.mark.parametrize("written", ["", " ", "锦", "，。"])
    def test_too_little_is_asked_for_again(self, written: str) -> None:
        assert find(written, AT).verdict is Verdict.EMPTY

    def test_by_the_clock_it_is_low_risk_from_midnight_and_says_since_when(self) -> None:
        just_before = midnight(november(18)) - dt.timedelta(seconds=1)
        assert find("锦绣花园3号楼1单元", just_before).verdict is Verdict.SEALED
        after = find("锦绣花园3号楼1单元", midnight(november(18)))
        assert after.verdict is Verdict.LOW_RISK
        assert after.before is not None
        assert after.before.part.opened_on == november(18)
        assert find("锦绣花园3号楼", midnight(november(18))).verdict is Verdict.PARTLY

    def test_a_house_with_a_number_alone_is_not_one_with_a_longer_number(
        self, home: Area, carol: User
    ) -> None:
        seal(units(home, "12", compound="柳岸村"), by=carol)
        assert find("柳岸村12", AT).verdict is Verdict.SEALED
        assert find("柳岸村123", AT).verdict is not Verdict.SEALED

    def test_a_unit_that_is_overdue_is_found_however_long_that_lasts(self) -> None:
        UnitSeal.objects.update(round_day=5)
        Zone.objects.update(gated=True)
        answer = find("锦绣花园3号楼1单元", AT + dt.timedelta(days=100))
        assert answer.verdict is Verdict.SEALED
        assert answer.hits[0].part.is_overdue

    def test_an_answer_takes_three_queries(self) -> None:
        with CaptureQueriesContext(connection) as asked:
            find("朝阳区锦绣花园3号楼1单元", AT)
        assert len(asked) <= 3


@pytest.mark.django_db
def test_where_somebody_in_isolation_lives_cannot_be_found_out(alice: User) -> None:
    """A building that exists only because of a registration is answered like one that does not exist."""
    held = episode(alice, name="欧阳特殊")
    assert held.person.unit is not None
    known, unheard_of = find("锦绣花园4号楼1单元", AT), find("锦绣花园7号楼1单元", AT)
    assert known.verdict is unheard_of.verdict is Verdict.LOW_RISK
    assert (known.hits, known.before, known.elsewhere) == (unheard_of.hits, unheard_of.before, [])


# ── the page ─────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def visitor() -> Client:
    client = Client()
    client.cookies["django_language"] = "en"
    return client


def asked(visitor: Client, written: str, **more: object) -> str:
    answer = visitor.post(reverse("risk-search"), {"q": written, **more})
    assert answer.status_code == 303
    assert "%E9" not in answer.headers["Location"]
    with time_machine.travel(AT, tick=False):
        page = visitor.get(answer.headers["Location"])
    assert page.status_code == 200
    return page.content.decode()


@pytest.mark.django_db
@pytest.mark.usefixtures("zoned")
def test_the_page_answers_and_keeps_what_was_typed_out_of_addresses(visitor: Client, next_door: Area) -> None:
    yes = asked(visitor, "锦绣花园3号楼2单元")
    assert 'data-verdict="sealed"' in yes
    assert "opens 20 November" in yes
    assert "Understood as:" in yes
    assert 'data-verdict="low_risk"' in asked(visitor, "锦绣花园5号楼")
    assert 'data-verdict="unknown"' in asked(visitor, "<script>alert(1)</script>")
    assert "<script>alert" not in asked(visitor, "<script>alert(1)</script>")
    assert 'data-verdict="empty"' in asked(visitor, "锦")
    units(next_door, "1号楼")
    several = asked(visitor, "锦绣花园3号楼1单元")
    assert 'data-verdict="several"' in several
    chosen = Compound.objects.get(community__name="锦绣社区").pk
    assert f'name="compound" value="{chosen}"' in several
    assert 'data-verdict="sealed"' in asked(visitor, "锦绣花园3号楼1单元", compound=chosen)


@pytest.mark.django_db
def test_a_damaged_address_asks_again(visitor: Client) -> None:
    for query in ("?words=abc", "?compound=x", "?compound=99999999999999999999", "?words="):
        assert visitor.get(reverse("risk-search") + query).status_code == 200


@pytest.mark.django_db
def test_who_asks_too_often_is_asked_to_wait(
    visitor: Client, home: Area, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(PublicThrottle, "THROTTLE_RATES", {"public": "2/min"})
    location = visitor.post(reverse("risk-search"), {"q": "锦绣花园"}).headers["Location"]
    assert [visitor.get(location).status_code for _ in range(3)] == [200, 200, 429]
    assert int(visitor.get(location).headers["Retry-After"]) > 0
    assert visitor.get(location, REMOTE_ADDR="10.1.1.1").status_code == 200
    assert visitor.get(reverse("risk-search")).status_code == 200
