"""Handover: offered by one end, answered by the other, and nothing of the person shown before."""

import datetime as dt
from collections.abc import Callable

import pytest
from django.test import Client

from accounts.models import Area, User
from accounts.rules import Role
from cases.models import Episode, Handover
from cases.rules import HandoverState
from cases.views.references import read_reference, reference_to
from tests import builders
from tests.builders import resident_id, staff
from tests.cases.pages import reader

TheDay = Callable[[dt.date], None]
pytestmark = pytest.mark.django_db

OFFER, LIST = "/handovers/offer/", "/handovers/"
WEDNESDAY = dt.date(2022, 11, 16)


@pytest.fixture
def held(bob: User, the_day: TheDay) -> Episode:
    """Somebody whom the neighbour holds."""
    the_day(WEDNESDAY)
    return builders.episode(bob, name="钱多多", phone="13811112222", id_number=resident_id(7))


@pytest.fixture
def ours(alice: User, the_day: TheDay) -> Episode:
    """Somebody whom Alice's community holds."""
    the_day(WEDNESDAY)
    return builders.episode(alice)


def ask(alice: User, home: Area, held: Episode) -> Handover:
    """Alice asks for the neighbour's person."""
    reference = reference_to(held, user=alice, to_community=home)
    answer = reader(alice).post(OFFER, {"reference": reference, "reason": "现住我社区"})
    assert answer.status_code == 302, answer.content.decode()
    return Handover.objects.get()


def answer(user: User, handover: Handover, what: str, reason: str = "") -> object:
    return reader(user).post(f"/handovers/{handover.pk}/answer/", {"answer": what, "reason": reason})


# ── asking ───────────────────────────────────────────────────────────────────────────────────────


def test_whoever_asks_sees_the_office_and_nothing_of_the_person(
    alice: User, home: Area, next_door: Area, held: Episode
) -> None:
    browser = reader(alice)
    reference = reference_to(held, user=alice, to_community=home)
    asked = browser.get(OFFER, {"reference": reference}).content.decode()
    ask(alice, home, held)
    waiting = browser.get(LIST).content.decode()
    for text in (asked, waiting):
        assert next_door.name in text
        for secret in ("钱多多", "13811112222", "138****2222", "1203", f"/episodes/{held.pk}/"):
            assert secret not in text
    assert browser.get(f"/episodes/{held.pk}/").status_code == 404


def test_asking_twice_is_one_offer(alice: User, home: Area, held: Episode) -> None:
    ask(alice, home, held)
    ask(alice, home, held)
    assert Handover.objects.count() == 1


@pytest.mark.parametrize("broken", ["forged", "someone_elses", "too_old"])
def test_a_reference_serves_only_the_one_it_was_given_to_for_a_day(
    alice: User, home: Area, held: Episode, the_day: TheDay, broken: str
) -> None:
    reference = reference_to(held, user=alice, to_community=home)
    user = alice
    if broken == "forged":
        reference = reference[:-3] + "abc"
    elif broken == "someone_elses":
        user = staff("eve", home, Role.COMMUNITY_WORKER)
    else:
        the_day(WEDNESDAY + dt.timedelta(days=2))
    assert read_reference(reference, user=user) is None
    assert reader(user).post(OFFER, {"reference": reference}).status_code == 404
    assert not Handover.objects.exists()


def test_guessing_a_number_offers_nothing(alice: User, held: Episode) -> None:
    assert reader(alice).post(OFFER, {"episode": held.pk}).status_code == 404
    assert reader(alice).get(OFFER, {"episode": held.pk}).status_code == 404
    assert reader(alice).get(OFFER).status_code == 404


def test_an_open_offer_to_somebody_else_is_not_told_of(
    alice: User, bob: User, home: Area, street: Area, held: Episode
) -> None:
    third = builders.area("幸福社区", "community", "110105001003", street)
    reader(bob).post(OFFER, {"episode": held.pk, "to_community": third.pk})
    reference = reference_to(held, user=alice, to_community=home)
    refused = reader(alice).post(OFFER, {"reference": reference})
    assert refused.status_code == 422
    assert third.name not in refused.content.decode()
    assert Handover.objects.count() == 1


# ── giving on ────────────────────────────────────────────────────────────────────────────────────


def test_the_holder_finds_a_community_of_the_county_by_its_name(
    alice: User, next_door: Area, street: Area, ours: Episode
) -> None:
    builders.area("幸福社区", "community", "110105001003", street)
    browser = reader(alice)
    text = browser.get(OFFER, {"episode": ours.pk}).content.decode()
    assert next_door.name in text
    assert "幸福社区" in text
    headers = {"HX-Request": "true", "HX-Target": "communities"}
    found = browser.get(OFFER, {"episode": ours.pk, "q": "湖滨"}, headers=headers).content.decode()
    assert next_door.name in found
    assert "幸福社区" not in found
    assert "<html" not in found


def test_the_other_office_reads_who_it_is_and_accepts(
    alice: User, bob: User, next_door: Area, ours: Episode
) -> None:
    before = (ours.release_on, list(ours.tests.values_list("planned_on", flat=True)))
    reader(alice).post(OFFER, {"episode": ours.pk, "to_community": next_door.pk, "reason": "已搬走"})
    text = reader(bob).get(LIST).content.decode()
    assert ours.person.name in text
    assert "已搬走" in text
    assert "13800001234" not in text
    assert reader(bob).get(f"/episodes/{ours.pk}/").status_code == 404
    assert answer(bob, Handover.objects.get(), "accept").status_code == 303
    ours.refresh_from_db()
    assert ours.community == next_door
    assert (ours.release_on, list(ours.tests.values_list("planned_on", flat=True))) == before


def test_both_ends_see_the_episode_after_and_only_the_new_one_works_on_it(
    alice: User, bob: User, next_door: Area, ours: Episode
) -> None:
    reader(alice).post(OFFER, {"episode": ours.pk, "to_community": next_door.pk})
    answer(bob, Handover.objects.get(), "accept")
    page, giver = f"/episodes/{ours.pk}/", reader(alice)
    assert reader(bob).get(page).status_code == 200
    text = giver.get(page).content.decode()
    assert "holds this person now" in text
    assert "do=end-early" not in text
    assert "/reveal/" not in text
    assert giver.post(f"{page}end-early/", {"reason": "x"}).status_code == 404
    assert giver.post(f"/persons/{ours.person_id}/reveal/").status_code == 404
    Episode.objects.filter(pk=ours.pk).update(settled_at=ours.registered_at)
    assert giver.get(page).status_code == 404


def test_a_community_outside_the_county_cannot_be_chosen(alice: User, county: Area, ours: Episode) -> None:
    other_county = builders.area("海淀区", "county", "110108", county.parent)
    other_street = builders.area("中关村街道", "street", "110108001", other_county)
    far = builders.area("科学院社区", "community", "110108001001", other_street)
    refused = reader(alice).post(OFFER, {"episode": ours.pk, "to_community": far.pk})
    assert refused.context["form"].errors["to_community"]
    assert not Handover.objects.exists()


def test_the_host_of_the_isolation_site_keeps_seeing_the_person(
    alice: User, bob: User, street: Area, next_door: Area, ours: Episode
) -> None:
    third = builders.area("幸福社区", "community", "110105001003", street)
    dora = staff("dora", third, Role.COMMUNITY_WORKER)
    ours.host_community = third
    ours.save(update_fields=["host_community"])
    reader(alice).post(OFFER, {"episode": ours.pk, "to_community": next_door.pk})
    answer(bob, Handover.objects.get(), "accept")
    assert reader(dora).get(f"/episodes/{ours.pk}/").status_code == 200


# ── answering ────────────────────────────────────────────────────────────────────────────────────


def test_the_holder_hands_over_whom_the_neighbour_asked_for(
    alice: User, bob: User, home: Area, held: Episode
) -> None:
    offer = ask(alice, home, held)
    assert "asks for this person" in reader(bob).get(LIST).content.decode()
    answer(bob, offer, "accept")
    held.refresh_from_db()
    assert held.community == home
    assert reader(alice).get(f"/episodes/{held.pk}/").status_code == 200


def test_giving_back_takes_a_reason_and_shows_nothing_more(
    alice: User, bob: User, home: Area, next_door: Area, held: Episode
) -> None:
    offer = ask(alice, home, held)
    refused = answer(bob, offer, "give_back")
    assert refused.status_code == 422
    assert "why it is given back" in refused.content.decode()
    assert answer(bob, offer, "give_back", "仍住我社区").status_code == 303
    offer.refresh_from_db()
    assert offer.state == HandoverState.GIVEN_BACK
    held.refresh_from_db()
    assert held.community == next_door
    text = reader(alice).get(LIST).content.decode()
    assert "仍住我社区" in text
    assert "钱多多" not in text


def test_the_asking_end_cannot_answer_its_own_offer(alice: User, home: Area, held: Episode) -> None:
    offer = ask(alice, home, held)
    assert answer(alice, offer, "accept").status_code == 422
    offer.refresh_from_db()
    assert offer.state == HandoverState.OFFERED
    held.refresh_from_db()
    assert held.community != home


def test_a_third_office_sees_nothing_of_it(alice: User, home: Area, street: Area, held: Episode) -> None:
    offer = ask(alice, home, held)
    third = builders.area("幸福社区", "community", "110105001003", street)
    dora = staff("dora", third, Role.COMMUNITY_WORKER)
    assert answer(dora, offer, "accept").status_code == 404
    assert "No offer waits for you" in reader(dora).get(LIST).content.decode()


def test_answering_twice_is_once(alice: User, bob: User, home: Area, held: Episode) -> None:
    offer = ask(alice, home, held)
    answer(bob, offer, "accept")
    again = answer(bob, offer, "give_back", "后悔了")
    assert again.status_code == 303
    offer.refresh_from_db()
    assert offer.state == HandoverState.ACCEPTED


def test_who_only_reads_neither_offers_nor_answers(home: Area, ours: Episode) -> None:
    analyst = staff("hejing", home, Role.ANALYST)
    browser: Client = reader(analyst)
    assert browser.get(LIST).status_code == 200
    assert browser.post(OFFER, {"episode": ours.pk}).status_code == 403
    assert browser.post("/handovers/1/answer/").status_code == 403
