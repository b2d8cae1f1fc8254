"""The admin site: supervisors, their own area, and history that stays."""

import datetime as dt
from collections.abc import Callable

import pytest
from django.contrib import admin
from django.test import Client
from django.urls import reverse

from accounts.models import ApiToken, Area, Post, Reveal, User
from accounts.rules import Role
from cases.models import Episode, EpisodeEvent
from policy.clock import midnight
from policy.models import PolicyEdition
from tests.builders import episode, staff
from zones.models import Compound

Login = Callable[[User], Client]
LISTS = [
    f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist" for model in admin.site._registry
]


@pytest.fixture
def supervisor(home: Area) -> User:
    """The supervisor of Alice's community only."""
    return admitted(staff("dora", home, Role.SUPERVISOR))


def admitted(user: User) -> User:
    user.is_staff = True
    user.save()
    return user


@pytest.mark.parametrize("name", [name for name in LISTS if "axes" not in name])
def test_every_list_opens_for_a_supervisor_and_for_nobody_else(
    supervisor: User, alice: User, as_user: Login, name: str
) -> None:
    episode(alice)
    assert as_user(supervisor).get(reverse(name)).status_code == 200
    admitted(alice)
    assert as_user(alice).get(reverse(name)).status_code == 403
    assert Client().get(reverse(name)).status_code == 302


def test_the_neighbours_record_is_a_404(supervisor: User, bob: User, alice: User, as_user: Login) -> None:
    theirs = episode(bob)
    mine = episode(alice, name="刘洋", phone="13800002222")
    browser = as_user(supervisor)
    for theirs_object, mine_object in ((theirs, mine), (theirs.person, mine.person)):
        name = f"admin:cases_{type(mine_object)._meta.model_name}_change"
        assert browser.get(reverse(name, args=[theirs_object.pk])).status_code == 404
        assert browser.get(reverse(name, args=[mine_object.pk])).status_code == 200
    page = browser.get(reverse("admin:cases_episode_changelist")).content.decode()
    assert "刘洋" in page
    assert theirs.person.name not in page


def test_history_can_neither_be_edited_nor_deleted(supervisor: User, alice: User, as_user: Login) -> None:
    saved = episode(alice)
    event = saved.events.first()
    assert event is not None
    browser = as_user(supervisor)
    for record in (saved, event, saved.tests.first(), saved.person):
        base = f"admin:cases_{type(record)._meta.model_name}"
        assert browser.post(reverse(f"{base}_delete", args=[record.pk]), {"post": "yes"}).status_code == 403
        browser.post(
            reverse(f"{base}_change", args=[record.pk]), {"reason": "anders", "release_on": "2022-11-30"}
        )
    saved.refresh_from_db()
    assert saved.release_on == dt.date(2022, 11, 23)
    assert EpisodeEvent.objects.get(pk=event.pk).reason == ""


def test_ending_early_is_the_verb_of_the_pages_and_asks_why(
    supervisor: User, alice: User, as_user: Login, the_day: Callable[[dt.date], None]
) -> None:
    saved = episode(alice)
    the_day(dt.date(2022, 11, 16))
    browser = as_user(supervisor)
    address = reverse("admin:cases_episode_end_early", args=[saved.pk])
    assert browser.post(address, {"_form_submitted": "1", "reason": ""}).status_code == 200
    assert Episode.objects.get(pk=saved.pk).ending == ""
    done = browser.post(address, {"_form_submitted": "1", "reason": "核查无暴露"})
    assert done.headers["HX-Redirect"]
    saved.refresh_from_db()
    assert (saved.ending, saved.ended_reason) == ("early", "核查无暴露")


def test_ending_the_neighbours_episode_does_nothing(
    supervisor: User, bob: User, as_user: Login, the_day: Callable[[dt.date], None]
) -> None:
    theirs = episode(bob)
    the_day(dt.date(2022, 11, 16))
    address = reverse("admin:cases_episode_end_early", args=[theirs.pk])
    as_user(supervisor).post(address, {"_form_submitted": "1", "reason": "x"})
    assert Episode.objects.get(pk=theirs.pk).ending == ""


def test_searching_finds_by_number_and_never_shows_it(supervisor: User, alice: User, as_user: Login) -> None:
    episode(alice, phone="13817061414")
    page = as_user(supervisor).get(reverse("admin:cases_person_changelist"), {"q": "1414"}).content.decode()
    assert "138****1414" in page
    assert "13817061414" not in page


def test_an_edition_in_force_is_read_only_and_a_draft_is_not(supervisor: User, as_user: Login) -> None:
    browser = as_user(supervisor)
    twenty = PolicyEdition.objects.get(code="twenty")
    browser.post(_edition(twenty), {"source": "code = 'x'"})
    before = twenty.source
    twenty.refresh_from_db()
    assert twenty.source == before
    add = reverse("admin:policy_policyedition_add")
    refused = browser.post(add, {"source": "code = 1"} | _no_inlines())
    assert refused.status_code == 200
    assert "code" in refused.content.decode()


def _edition(edition: PolicyEdition) -> str:
    return reverse("admin:policy_policyedition_change", args=[edition.pk])


def _no_inlines() -> dict[str, str]:
    return {"activations-TOTAL_FORMS": "0", "activations-INITIAL_FORMS": "0"}


def test_a_supervisor_makes_accounts_inside_the_own_area_only(
    supervisor: User, home: Area, next_door: Area, as_user: Login
) -> None:
    browser = as_user(supervisor)
    facts = {
        "username": "newcomer",
        "usable_password": "true",
        "password1": "a-long-passphrase-7",
        "password2": "a-long-passphrase-7",
        "posts-TOTAL_FORMS": "0",
        "posts-INITIAL_FORMS": "0",
    }
    add = reverse("admin:accounts_user_add")
    browser.post(add, facts | {"area": next_door.pk})
    assert not User.objects.filter(username="newcomer").exists()
    browser.post(add, facts | {"area": home.pk})
    assert User.objects.get(username="newcomer").area == home


def test_a_building_cannot_be_slipped_into_the_neighbours_compound(
    supervisor: User, next_door: Area, as_user: Login
) -> None:
    theirs = Compound.objects.create(community=next_door, name="湖滨里")
    inlines = {"units-TOTAL_FORMS": "0", "units-INITIAL_FORMS": "0"}
    as_user(supervisor).post(
        reverse("admin:zones_building_add"), {"compound": theirs.pk, "name": "9号楼"} | inlines
    )
    assert not theirs.buildings.exists()


def test_an_api_key_is_shown_once_and_can_be_revoked(supervisor: User, alice: User, as_user: Login) -> None:
    browser = as_user(supervisor)
    facts = {"user": alice.pk, "name": "12345 热线"}
    page = browser.post(reverse("admin:accounts_apitoken_add"), facts, follow=True).content.decode()
    token = ApiToken.objects.get()
    assert "12345 热线" in page
    assert token.digest not in page
    browser.post(reverse("admin:accounts_apitoken_revoke", args=[token.pk]), {"_form_submitted": "1"})
    token.refresh_from_db()
    assert token.revoked_at is not None


def test_the_log_of_reveals_shows_the_own_area(
    supervisor: User, alice: User, bob: User, home: Area, next_door: Area, as_user: Login
) -> None:
    at = midnight(dt.date(2022, 11, 15))
    Reveal.objects.create(at=at, by=alice, subject="person:1", fields_shown="phone", community=home)
    Reveal.objects.create(at=at, by=bob, subject="person:2", fields_shown="phone", community=next_door)
    page = as_user(supervisor).get(reverse("admin:accounts_reveal_changelist")).content.decode()
    assert "person:1" in page
    assert "person:2" not in page


def test_the_account_of_the_installation_makes_areas_and_sees_no_people(
    home: Area, alice: User, as_user: Login
) -> None:
    episode(alice)
    root = User.objects.create_superuser("root", password="a-long-passphrase-7")
    browser = as_user(root)
    assert browser.get(reverse("admin:accounts_area_changelist")).status_code == 200
    assert browser.get(reverse("admin:cases_episode_changelist")).status_code == 403
    facts = {"name": "新社区", "level": "community", "code": "110105001009", "parent": home.parent_id}
    browser.post(reverse("admin:accounts_area_add"), facts)
    assert Area.objects.filter(code="110105001009").exists()
    assert Post.objects.count() == 1
