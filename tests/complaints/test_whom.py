"""Whoever is complained about is out, whether it was chosen from the list or named in words."""

from typing import Any

import pytest
from django.test import Client

from accounts.models import Area
from accounts.rules import Department
from complaints.models import Complaint
from tests.api.conftest import System
from tests.complaints.cast import Cast, office
from tests.complaints.forms import county_field, opened, receipt_on, send

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("on_the_day")]


@pytest.fixture(autouse=True)
def _quick_proof(settings: Any) -> None:
    settings.COMPLAINT_PROOF = 50


def told(cast: Cast, whom: str, words: str, **changes: Any) -> Complaint:
    """What becomes of a complaint of somebody who chose that line and wrote these words beside it."""
    client = Client()
    form = opened(client) | county_field(cast.home) | {"place": "锦绣社区4号楼"} | changes
    receipt_on(send(client, form, whom=whom, respondent_text=words))
    return Complaint.objects.select_related("handler", "respondent").latest("pk")


def areas_of(cast: Cast) -> dict[str, Area]:
    return {"community": cast.home, "street": cast.home.line["street"], "county": cast.county}


@pytest.mark.parametrize(
    ("whom", "words", "level"),
    [
        ("unknown", "锦绣街道办事处", "street"),
        ("unknown", "锦绣社区居委会的王主任", "community"),
        ("other", "朝阳区疫情防控指挥部", "county"),
        ("community", "听说是锦绣街道下的命令", "street"),  # above the chosen one: both are out
        ("street", "锦绣社区居委会", "street"),  # below the chosen one
    ],
)
def test_an_office_that_is_named_in_words_is_out_with_all_below_it(
    cast: Cast, whom: str, words: str, level: str
) -> None:
    complaint = told(cast, whom, words)
    named = office(areas_of(cast)[level])
    assert complaint.respondent == named
    assert complaint.handler
    assert not complaint.handler.is_at_or_below(named)


@pytest.mark.parametrize(
    ("whom", "words"),
    [
        ("unknown", ""),
        ("unknown", "保安"),
        ("unknown", "街道办的人"),
        ("site", "锦绣街道社区卫生服务中心"),
        ("site", "锦绣社区的物业"),
        ("site", "锦绣街道养老院"),
    ],
)
def test_words_that_name_no_office_for_certain_accuse_none(cast: Cast, whom: str, words: str) -> None:
    assert told(cast, whom, words).respondent is None


def test_a_branch_is_recognised_by_its_own_name_alone(cast: Cast) -> None:
    health = office(cast.county, Department.HEALTH)
    assert told(cast, "branch", health.name).respondent == health


def test_another_system_names_it_in_words_too(cast: Cast) -> None:
    said = {"behaviour": "not_unsealed", "place": "锦绣花园", "respondent_text": "朝阳区疫情防控指挥部"}
    status, _ = System(cast.operator).post("complaints/", said)
    assert status == 201
    complaint = Complaint.objects.get()
    assert complaint.respondent == office(cast.county)
    assert complaint.handler
    assert not complaint.handler.is_at_or_below(office(cast.county))
