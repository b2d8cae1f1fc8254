"""The page of one episode: who sees it, what its verbs do and refuse, and what it costs."""

import datetime as dt
import json
from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import translation

from accounts.models import Area, User
from accounts.rules import Role
from cases.actions import placing, testing
from cases.actions.registration import list_person
from cases.models import ContactAttempt, Episode, EpisodeEvent
from cases.rules import Ending, EventKind, HomeCheck, Place, Result
from policy.refusals import RuleViolation
from tests import builders
from tests.builders import noon, staff
from zones.actions import ensure_room
from zones.models import Room, Site
from zones.rules import SiteKind

AsUser = Callable[[User], Client]
TheDay = Callable[[dt.date], None]
pytestmark = pytest.mark.django_db

MONDAY = dt.date(2022, 11, 14)
WEDNESDAY = dt.date(2022, 11, 16)
RELEASE = dt.date(2022, 11, 23)


@pytest.fixture
def page(as_user: AsUser) -> Callable[[User], Client]:
    """A logged-in browser that reads English."""

    def browser(user: User) -> Client:
        client = as_user(user)
        client.cookies["django_language"] = "en"
        return client

    return browser


@pytest.fixture
def episode(alice: User, the_day: TheDay) -> Episode:
    """A close contact on the second day of central isolation."""
    the_day(WEDNESDAY)
    return builders.episode(alice)


def address(episode: Episode, verb: str = "") -> str:
    return f"/episodes/{episode.pk}/{verb}/" if verb else f"/episodes/{episode.pk}/"


# ── who sees it ──────────────────────────────────────────────────────────────────────────────────


def test_the_page_tells_the_end_the_clause_and_what_happened(
    episode: Episode, alice: User, page: AsUser
) -> None:
    text = page(alice).get(address(episode)).content.decode()
    assert "Registered as close contact" in text
    assert 'datetime="2022-11-23"' in text
    assert "二(一)" in text
    assert "138****1234" in text
    assert "13800001234" not in text


def test_a_neighbour_finds_no_page_and_no_verb(episode: Episode, bob: User, page: AsUser) -> None:
    browser = page(bob)
    assert browser.get(address(episode)).status_code == 404
    for verb in ("told", "place", "home-check", "contact", "end-early", "withdraw", "correct-anchor"):
        answer = browser.post(address(episode, verb), {"reason": "x", "outcome": "reached"})
        assert answer.status_code == 404, verb
    episode.refresh_from_db()
    assert episode.ending == Ending.BY_THE_CLOCK


def test_a_stranger_is_sent_to_the_login(episode: Episode, client: Client) -> None:
    answer = client.get(address(episode))
    assert answer.status_code == 302
    assert answer["Location"].startswith("/login/")


@pytest.mark.parametrize("role", [Role.ANALYST, Role.HOTLINE_OPERATOR])
def test_who_only_reads_sees_the_page_without_any_verb(
    episode: Episode, home: Area, page: AsUser, role: Role
) -> None:
    browser = page(staff("reader", home, role))
    text = browser.get(address(episode)).content.decode()
    assert "Registered as close contact" in text
    for verb in ("end-early", "withdraw", "place", "contact", "home-check", "exposure"):
        assert f"/{verb}/" not in text
        assert f"do={verb}" not in text
    assert browser.post(address(episode, "end-early"), {"reason": "x"}).status_code == 403
    assert browser.get(address(episode), {"do": "end-early"}).context["panel"] is None


def test_the_community_of_the_isolation_site_sees_and_works_on_the_episode(
    episode: Episode, alice: User, bob: User, next_door: Area, page: AsUser
) -> None:
    room = ensure_room(community=next_door, site="云栖酒店", number="812")
    placing.place(episode=episode, place=Place.SITE, room=room, by=alice, at=noon(WEDNESDAY))
    assert page(bob).get(address(episode)).status_code == 200
    page(bob).post(address(episode, "contact"), {"outcome": "reached"})
    assert ContactAttempt.objects.get().by == bob


def test_the_page_costs_the_same_with_few_and_with_many_events(
    episode: Episode, alice: User, page: AsUser
) -> None:
    browser = page(alice)
    browser.get(address(episode))  # sessions and the catalogue are warm

    def queries() -> int:
        with CaptureQueriesContext(
            connection,
        ) as seen:
            assert browser.get(address(episode)).status_code == 200
        return len(seen)

    few = queries()
    other = builders.episode(alice, name="陈晓明", phone="13800005555")
    builders.episode(alice, name="陈晓华", phone="13800006666")
    assert other.person.unit_id == episode.person.unit_id
    for test in episode.tests.filter(planned_on__lte=WEDNESDAY):
        testing.record_sampling(test=test, by=alice, at=noon(WEDNESDAY))
        testing.record_result(test=test, result=Result.NEGATIVE, by=alice, at=noon(WEDNESDAY))
    for number in range(10):
        browser.post(address(episode, "contact"), {"outcome": "no_answer", "remark": f"{number}"})
    with_household = 5  # the rows of those who share the home, read once for all of them
    assert queries() <= few + with_household
    assert few <= 27


# ── verbs ────────────────────────────────────────────────────────────────────────────────────────


def test_ending_early_takes_a_reason_and_frees_at_once(episode: Episode, alice: User, page: AsUser) -> None:
    browser = page(alice)
    refused = browser.post(address(episode, "end-early"), {"reason": " "})
    assert refused.status_code == 422
    assert "Please give the reason" in refused.content.decode()
    assert Episode.objects.get(pk=episode.pk).ending == Ending.BY_THE_CLOCK
    answer = browser.post(address(episode, "end-early"), {"reason": "误判"})
    assert answer.status_code == 303
    episode.refresh_from_db()
    assert (episode.ending, episode.release_on) == (Ending.EARLY, WEDNESDAY)


def test_ending_early_twice_is_refused_and_changes_nothing(
    episode: Episode, alice: User, page: AsUser
) -> None:
    browser = page(alice)
    browser.post(address(episode, "end-early"), {"reason": "误判"})
    answer = browser.post(address(episode, "end-early"), {"reason": "又一次"})
    assert answer.status_code == 422
    assert "has ended already" in answer.content.decode()
    assert EpisodeEvent.objects.filter(episode=episode, kind=EventKind.ENDED_EARLY).count() == 1
    assert Episode.objects.get(pk=episode.pk).ended_reason == "误判"


def test_withdrawing_says_that_it_never_restricted(episode: Episode, alice: User, page: AsUser) -> None:
    browser = page(alice)
    browser.post(address(episode, "withdraw"), {"reason": "登错人"})
    text = browser.get(address(episode)).content.decode()
    assert "it never restricted" in text
    assert "do=end-early" not in text


def test_a_verb_goes_back_to_the_page_it_was_called_from(episode: Episode, alice: User, page: AsUser) -> None:
    answer = page(alice).post(address(episode, "contact"), {"outcome": "reached", "next": "/today/?a=1"})
    assert answer["Location"] == "/today/?a=1"


@pytest.mark.parametrize("elsewhere", ["https://evil.example/", "//evil.example/", "javascript:alert(1)"])
def test_a_verb_never_leads_out_of_the_house(
    episode: Episode, alice: User, page: AsUser, elsewhere: str
) -> None:
    browser = page(alice)
    answer = browser.post(address(episode, "contact"), {"outcome": "reached", "next": elsewhere})
    assert answer["Location"] == address(episode)
    text = browser.get(address(episode), {"do": "contact", "next": elsewhere}).content.decode()
    assert elsewhere not in text


def test_a_button_of_htmx_elsewhere_gets_a_toast_and_keeps_its_row(
    episode: Episode, alice: User, page: AsUser
) -> None:
    headers = {"HX-Request": "true", "HX-Target": "row-7"}
    answer = page(alice).post(address(episode, "told"), headers=headers)
    assert answer.status_code == 422
    assert answer["HX-Reswap"] == "none"
    assert "has not been released yet" in answer.content.decode()
    assert "<html" not in answer.content.decode()


def test_a_form_in_the_dialog_shows_its_mistake_there_and_closes_when_it_is_done(
    episode: Episode, alice: User, page: AsUser
) -> None:
    browser, headers = page(alice), {"HX-Request": "true", "HX-Target": "dialog"}
    empty = browser.get(address(episode), {"do": "end-early"}, headers=headers).content.decode()
    assert "<form" in empty
    assert "<html" not in empty
    refused = browser.post(address(episode, "end-early"), {"reason": ""}, headers=headers)
    assert refused.status_code == 422
    assert "<html" not in refused.content.decode()
    done = browser.post(
        address(episode, "end-early"), {"reason": "误判", "next": "/register/"}, headers=headers
    )
    assert json.loads(done["HX-Location"])["path"] == "/register/"


def test_telling_of_the_release_waits_for_the_release(
    episode: Episode, alice: User, page: AsUser, the_day: TheDay
) -> None:
    browser = page(alice)
    assert browser.post(address(episode, "told")).status_code == 422
    the_day(RELEASE)
    browser = page(alice)
    assert browser.post(address(episode, "told")).status_code == 303
    first = Episode.objects.get(pk=episode.pk).told_at
    assert browser.post(address(episode, "told")).status_code == 303
    assert Episode.objects.get(pk=episode.pk).told_at == first


def test_a_positive_person_is_never_told_of_a_release(
    episode: Episode, alice: User, page: AsUser, the_day: TheDay
) -> None:
    test = episode.tests.get(planned_on=WEDNESDAY)
    testing.record_result(test=test, result=Result.POSITIVE, by=alice, at=noon(WEDNESDAY))
    the_day(RELEASE)
    assert page(alice).post(address(episode, "told")).status_code == 422
    assert Episode.objects.get(pk=episode.pk).told_at is None


def test_a_room_that_is_new_here_is_made(episode: Episode, alice: User, home: Area, page: AsUser) -> None:
    sent = {"place": "site", "site": "锦绣 酒店", "room": "８12"}
    assert page(alice).post(address(episode, "place"), sent).status_code == 303
    episode.refresh_from_db()
    assert episode.room is not None
    assert (episode.room.site.name, episode.room.number) == ("锦绣酒店", "812")
    assert episode.host_community == home


def test_a_room_of_another_offices_site_has_to_exist(
    episode: Episode, alice: User, next_door: Area, page: AsUser
) -> None:
    ensure_room(community=next_door, site="云栖酒店", number="812")
    browser = page(alice)
    refused = browser.post(address(episode, "place"), {"place": "site", "site": "云栖酒店", "room": "9"})
    assert refused.status_code == 422
    assert next_door.name in refused.content.decode()
    assert Room.objects.count() == 1
    browser.post(address(episode, "place"), {"place": "site", "site": "云栖酒店", "room": "812"})
    episode.refresh_from_db()
    assert episode.host_community == next_door
    assert Site.objects.count() == 1


def test_a_taken_room_is_refused_with_its_clause_at_the_field(
    episode: Episode, alice: User, page: AsUser
) -> None:
    other = builders.episode(alice, name="王桂香", phone="13800009999", door="502")
    browser, sent = page(alice), {"place": "site", "site": "锦绣酒店", "room": "812"}
    browser.post(address(episode, "place"), sent)
    refused = browser.post(address(other, "place"), sent)
    assert refused.status_code == 422
    assert refused.context["form"].errors["room"]
    assert "三(一)" in str(refused.context["form"].errors["room"])


def test_nobody_is_put_into_a_pharmacy_or_a_school(
    episode: Episode, alice: User, home: Area, page: AsUser
) -> None:
    shop = Site.objects.create(community=home, kind=SiteKind.PHARMACY, name="康宁药房")
    browser = page(alice)
    refused = browser.post(address(episode, "place"), {"place": "site", "site": "康宁药房", "room": "1"})
    assert refused.status_code == 422
    assert refused.context["form"].errors["site"]
    assert list(refused.context["sites"]) == []  # nor is it suggested
    room = Room.objects.create(site=shop, number="1")  # a room from before counts as none
    with pytest.raises(RuleViolation) as refusal:
        placing.place(episode=episode, place="site", room=room, by=alice, at=noon(WEDNESDAY))
    assert refusal.value.code == "takes_nobody_in"


def test_a_site_needs_a_name_and_a_room(episode: Episode, alice: User, page: AsUser) -> None:
    refused = page(alice).post(address(episode, "place"), {"place": "site"})
    assert set(refused.context["form"].errors) == {"site", "room"}


def test_an_unsuitable_home_keeps_all_dates(episode: Episode, alice: User, page: AsUser) -> None:
    page(alice).post(address(episode, "home-check"), {"home_check": "unsuitable"})
    episode.refresh_from_db()
    assert (episode.home_check, episode.home_from) == (HomeCheck.UNSUITABLE, None)
    assert episode.release_on == RELEASE


def test_a_failed_attempt_sets_a_clock_and_the_same_tap_twice_is_one_attempt(
    episode: Episode, alice: User, page: AsUser
) -> None:
    browser = page(alice)
    for _ in range(2):
        browser.post(address(episode, "contact"), {"outcome": "no_answer", "remark": "没人开门"})
    assert ContactAttempt.objects.count() == 1
    text = browser.get(address(episode)).content.decode()
    assert "没人开门" in text
    assert "again at 11-16 14:00" in text


def test_an_earlier_anchor_is_free_and_a_later_one_takes_a_supervisor_and_a_document(
    episode: Episode, alice: User, carol: User, page: AsUser
) -> None:
    ground = episode.grounds.get()
    later = {"ground": ground.pk, "anchor_on": "2022-11-13"}
    page(alice).post(address(episode, "correct-anchor"), later)
    episode.refresh_from_db()
    assert episode.release_on == dt.date(2022, 11, 22)
    back = {"ground": ground.pk, "anchor_on": "2022-11-14"}
    refused = page(alice).post(address(episode, "correct-anchor"), back)
    assert refused.context["form"].errors["anchor_on"]
    refused = page(carol).post(address(episode, "correct-anchor"), back)
    assert refused.context["form"].errors["document"]
    done = page(carol).post(address(episode, "correct-anchor"), back | {"document": "流调报告 12 号"})
    assert done.status_code == 303
    episode.refresh_from_db()
    assert episode.release_on == RELEASE
    text = page(alice).get(address(episode)).content.decode()
    assert "流调报告 12 号" in text


def test_another_episodes_ground_is_no_choice(episode: Episode, alice: User, page: AsUser) -> None:
    other = builders.episode(alice, name="王桂香", phone="13800009999").grounds.get()
    refused = page(alice).post(
        address(episode, "correct-anchor"), {"ground": other.pk, "anchor_on": "2022-11-13"}
    )
    assert refused.context["form"].errors["ground"]
    other.refresh_from_db()
    assert other.anchor_on == MONDAY


def test_a_later_exposure_moves_the_end_and_the_timeline_says_why(
    episode: Episode, alice: User, page: AsUser
) -> None:
    browser = page(alice)
    sent = {"category": "close_contact", "anchor_on": "2022-11-15", "exposed_to": "病例3"}
    assert browser.post(address(episode, "exposure"), sent).status_code == 303
    episode.refresh_from_db()
    assert episode.release_on == dt.date(2022, 11, 24)
    assert episode.grounds.count() == 2
    text = browser.get(address(episode)).content.decode()
    assert "the end moves from 23 Nov to 24 Nov" in text
    assert "exposed to 病例3" in text


def test_an_earlier_exposure_is_noted_and_moves_nothing(episode: Episode, alice: User, page: AsUser) -> None:
    page(alice).post(address(episode, "exposure"), {"category": "close_contact", "anchor_on": "2022-11-12"})
    episode.refresh_from_db()
    assert (episode.release_on, episode.grounds.count()) == (RELEASE, 1)


def test_a_secondary_contact_is_refused_with_the_clause(episode: Episode, alice: User, page: AsUser) -> None:
    sent = {"category": "secondary_contact", "anchor_on": "2022-11-15"}
    refused = page(alice).post(address(episode, "exposure"), sent)
    assert "二(二)" in str(refused.context["form"].errors["category"])


def test_an_exposure_of_somebody_without_numbers_never_makes_a_second_file(
    alice: User, page: AsUser, the_day: TheDay
) -> None:
    the_day(WEDNESDAY)
    child = builders.episode(alice, name="陈小宝", phone="")
    refused = page(alice).post(
        address(child, "exposure"), {"category": "close_contact", "anchor_on": "2022-11-15"}
    )
    assert refused.status_code == 422
    assert "complete the file first" in refused.content.decode()
    assert Episode.objects.count() == 1


def test_a_positive_person_waits_for_transfer_until_handed_over(
    episode: Episode, alice: User, page: AsUser
) -> None:
    browser = page(alice)
    assert browser.post(address(episode, "hand-over"), {"to": "地坛医院"}).status_code == 422
    test = episode.tests.get(planned_on=WEDNESDAY)
    testing.record_result(test=test, result=Result.POSITIVE, by=alice, at=noon(WEDNESDAY))
    assert "awaiting transfer" in browser.get(address(episode)).content.decode()
    assert browser.post(address(episode, "hand-over"), {"to": "地坛医院"}).status_code == 303
    episode.refresh_from_db()
    assert episode.handed_over_at is not None
    assert "地坛医院" in browser.get(address(episode)).content.decode()


def test_a_mistaken_positive_is_taken_back_with_a_reason_and_the_plan_returns(
    episode: Episode, alice: User, page: AsUser
) -> None:
    browser, test = page(alice), episode.tests.get(planned_on=WEDNESDAY)
    assert browser.post(address(episode, "mistaken-positive"), {"reason": "x"}).status_code == 422
    testing.record_result(test=test, result=Result.POSITIVE, by=alice, at=noon(WEDNESDAY))
    assert browser.post(address(episode, "mistaken-positive"), {"reason": ""}).status_code == 422
    assert browser.post(address(episode, "mistaken-positive"), {"reason": "样本混淆"}).status_code == 303
    episode.refresh_from_db()
    assert (episode.ending, episode.release_on) == (Ending.BY_THE_CLOCK, RELEASE)


def test_a_closed_episode_takes_no_whereabouts_and_no_attempts(
    episode: Episode, alice: User, page: AsUser
) -> None:
    browser = page(alice)
    browser.post(address(episode, "withdraw"), {"reason": "登错人"})
    assert browser.post(address(episode, "place"), {"place": "hospital"}).status_code == 422
    assert browser.post(address(episode, "contact"), {"outcome": "reached"}).status_code == 422
    assert not ContactAttempt.objects.exists()


# ── what the page says ───────────────────────────────────────────────────────────────────────────


def test_what_is_overdue_names_its_reason_and_who_answers_for_it(
    episode: Episode, alice: User, street: Area, page: AsUser, the_day: TheDay
) -> None:
    street.duty_phone = "010-66555001"
    street.save()
    the_day(dt.date(2022, 11, 25))
    text = page(alice).get(address(episode)).content.decode()
    assert "not yet told of the release" in text
    assert "2 days overdue" in text
    assert street.name in text
    assert "010-66555001" in text


def test_without_any_worker_process_the_page_shows_the_person_free_on_the_date(
    episode: Episode, alice: User, page: AsUser, the_day: TheDay
) -> None:
    the_day(RELEASE)
    answer = page(alice).get(address(episode))
    assert answer.context["row"].days_left == 0
    assert "Free since" in answer.content.decode()
    assert "do=end-early" not in answer.content.decode()


def test_the_household_shows_who_is_under_a_rule_and_who_is_only_listed(
    episode: Episode, alice: User, home: Area, page: AsUser
) -> None:
    builders.episode(alice, name="陈晓明", phone="13800005555")
    list_person(builders.entry(home, "陈奶奶", phone="13800007777").facts, by=alice, at=noon(WEDNESDAY))
    builders.episode(alice, name="王桂香", phone="13800009999", door="502")
    members = page(alice).get(address(episode)).context["members"]
    assert {member.person.name: member.under_a_rule for member in members} == {
        "陈晓明": True,
        "陈奶奶": False,
    }


def test_earlier_episodes_are_shown_as_far_as_the_reader_may_see_them(
    alice: User, bob: User, page: AsUser, the_day: TheDay
) -> None:
    the_day(dt.date(2022, 12, 20))
    first = builders.episode(alice, phone="13800001234")
    second = builders.episode(
        bob, phone="13800001234", anchor_on=dt.date(2022, 12, 19), registered_on=dt.date(2022, 12, 20)
    )
    assert first.person_id == second.person_id
    assert page(alice).get(address(second)).status_code == 404
    assert page(alice).get(address(first)).context["others"] == []
    assert page(bob).get(address(second)).context["others"] == []


def test_the_page_is_chinese_by_default(episode: Episode, alice: User, as_user: AsUser) -> None:
    with translation.override("zh-hans"):
        answer = as_user(alice).get(address(episode))
    assert answer["Content-Language"] == "zh-hans"
