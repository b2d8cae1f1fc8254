"""Filing in public: anonymous, sent twice, nothing typed is lost, and nothing personal in address or log."""

import pytest
from django.test import Client

from complaints.actions.word import complaint_of
from complaints.models import Complaint
from tests.complaints.cast import Cast
from tests.complaints.forms import county_field, opened, receipt_on, send

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("on_the_day")]


@pytest.fixture(autouse=True)
def _quick_proof(settings) -> None:
    settings.COMPLAINT_PROOF = 50


def test_anybody_files_without_account_and_name_and_follows_with_number_and_secret(cast: Cast) -> None:
    client = Client()
    page = send(client, opened(client) | county_field(cast.home))
    assert page.status_code == 200
    complaint = complaint_of(*receipt_on(page))
    assert complaint == Complaint.objects.get()
    assert not hasattr(complaint, "complainant")
    assert complaint.respondent is None or complaint.respondent.area == cast.home.line["street"]
