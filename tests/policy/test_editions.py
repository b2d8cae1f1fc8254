"""Which edition is in force on a date, and what may still be changed about a stored one."""

import datetime as dt

import pytest
from django.core.exceptions import ValidationError
from django.db.models import ProtectedError

from policy.models import (
    EditionActivation,
    NoEditionInForce,
    PolicyEdition,
    UnknownEdition,
    edition_by_code,
    edition_in_force,
)
from policy.refusals import RuleViolation
from policy.types import Category

pytestmark = pytest.mark.django_db

NOON = dt.datetime(2022, 12, 7, 4, tzinfo=dt.UTC)
TEN = """
code = "ten"
parent = "twenty"
effective_on = 2022-12-07
practice = true

[title]
zh = "新十条"
en = "Ten Measures"

[rules.close_contact]
anchor = "last_exposure"
clause = "新十条"

[[rules.close_contact.stages]]
mode = "home"
days = 5
test_days = [5]
coded = true
may_go_out = false
"""


def store(source: str = TEN) -> PolicyEdition:
    edition = PolicyEdition(source=source)
    edition.store()
    return edition


def test_a_fresh_install_has_activated_ninth_and_twenty() -> None:
    assert list(EditionActivation.objects.order_by("pk").values_list("edition__code", "from_on")) == [
        ("ninth", dt.date(2022, 6, 28)),
        ("twenty", dt.date(2022, 11, 11)),
    ]


@pytest.mark.parametrize(
    ("on", "code"),
    [
        (dt.date(2022, 6, 28), "ninth"),
        (dt.date(2022, 11, 10), "ninth"),
        (dt.date(2022, 11, 11), "twenty"),
        (dt.date(2026, 11, 22), "twenty"),
    ],
)
def test_the_edition_changes_on_its_date(on: dt.date, code: str) -> None:
    assert edition_in_force(on).code == code


def test_before_the_first_edition_there_is_none_and_the_error_names_the_date() -> None:
    with pytest.raises(NoEditionInForce, match="2022-06-27"):
        edition_in_force(dt.date(2022, 6, 27))


def test_asking_costs_one_query(django_assert_num_queries) -> None:
    with django_assert_num_queries(1):
        assert Category.SECONDARY_CONTACT in edition_in_force(dt.date(2022, 11, 12)).abolished
    with django_assert_num_queries(1):
        edition_by_code("twenty")


def test_an_unknown_code_is_told() -> None:
    with pytest.raises(UnknownEdition):
        edition_by_code("nobody")


class TestADraft:
    def test_takes_its_code_titles_date_and_parent_from_its_text(self) -> None:
        ten = store()

        assert (ten.code, ten.title_zh, ten.title_en) == ("ten", "新十条", "Ten Measures")
        assert ten.effective_on == dt.date(2022, 12, 7)
        assert ten.parent is not None
        assert ten.parent.code == "twenty"

    def test_is_not_in_force_until_it_is_activated(self) -> None:
        ten = store()
        assert edition_in_force(dt.date(2022, 12, 7)).code == "twenty"

        ten.activate(from_on=dt.date(2022, 12, 7), at=NOON, by=None)

        assert edition_in_force(dt.date(2022, 12, 6)).code == "twenty"
        assert edition_in_force(dt.date(2022, 12, 7)).code == "ten"

    def test_may_be_rewritten(self) -> None:
        ten = store()
        ten.source = TEN.replace("days = 5", "days = 6").replace("[5]", "[6]")
        ten.store()

        assert edition_by_code("ten").rules[Category.CLOSE_CONTACT].stages[0].days == 6

    def test_that_is_wrong_says_so_at_the_field_with_its_key(self) -> None:
        with pytest.raises(ValidationError) as error:
            store(TEN.replace("days = 5", "days = 99"))

        assert "rules.close_contact.stages[1].days" in error.value.message_dict["source"][0]

    def test_is_checked_together_with_its_parents(self) -> None:
        with pytest.raises(ValidationError) as error:
            store(TEN + '[abolished.secondary_contact]\nclause = "新十条"\n')

        assert "abolished.secondary_contact" in error.value.message_dict["source"][0]

    @pytest.mark.parametrize(
        ("old", "new", "key"),
        [('"twenty"', '"nobody"', "parent"), ('code = "ten"', 'code = "ninth"', "code")],
    )
    def test_with_a_missing_parent_or_a_taken_code_is_refused(self, old: str, new: str, key: str) -> None:
        with pytest.raises(ValidationError) as error:
            store(TEN.replace(old, new))

        assert key in error.value.message_dict["source"][0]

    def test_cannot_become_its_own_ancestor(self) -> None:
        ten = store()
        store(TEN.replace('"ten"', '"eleven"').replace('parent = "twenty"', 'parent = "ten"'))
        ten.source = TEN.replace('parent = "twenty"', 'parent = "eleven"')

        with pytest.raises(ValidationError):
            ten.store()

    def test_keeps_its_code(self) -> None:
        ten = store()
        ten.source = TEN.replace('code = "ten"', 'code = "eleven"')

        with pytest.raises(ValidationError):
            ten.store()


class TestAnActivatedEdition:
    def test_is_read_only(self) -> None:
        twenty = PolicyEdition.objects.get(code="twenty")
        before = twenty.source
        twenty.source = before.replace("days = 5", "days = 9")

        with pytest.raises(ValidationError):
            twenty.store()
        assert PolicyEdition.objects.get(code="twenty").source == before

    def test_is_read_only_for_whoever_opened_it_before_the_activation(self) -> None:
        opened = store()
        PolicyEdition.objects.get(code="ten").activate(from_on=dt.date(2022, 12, 7), at=NOON, by=None)
        opened.source = TEN.replace("days = 5", "days = 6").replace("[5]", "[6]")

        with pytest.raises(ValidationError):
            opened.store()

    def test_fixes_its_parents_too(self) -> None:
        ten = store()
        eleven = store(TEN.replace('"ten"', '"eleven"').replace('parent = "twenty"', 'parent = "ten"'))
        eleven.activate(from_on=dt.date(2022, 12, 7), at=NOON, by=None)
        ten.source = TEN.replace("days = 5", "days = 6").replace("[5]", "[6]")

        with pytest.raises(ValidationError):
            ten.store()

    def test_cannot_be_deleted(self) -> None:
        with pytest.raises(ProtectedError):
            PolicyEdition.objects.get(code="twenty").delete()

    def test_cannot_be_in_force_before_it_takes_effect(self) -> None:
        with pytest.raises(RuleViolation) as refusal:
            store().activate(from_on=dt.date(2022, 12, 6), at=NOON, by=None)

        assert refusal.value.code == "before_effective"

    def test_is_undone_by_another_activation_and_the_past_stays_as_it_was(self) -> None:
        store().activate(from_on=dt.date(2022, 12, 7), at=NOON, by=None)
        PolicyEdition.objects.get(code="twenty").activate(from_on=dt.date(2022, 12, 10), at=NOON, by=None)

        codes = [edition_in_force(dt.date(2022, 12, day)).code for day in (6, 7, 9, 10, 11)]
        assert codes == ["twenty", "ten", "ten", "twenty", "twenty"]

    def test_that_was_planned_for_later_is_undone_before_it_begins(self) -> None:
        store().activate(from_on=dt.date(2022, 12, 7), at=NOON, by=None)
        PolicyEdition.objects.get(code="twenty").activate(from_on=dt.date(2022, 12, 5), at=NOON, by=None)

        assert edition_in_force(dt.date(2022, 12, 8)).code == "twenty"
