"""What the app puts beside a complaint: zones and rules that anybody may read, in the reader's language."""

import datetime as dt
import json
import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import translation

from accounts.models import Area, User
from complaints.models import Complaint
from complaints.own_facts import sentence_of
from complaints.rules.behaviours import BEHAVIOURS
from complaints.rules.handling import State
from tests.builders import episode
from tests.complaints.cast import Cast
from tests.complaints.forms import county_field, opened, receipt_on, send
from tests.zones.risk_world import end_early, november, seal, units
from zones.models import Site
from zones.rules import SiteKind, WiderReason

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _quick_proof(settings: Any) -> None:
    settings.COMPLAINT_PROOF = 50


@pytest.fixture
def client() -> Client:
    return Client()


def asked(client: Client, home: Area, place: str, **changes: str) -> str:
    """The fragment that the form shows for that place, as text."""
    form = {"behaviour": "not_unsealed", "place": place, **county_field(home), **changes}
    answer = client.post(reverse("complain-facts"), form)
    assert answer.status_code == 200
    return re.sub(r"<[^>]*>", "", answer.content.decode())


def test_a_building_in_no_zone_is_said_to_be_in_none(
    cast: Cast, client: Client, carol: User, home: Area, the_day: Any
) -> None:
    the_day(november(16))
    units(home, "3号楼/1单元")
    text = asked(client, home, "锦绣花园3号楼")
    assert "11月16日，锦绣花园 3号楼不在高风险区" in text
    assert "连续 5 天" in text


def test_a_sealed_building_is_named_with_its_day_and_its_opening(
    cast: Cast, client: Client, carol: User, home: Area, the_day: Any
) -> None:
    seal(units(home, "3号楼/1单元"), by=carol, found=november(13))
    the_day(november(16))
    text = asked(client, home, "锦绣花园3号楼1单元", since_on="2022-11-01")
    assert "自 11月13日 起封控" in text
    assert "第 3 天，共 5 天" in text
    assert "11月19日 00:00 解除" in text
    assert "按您写的日期" not in text


def test_what_should_have_opened_is_evidence(
    cast: Cast, client: Client, carol: User, home: Area, the_day: Any
) -> None:
    seal(units(home, "3号楼/1单元"), by=carol, found=november(13))
    the_day(november(20))
    text = asked(client, home, "锦绣花园3号楼1单元", since_on="2022-11-13")
    assert "自 11月19日 起已降为低风险" in text
    assert "今天已是第 7 天，不应再封" in text
    assert "已是第 7 天，规定是 5 天" in text


def test_a_zone_that_was_opened_early_counts_from_its_opening(
    cast: Cast, client: Client, carol: User, home: Area, the_day: Any
) -> None:
    zone = seal(units(home, "3号楼/1单元"), by=carol, found=november(13))
    the_day(november(15))
    from policy import clock

    end_early(zone, by=carol, at=clock.now())
    assert "起已降为低风险" in asked(client, home, "锦绣花园3号楼1单元")


def test_a_wider_zone_is_told_with_its_reason(
    cast: Cast, client: Client, carol: User, home: Area, the_day: Any
) -> None:
    zone = seal(units(home, "3号楼/1单元"), by=carol, found=november(13))
    type(zone).objects.filter(pk=zone.pk).update(wider_reason=WiderReason.RISK_UNCLEAR)
    the_day(november(15))
    assert "超出单元、楼栋范围" in asked(client, home, "锦绣花园3号楼1单元", behaviour="zone_oversized")


def test_several_places_of_one_name_are_chosen_from_and_the_choice_decides(
    cast: Cast, client: Client, home: Area, next_door: Area, the_day: Any
) -> None:
    units(home, "1号楼/1单元", compound="幸福里")
    there = units(next_door, "1号楼/1单元", compound="幸福里")[0].building.compound
    the_day(november(16))
    form = opened(client) | county_field(home) | {"place": "幸福里1号楼"}
    answer = send(client, form)
    assert answer.status_code == 422
    assert f'value="compound-{there.pk}"' in answer.content.decode()
    assert receipt_on(send(client, form, chosen=f"compound-{there.pk}"))
    filed = Complaint.objects.get()
    assert filed.compound == there
    assert filed.area == next_door


def test_none_of_these_is_an_answer_too(
    cast: Cast, client: Client, home: Area, next_door: Area, the_day: Any
) -> None:
    units(home, "1号楼/1单元", compound="幸福里")
    units(next_door, "1号楼/1单元", compound="幸福里")
    the_day(november(16))
    form = opened(client) | county_field(home) | {"place": "幸福里1号楼", "chosen": "none"}
    assert receipt_on(send(client, form))
    filed = Complaint.objects.get()
    assert filed.compound is None
    assert filed.area == cast.county


@pytest.mark.parametrize("chosen", ["compound-999999", "site-1", "compound-x", "compound-" + "9" * 30, "'"])
def test_a_choice_that_was_not_offered_is_none(
    cast: Cast, client: Client, home: Area, the_day: Any, chosen: str
) -> None:
    units(home, "1号楼/1单元")
    the_day(november(16))
    form = opened(client) | county_field(home) | {"place": "锦绣花园1号楼", "chosen": chosen}
    assert receipt_on(send(client, form))
    assert Complaint.objects.get().compound.name == "锦绣花园"


def test_a_hospital_is_recognised_and_an_isolation_site_is_not(
    cast: Cast, client: Client, home: Area, the_day: Any
) -> None:
    the_day(november(16))
    hospital = Site.objects.create(community=home, kind=SiteKind.HOSPITAL, name="朝阳医院")
    Site.objects.create(community=home, kind=SiteKind.ISOLATION, name="如家酒店")
    assert "朝阳医院" in asked(client, home, "朝阳医院急诊", behaviour="care_refused")
    assert "查询的是" not in asked(client, home, "如家酒店", behaviour="held_too_long")
    form = opened(client, "care_refused") | county_field(home) | {"place": "朝阳医院急诊"}
    send(client, form)
    filed = Complaint.objects.get()
    assert (filed.site, filed.area, filed.urgent) == (hospital, home, True)


def test_the_county_keeps_another_countys_place_apart(
    cast: Cast, client: Client, home: Area, next_county: Area, the_day: Any
) -> None:
    the_day(november(16))
    units(home, "1号楼/1单元")
    form = opened(client) | {"county": next_county.pk, "place": "锦绣花园1号楼"}
    assert send(client, form).status_code == 422, "it is offered, not taken"
    send(client, form, chosen="none")
    assert Complaint.objects.get().county == next_county


def test_nobody_learns_who_is_isolated(
    cast: Cast, client: Client, alice: User, home: Area, the_day: Any
) -> None:
    """A person isolated at home changes nothing in what the form says of the building."""
    the_day(november(16))
    units(home, "4号楼/1单元")
    before = asked(client, home, "锦绣花园4号楼1单元1203")
    episode(alice, name="陈晓琳")
    after = asked(client, home, "锦绣花园4号楼1单元1203")
    assert before == after
    assert "陈晓琳" not in asked(client, home, "陈晓琳")


def test_facts_are_stored_as_values_and_read_in_either_language(
    cast: Cast, client: Client, carol: User, home: Area, the_day: Any
) -> None:
    seal(units(home, "3号楼/1单元"), by=carol, found=november(13))
    the_day(november(16))
    send(client, opened(client) | county_field(home) | {"place": "锦绣花园3号楼1单元"})
    facts = Complaint.objects.get().facts
    assert [fact["code"] for fact in facts] == ["sealed", "rule"]
    assert json.loads(json.dumps(facts)) == facts
    with translation.override("zh-hans"):
        assert "是高风险区" in sentence_of(facts[0])
    with translation.override("en"):
        assert "it opens on 19 November at 00:00" in sentence_of(facts[0])
        assert "5 days in a row" in sentence_of(facts[1])


@pytest.mark.parametrize("behaviour", [each.code for each in BEHAVIOURS])
def test_every_behaviour_names_the_rule_that_applies(
    cast: Cast, client: Client, home: Area, the_day: Any, behaviour: str
) -> None:
    the_day(november(16))
    send(client, opened(client, behaviour) | county_field(home))
    (rule,) = [fact for fact in Complaint.objects.get().facts if fact["code"] == "rule"]
    assert rule["clause"]
    assert rule["edition"] == "twenty"
    assert sentence_of(rule)
    assert Complaint.objects.get().state == State.RECEIVED


def test_the_numbers_come_from_the_edition_in_force(
    cast: Cast, client: Client, home: Area, the_day: Any
) -> None:
    the_day(november(16))
    assert "5 天集中隔离 + 3 天居家隔离" in asked(client, home, "", behaviour="held_too_long")
    the_day(dt.date(2022, 11, 1))
    assert "7 天集中隔离 + 3 天" in asked(client, home, "", behaviour="held_too_long")
    the_day(dt.date(2022, 1, 1))  # no edition: nothing is said of rules
    assert "天" not in asked(client, home, "", behaviour="held_too_long")


def test_without_a_script_a_button_shows_the_facts_and_nothing_is_filed(
    cast: Cast, client: Client, home: Area, the_day: Any
) -> None:
    the_day(november(16))
    units(home, "3号楼/1单元")
    form = opened(client, proved=False) | county_field(home) | {"place": "锦绣花园3号楼", "facts": "1"}
    page = send(client, form).content.decode()
    assert "不在高风险区" in page
    assert form["what_happened"] in page
    assert not Complaint.objects.exists()


@pytest.mark.parametrize(
    "fact",
    [
        {},
        {"code": "gone"},
        {"code": "sealed"},
        {"code": "rule", "rule": "x"},
        {"code": "overdue", "days_over": "x"},
    ],
)
def test_a_fact_that_nobody_knows_any_more_is_left_out(fact: dict[str, Any]) -> None:
    assert sentence_of(fact) == ""


def test_the_facts_cost_few_queries(
    cast: Cast, client: Client, carol: User, home: Area, the_day: Any, django_assert_max_num_queries: Any
) -> None:
    seal(units(home, "3号楼/1单元"), by=carol, found=november(13))
    the_day(november(16))
    with django_assert_max_num_queries(10):
        asked(client, home, "锦绣花园3号楼1单元")


def test_who_asks_all_the_time_is_asked_to_go_on_without(
    cast: Cast, client: Client, home: Area, the_day: Any, settings: Any
) -> None:
    settings.COMPLAINT_QUESTIONS_FROM_ADDRESS = 1
    the_day(november(16))
    asked(client, home, "锦绣花园")
    assert "查询太频繁" in asked(client, home, "锦绣花园")
