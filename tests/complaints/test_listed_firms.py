"""A listed firm that was told to stop goes to the top of the queue, whatever it is called (M19)."""

import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Area
from complaints.models import Complaint
from complaints.own_facts import sentence_of
from complaints.queue import in_tab, order_of
from supplies.models import Supplier
from tests.builders import noon
from tests.complaints.cast import TODAY, Cast, filed
from tests.complaints.forms import county_field
from zones.models import Site
from zones.rules import SiteKind

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("cast")]


@pytest.fixture
def listed(home: Area) -> Supplier:
    """京州菜篮子集团, which has just been told to stop: it does not deliver now."""
    county = home.line["county"]
    return Supplier.objects.create(
        area=county, name="京州菜篮子集团", white_listed=True, white_list_number="保供17号", enabled=False
    )


def stopped(home: Area, place: str, **changes: Any) -> Complaint:
    facts = {"behaviour": "work_stopped", "place": place} | changes
    return filed(home, token=f"{place}{changes}", **facts).complaint


@pytest.mark.parametrize("place", ["京州菜篮子集团", "东湖路8号 京州菜篮子集团 分拣中心", "京州菜篮子"])
def test_a_stopped_firm_that_is_listed_is_urgent_with_the_reason_beside_it(
    home: Area, listed: Supplier, place: str
) -> None:
    found = stopped(home, place)
    assert found.urgent
    assert found.facts[0]["clause"] == "二(十九)"
    assert "保供17号" in sentence_of(found.facts[0])
    clock = found.clocks.get(step="accept")  # type: ignore[attr-defined]
    assert clock.amount == 2


def test_the_site_that_was_recognised_counts_like_the_words(home: Area, listed: Supplier) -> None:
    site = Site.objects.create(community=home, kind=SiteKind.FIRM, name="京州菜篮子集团")
    assert stopped(home, "分拣中心", site=site).urgent


def test_it_stands_above_what_is_not_urgent(home: Area, listed: Supplier, cast: Cast) -> None:
    first = stopped(home, "某某饭店")
    second = stopped(home, "京州菜篮子集团")
    queue = in_tab(cast.city, "all", noon(TODAY)).order_by(*order_of("todo").ordering(back=False))
    assert list(queue.filter(pk__in=[first.pk, second.pk])) == [second, first]


@pytest.mark.parametrize(
    ("place", "changes"),
    [("京州", {}), ("另一家公司", {}), ("", {}), ("京州菜篮子集团", {"behaviour": "not_unsealed"})],
)
def test_nothing_else_becomes_urgent_by_it(
    home: Area, listed: Supplier, place: str, changes: dict[str, str]
) -> None:
    assert not stopped(home, place, **changes).urgent


def test_a_supplier_without_the_mark_and_one_of_another_county_are_not_listed(
    home: Area, listed: Supplier, next_county: Area
) -> None:
    Supplier.objects.filter(pk=listed.pk).update(white_listed=False)
    assert not stopped(home, "京州菜篮子集团").urgent
    Supplier.objects.filter(pk=listed.pk).update(white_listed=True, area=next_county)
    assert not stopped(home, "京州菜篮子集团 二部").urgent


def test_the_form_says_so_while_it_is_written(home: Area, listed: Supplier) -> None:
    form = {"behaviour": "work_stopped", "place": "京州菜篮子集团", **county_field(home)}
    answer = Client().post(reverse("complain-facts"), form).content.decode()
    assert "京州菜篮子集团 is on the white list" in re.sub(r"<[^>]*>", "", answer) or "白名单" in answer


def test_what_is_called_a_listed_firm_is_urgent_without_any_list(home: Area) -> None:
    assert stopped(home, "某某公司", behaviour="listed_firm_stopped").urgent
