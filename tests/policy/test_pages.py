"""The policy page and the texts of the clauses."""

import re

import pytest
from django.test import Client

from policy.clauses import clause_at, clause_named, clauses
from policy.loading import PACKAGED, packaged_edition
from policy.measures import CONDITIONS, MEASURES, PRESS, Place, Row, Status, measures
from policy.models import PolicyEdition
from policy.types import Category

pytestmark = pytest.mark.django_db

ROWS = [*MEASURES, *CONDITIONS, *PRESS]


@pytest.fixture
def english() -> Client:
    client = Client()
    client.cookies["django_language"] = "en"
    return client


def test_every_row_of_the_rulebook_is_there_once_and_in_order() -> None:
    expected = [f"{kind}{n}" for kind, last in (("M", 20), ("S", 4), ("P", 5)) for n in range(1, last + 1)]

    assert [row.number for row in ROWS] == expected


def test_every_clause_that_a_row_or_an_edition_names_has_its_text() -> None:
    named = {key for row in ROWS for key in row.clauses}
    for code in PACKAGED:
        edition = packaged_edition(code)
        named |= {rule.clause for rule in edition.rules.values()}
        named |= {rule.clause for rule in edition.abolished.values()}
        named |= {
            edition.home_condition_clause,
            edition.repeat_isolation_clause,
            edition.one_test_a_day_clause,
        }

    assert {key for key in named - {""} if clause_named(key) is None} == set()


def test_all_of_the_twenty_measures_can_be_read() -> None:
    numerals = "一二三四五六七八九十"
    keys = [*numerals, *(f"十{n}" for n in numerals[:9]), "二十"]

    assert [key for key in keys if not (clause_named(f"二({key})") or clause_at("")).text] == []  # type: ignore[union-attr]


def test_full_width_brackets_name_the_same_clause() -> None:
    assert clause_named("二（十六）") == clause_named("二(十六)") is not None


def test_a_row_without_a_deed_says_that_it_is_not_built_yet(english: Client) -> None:
    page = english.get("/policy/").content.decode()
    for row in ROWS:
        item = re.search(rf'<li id="{row.number}" class="(\w+)">(.*?)</li>', page, re.DOTALL)
        assert item is not None
        assert item.group(1) == row.status.value
        if row.status is Status.LATER:
            assert "not in this version yet" in item.group(2)


def test_a_rule_on_the_page_takes_its_numbers_from_the_edition_in_force(english: Client) -> None:
    before = english.get("/policy/").content.decode()
    source = PolicyEdition.objects.get(code="twenty").source
    changed = PolicyEdition(
        source=source.replace('"twenty"', '"other"')
        .replace("days = 7", "days = 17")
        .replace("二十条", "他条")
    )
    changed.store()
    changed.activate(from_on=changed.effective_on, at=changed.created_at, by=None)
    after = english.get("/policy/").content.decode()

    row = re.compile(r'<li id="M3".*?</li>\s*<li id="M4"', re.DOTALL)
    assert "home isolation 7 days" in row.findall(before)[0]
    assert "home isolation 17 days" in row.findall(after)[0]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.number)
def test_a_row_that_names_a_place_leads_there(row: Row) -> None:
    assert [place.url_name for place in row.places if not place.url] == []


def test_a_place_that_this_installation_does_not_have_is_a_word_without_a_link() -> None:
    assert Place("elsewhere", "no-such-page").url == ""  # type: ignore[arg-type]


def test_measures_show_no_rule_without_an_edition_in_force() -> None:
    assert all(entry.rule is None for group in measures(None) for entry in group.rows)


def test_the_page_shows_each_edition_with_its_date_and_each_clause_with_its_anchor(english: Client) -> None:
    page = english.get("/policy/").content.decode()

    assert "effective from 2022-06-28" in page
    assert "effective from 2022-11-11" in page
    for clause in clauses().values():
        assert f'id="{clause.anchor}"' in page


def test_the_text_of_a_clause_opens_alone_for_htmx_and_as_a_page_otherwise() -> None:
    clause = clause_named("二(二)")
    assert clause is not None
    alone = Client().get(clause.fragment_url, headers={"HX-Request": "true"}).content.decode()
    page = Client().get(clause.fragment_url).content.decode()

    assert "及时准确判定密切接触者" in alone
    assert "<html" not in alone
    assert "及时准确判定密切接触者" in page
    assert "<html" in page


def test_an_unknown_clause_is_a_404() -> None:
    assert Client().get("/policy/clauses/9-9/").status_code == 404


def test_the_pages_need_no_login_and_only_read() -> None:
    for address in ("/calculator/", "/policy/", "/policy/clauses/2-1/"):
        assert Client().get(address).status_code == 200
        assert Client().head(address).status_code == 200
        assert Client().post(address).status_code == 405


def test_the_pages_stay_light(django_assert_num_queries) -> None:
    with django_assert_num_queries(3):
        size = len(Client().get("/policy/").content)
    assert size < 100_000
    with django_assert_num_queries(2):
        Client().get("/calculator/", {"anchor_on": "2022-11-14", "registered_on": "2022-11-14"})


def test_only_what_a_rule_restricts_is_drawn_as_a_restriction() -> None:
    """A category that an edition abolished has no rule on any page."""
    assert packaged_edition("twenty").rule_for(Category.SECONDARY_CONTACT) is None
