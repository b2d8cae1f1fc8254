"""The pages on which samples and results are recorded: one by one, in bulk, in place and without a script."""

import datetime as dt
from collections.abc import Callable

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import Area, User
from accounts.rules import Role
from cases.models import Episode, Infection, NucleicAcidTest
from cases.rules import Ending, Result
from policy.types import Category
from tests.builders import episode, resident_id, staff

pytestmark = pytest.mark.django_db

Login = Callable[[User], Client]
REGISTERED = dt.date(2022, 11, 14)
FIRST_TEST = dt.date(2022, 11, 15)
LAST_DAY = dt.date(2022, 11, 22)


@pytest.fixture(autouse=True)
def _on_the_first_day(the_day: Callable[[dt.date], object]) -> None:
    the_day(FIRST_TEST)


@pytest.fixture
def contact(alice: User) -> Episode:
    return episode(alice)


@pytest.fixture
def due(contact: Episode) -> NucleicAcidTest:
    return contact.tests.get(planned_on=FIRST_TEST)


def family(alice: User, size: int) -> list[NucleicAcidTest]:
    """The tests of so many contacts that are due today."""
    for n in range(size):
        episode(alice, name=f"张{'一二三四五六七八九十'[n]}", id_number=resident_id(n + 1), door=f"{n + 1}01")
    return list(NucleicAcidTest.objects.to_take(FIRST_TEST).order_by("pk"))


def in_row(test: NucleicAcidTest) -> dict[str, str]:
    """The headers that htmx sends for a tap in the row of that test."""
    return {"HX-Request": "true", "HX-Target": f"t{test.pk}"}


IN_DIALOG = {"HX-Request": "true", "HX-Target": "dialog"}


# ── sampling ─────────────────────────────────────────────────────────────────────────────────────


def test_one_tap_records_the_sampling_and_leads_back(
    as_user: Login, alice: User, due: NucleicAcidTest
) -> None:
    answer = as_user(alice).post(f"/tests/{due.pk}/sampled/", {"next": "/today/#samples"})

    due.refresh_from_db()
    assert (answer.status_code, answer["Location"]) == (303, "/today/#samples")
    assert timezone.localdate(due.sampled_at) == FIRST_TEST
    assert due.sampled_by == alice


def test_a_tap_in_the_row_answers_with_the_row_the_counts_and_a_way_back(
    as_user: Login, alice: User, due: NucleicAcidTest
) -> None:
    answer = as_user(alice).post(f"/tests/{due.pk}/sampled/", {"next": "/today/"}, headers=in_row(due))

    html = answer.content.decode()
    assert html.startswith(f'<li id="t{due.pk}" class="done" tabindex="-1" autofocus>')
    assert '<span class="n" id="n-samples" hx-swap-oob="true">0</span>' in html
    assert '<span class="n" id="n-results" hx-swap-oob="true">1</span>' in html
    assert html.count(f'action="/tests/{due.pk}/undo/"') == 2  # in the row, and in the toast


def test_tapping_twice_samples_once(as_user: Login, alice: User, due: NucleicAcidTest) -> None:
    client = as_user(alice)
    client.post(f"/tests/{due.pk}/sampled/")
    first = NucleicAcidTest.objects.get(pk=due.pk).sampled_at

    client.post(f"/tests/{due.pk}/sampled/")

    assert NucleicAcidTest.objects.get(pk=due.pk).sampled_at == first
    assert due.episode.events.filter(kind="sampled").count() == 1


def test_a_test_of_tomorrow_is_refused_in_the_row_and_on_the_page(
    as_user: Login, alice: User, contact: Episode
) -> None:
    tomorrow = contact.tests.get(planned_on=dt.date(2022, 11, 16))
    client = as_user(alice)

    in_place = client.post(f"/tests/{tomorrow.pk}/sampled/", headers=in_row(tomorrow))
    on_page = client.post(f"/tests/{tomorrow.pk}/sampled/")

    tomorrow.refresh_from_db()
    assert tomorrow.sampled_at is None
    for answer in (in_place, on_page):
        assert answer.status_code == 409
        assert 'data-clause="/policy/clauses/' in answer.content.decode()


def test_a_mis_tap_is_undone_and_the_test_is_due_again(
    as_user: Login, alice: User, due: NucleicAcidTest
) -> None:
    client = as_user(alice)
    client.post(f"/tests/{due.pk}/sampled/")

    answer = client.post(f"/tests/{due.pk}/undo/", {"next": "/today/"}, headers=in_row(due))

    due.refresh_from_db()
    assert due.sampled_at is None
    assert f'hx-post="/tests/{due.pk}/sampled/"' in answer.content.decode()


def test_the_message_after_a_plain_tap_carries_the_undo(
    as_user: Login, alice: User, due: NucleicAcidTest
) -> None:
    client = as_user(alice)

    page = client.post(f"/tests/{due.pk}/sampled/", {"next": f"/tests/{due.pk}/"}, follow=True)

    toast = page.content.decode().split('id="toasts"')[1].split("</form>")[0]
    assert f'action="/tests/{due.pk}/undo/"' in toast
    assert f'name="next" value="/tests/{due.pk}/"' in toast


def test_an_undo_after_a_day_is_refused(
    as_user: Login, alice: User, due: NucleicAcidTest, the_day: Callable[[dt.date], object]
) -> None:
    client = as_user(alice)
    client.post(f"/tests/{due.pk}/sampled/")
    the_day(dt.date(2022, 11, 17))

    answer = as_user(alice).post(f"/tests/{due.pk}/undo/", headers=in_row(due))

    due.refresh_from_db()
    assert answer.status_code == 409
    assert due.sampled_at is not None


def test_a_test_of_yesterday_is_entered_belatedly(
    as_user: Login, alice: User, due: NucleicAcidTest, the_day: Callable[[dt.date], object]
) -> None:
    the_day(dt.date(2022, 11, 16))

    as_user(alice).post(f"/tests/{due.pk}/sampled/")

    assert due.episode.events.get(kind="sampled").details["belated"] is True


# ── results ──────────────────────────────────────────────────────────────────────────────────────


def test_negative_is_one_tap(as_user: Login, alice: User, due: NucleicAcidTest) -> None:
    as_user(alice).post(f"/tests/{due.pk}/sampled/")

    answer = as_user(alice).post(f"/tests/{due.pk}/result/", {"result": "negative"}, headers=in_row(due))

    due.refresh_from_db()
    assert due.result == Result.NEGATIVE
    assert answer.content.decode().startswith(f'<li id="t{due.pk}" class="done" tabindex="-1" autofocus>')


def test_a_positive_result_is_asked_for_twice(as_user: Login, alice: User, due: NucleicAcidTest) -> None:
    client = as_user(alice)

    asked = client.post(f"/tests/{due.pk}/result/", {"result": "positive", "ct": "22.5"})

    due.refresh_from_db()
    assert due.result == ""
    assert 'name="confirm" value="1"' in asked.content.decode()
    assert 'name="ct" value="22.5"' in asked.content.decode()

    client.post(f"/tests/{due.pk}/result/", {"result": "positive", "ct": "22.5", "confirm": "1"})

    due.refresh_from_db()
    due.episode.refresh_from_db()
    assert (due.result, str(due.ct)) == (Result.POSITIVE, "22.5")
    assert due.episode.ending == Ending.TRANSFERRED
    assert Infection.objects.filter(person=due.person).count() == 1


def test_an_entrant_s_positive_needs_the_ct_value(as_user: Login, alice: User) -> None:
    entrant = episode(alice, category=Category.ENTRANT, name="Anna Weber", phone="13900001111")
    test = entrant.tests.get(planned_on=FIRST_TEST)
    client = as_user(alice)

    without = client.post(f"/tests/{test.pk}/result/", {"result": "positive"})
    above = client.post(f"/tests/{test.pk}/result/", {"result": "positive", "ct": "36"})

    test.refresh_from_db()
    entrant.refresh_from_db()
    assert without.status_code == 409
    assert 'id="result-ct_error"' in without.content.decode()
    assert above.status_code == 303
    assert (test.result, entrant.ending) == (Result.NOT_POSITIVE_BY_CT, Ending.BY_THE_CLOCK)


def test_a_mistaken_positive_is_taken_back_with_a_reason_only(
    as_user: Login, alice: User, due: NucleicAcidTest
) -> None:
    client = as_user(alice)
    client.post(f"/tests/{due.pk}/result/", {"result": "positive", "confirm": "1"})

    refused = client.post(f"/tests/{due.pk}/undo/")
    assert refused.status_code == 409

    client.post(f"/tests/{due.pk}/undo/", {"reason": "laboratory mixed up two tubes"})

    due.refresh_from_db()
    due.episode.refresh_from_db()
    assert (due.result, due.episode.ending) == ("", Ending.BY_THE_CLOCK)


def test_a_refused_sample_is_planned_again(as_user: Login, alice: User, due: NucleicAcidTest) -> None:
    as_user(alice).post(f"/tests/{due.pk}/result/", {"result": "refused"})

    again = due.episode.tests.get(follows=due)
    assert again.planned_on == dt.date(2022, 11, 18)  # the 16th and 17th have a test of their own


def test_a_different_result_is_refused_until_the_first_is_taken_back(
    as_user: Login, alice: User, due: NucleicAcidTest
) -> None:
    client = as_user(alice)
    client.post(f"/tests/{due.pk}/result/", {"result": "negative"})

    answer = client.post(f"/tests/{due.pk}/result/", {"result": "inconclusive"})

    due.refresh_from_db()
    assert answer.status_code == 409
    assert due.result == Result.NEGATIVE


def test_a_result_that_nobody_knows_is_said_at_its_field(
    as_user: Login, alice: User, due: NucleicAcidTest
) -> None:
    answer = as_user(alice).post(f"/tests/{due.pk}/result/", {"result": "maybe", "ct": "no"})

    assert answer.status_code == 422
    assert 'id="result-ct_error"' in answer.content.decode()


def test_the_dialog_closes_by_drawing_the_page_anew(
    as_user: Login, alice: User, due: NucleicAcidTest
) -> None:
    answer = as_user(alice).post(
        f"/tests/{due.pk}/result/", {"result": "inconclusive", "next": "/today/#results"}, headers=IN_DIALOG
    )

    assert answer.status_code == 200
    assert '"path": "/today/"' in answer["HX-Location"]


def test_the_dialog_shows_the_part_that_was_asked_for(
    as_user: Login, alice: User, due: NucleicAcidTest
) -> None:
    client = as_user(alice)

    not_taken = client.get(f"/tests/{due.pk}/?do=not-taken&next=/today/", headers=IN_DIALOG).content.decode()
    result = client.get(f"/tests/{due.pk}/?do=result&next=/today/", headers=IN_DIALOG).content.decode()

    assert 'value="no_answer"' in not_taken
    assert 'value="inconclusive"' not in not_taken
    assert 'value="inconclusive"' in result
    assert 'value="no_answer"' not in result


# ── many at once ─────────────────────────────────────────────────────────────────────────────────


def test_a_whole_building_is_sampled_at_once_and_taken_back_at_once(as_user: Login, alice: User) -> None:
    tests = family(alice, 3)
    client = as_user(alice)
    keys = ",".join(str(test.pk) for test in tests)

    page = client.post("/tests/bulk/sampled/", {"tests": keys, "next": "/register/"}, follow=True)

    assert NucleicAcidTest.objects.filter(sampled_by=alice).count() == 3
    undo = page.content.decode().split('action="/tests/bulk/undo/?')[1].split('"')[0].replace("&amp;", "&")

    client.post(f"/tests/bulk/undo/?{undo}", {"next": "/register/"})

    assert NucleicAcidTest.objects.filter(sampled_by=alice).count() == 0


def test_the_undo_of_a_bulk_act_leaves_alone_what_was_done_before(as_user: Login, alice: User) -> None:
    first, *others = family(alice, 3)
    client = as_user(alice)
    client.post(f"/tests/{first.pk}/sampled/")

    page = client.post(
        "/tests/bulk/sampled/",
        {"tests": [first.pk, *(each.pk for each in others)], "next": "/register/"},
        follow=True,
    )
    undo = page.content.decode().split('action="/tests/bulk/undo/?')[1].split('"')[0].replace("&amp;", "&")
    client.post(f"/tests/bulk/undo/?{undo}")

    assert list(NucleicAcidTest.objects.exclude(sampled_at=None)) == [first]


def test_bulk_negative_answers_what_was_sampled_and_nothing_else(as_user: Login, alice: User) -> None:
    sampled, unsampled = family(alice, 2)
    client = as_user(alice)
    client.post(f"/tests/{sampled.pk}/sampled/")

    client.post("/tests/bulk/negative/", {"tests": [sampled.pk, unsampled.pk]})
    client.post("/tests/bulk/negative/", {"tests": [sampled.pk, unsampled.pk]})

    unsampled.refresh_from_db()
    assert NucleicAcidTest.objects.filter(result=Result.NEGATIVE).count() == 1
    assert sampled.episode.events.filter(kind="result").count() == 1
    assert unsampled.result == ""


@pytest.mark.parametrize("keys", ["", "x", "0", "99999999999999999999999", "1,2;3"])
def test_bulk_acts_on_nothing_that_exists_are_404(as_user: Login, alice: User, keys: str) -> None:
    assert as_user(alice).post("/tests/bulk/sampled/", {"tests": keys}).status_code == 404


@pytest.mark.parametrize(
    "query",
    [
        "",
        "what=sampled",
        "what=all&at=2022-11-15T12:00:00%2B08:00",
        "what=sampled&at=2022-99-99T00:00:00%2B08:00",
        "what=sampled&at=2022-11-15T12:00:00",
    ],
)
def test_an_undo_that_names_no_act_is_404(as_user: Login, alice: User, query: str) -> None:
    assert as_user(alice).post(f"/tests/bulk/undo/?{query}").status_code == 404


# ── who may ──────────────────────────────────────────────────────────────────────────────────────

VERBS = [
    "/tests/{pk}/sampled/",
    "/tests/{pk}/result/",
    "/tests/{pk}/undo/",
    "/tests/bulk/sampled/",
    "/tests/bulk/negative/",
]


@pytest.mark.parametrize("verb", VERBS)
def test_the_neighbour_s_tests_do_not_exist_for_bob(
    as_user: Login, bob: User, due: NucleicAcidTest, verb: str
) -> None:
    answer = as_user(bob).post(verb.format(pk=due.pk), {"tests": due.pk, "result": "negative"})

    due.refresh_from_db()
    assert answer.status_code == 404
    assert (due.sampled_at, due.result) == (None, "")
    assert as_user(bob).get(f"/tests/{due.pk}/").status_code == 404


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("role", [Role.ANALYST, Role.HOTLINE_OPERATOR])
def test_whoever_only_reads_may_look_but_not_record(
    as_user: Login, home: Area, due: NucleicAcidTest, verb: str, role: Role
) -> None:
    reader = as_user(staff("dora", home, role))

    answer = reader.post(verb.format(pk=due.pk), {"tests": due.pk, "result": "negative"})

    due.refresh_from_db()
    assert answer.status_code == 403
    assert (due.sampled_at, due.result) == (None, "")
    page = reader.get(f"/tests/{due.pk}/")
    assert page.status_code == 200
    assert "/sampled/" not in page.content.decode()


@pytest.mark.parametrize("verb", VERBS)
def test_a_verb_is_a_post_and_needs_a_login(
    client: Client, as_user: Login, alice: User, due: NucleicAcidTest, verb: str
) -> None:
    assert client.post(verb.format(pk=due.pk)).status_code == 302
    assert as_user(alice).get(verb.format(pk=due.pk)).status_code == 405


def test_the_way_back_never_leads_to_another_site(as_user: Login, alice: User, due: NucleicAcidTest) -> None:
    answer = as_user(alice).post(f"/tests/{due.pk}/sampled/", {"next": "https://elsewhere.example/"})

    assert answer["Location"] == f"/tests/{due.pk}/"


# ── catching up ──────────────────────────────────────────────────────────────────────────────────


def test_codes_are_lifted_by_hand_when_no_worker_did(
    as_user: Login, alice: User, contact: Episode, the_day: Callable[[dt.date], object]
) -> None:
    the_day(contact.release_on)

    as_user(alice).post("/episodes/codes-lifted/", {"episode": contact.pk})
    as_user(alice).post("/episodes/codes-lifted/", {"episode": contact.pk})

    contact.refresh_from_db()
    assert contact.code_lifted_at is not None
    assert contact.swept_at is not None
    assert contact.events.filter(kind="released").count() == 1
    assert contact.events.get(kind="code_lifted").by == alice


def test_no_code_is_lifted_before_the_release(
    as_user: Login, alice: User, contact: Episode, the_day: Callable[[dt.date], object]
) -> None:
    the_day(LAST_DAY)

    as_user(alice).post("/episodes/codes-lifted/", {"episode": contact.pk})

    contact.refresh_from_db()
    assert contact.code_lifted_at is None


def test_the_office_ticks_an_infection_off_and_an_analyst_does_not(
    as_user: Login, home: Area, alice: User, carol: User, due: NucleicAcidTest
) -> None:
    as_user(alice).post(f"/tests/{due.pk}/result/", {"result": "positive", "confirm": "1"})
    infection = Infection.objects.get(person=due.person)

    reader = staff("reader", home, Role.ANALYST)
    assert as_user(reader).post(f"/infections/{infection.pk}/judged/", {}).status_code == 403
    as_user(carol).post(f"/infections/{infection.pk}/judged/", {})

    infection.refresh_from_db()
    assert infection.contacts_judged_by == carol
    assert not Infection.objects.to_trace().exists()


def test_an_infection_elsewhere_is_404(
    as_user: Login, next_door: Area, carol: User, due: NucleicAcidTest, alice: User
) -> None:
    as_user(alice).post(f"/tests/{due.pk}/result/", {"result": "positive", "confirm": "1"})
    infection = Infection.objects.get(person=due.person)
    elsewhere = staff("erik", next_door, Role.SUPERVISOR)

    assert as_user(elsewhere).post(f"/infections/{infection.pk}/judged/").status_code == 404
