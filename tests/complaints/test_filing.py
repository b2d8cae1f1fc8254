"""Filing: stored once, routed past whoever is complained about, its clock running."""

import datetime as dt

import pytest

from accounts.models import Office
from accounts.rules import Department
from complaints.actions.word import complaint_of
from complaints.models import Clock, Complaint, ComplaintLink
from complaints.rules.handling import State
from policy.refusals import BadInput, RuleViolation
from tests.builders import noon
from tests.complaints.cast import TODAY, Cast, filed, office

pytestmark = pytest.mark.django_db


def test_a_form_that_is_sent_twice_gives_the_same_receipt(cast: Cast) -> None:
    first = filed(cast.home, token="a-form")
    second = filed(cast.home, token="a-form", what_happened="anything")
    assert (first.number, first.secret) == (second.number, second.secret)
    assert first.is_new
    assert not second.is_new
    assert Complaint.objects.count() == 1


def test_number_and_secret_open_it_however_they_are_typed_and_nothing_else_does(cast: Cast) -> None:
    receipt = filed(cast.home)
    assert complaint_of(f" {receipt.number} ", receipt.secret.replace(" ", "-")) == receipt.complaint
    assert complaint_of(receipt.number, "0000 0000 0000 0000") is None
    assert complaint_of(receipt.number, "") is None
    assert complaint_of("", receipt.secret) is None
    assert receipt.secret not in str(Complaint.objects.values().get())


def test_it_goes_to_the_task_force_and_waits_for_acceptance(cast: Cast) -> None:
    complaint = filed(cast.home).complaint
    assert complaint.state == State.RECEIVED
    assert complaint.handler == office(cast.county, Department.TASK_FORCE)
    assert complaint.respondent == office(cast.home.line["street"])
    assert complaint.due_at == noon(TODAY) + dt.timedelta(hours=24)
    assert Clock.objects.running().get().step == "accept"


def test_a_complaint_about_the_county_itself_goes_past_it_to_the_city(cast: Cast) -> None:
    complaint = filed(cast.home, whom="county").complaint
    assert complaint.respondent == office(cast.county)
    assert complaint.handler == cast.city.office
    assert "about_itself" in {step["because"] for step in complaint.routed}


def test_a_complaint_about_the_top_goes_to_the_outside_desk(cast: Cast) -> None:
    top = Office.objects.get(parent=None)
    lost = filed(cast.home, respondent=top).complaint
    assert lost.handler is None
    outside = Office.objects.create(
        name="部际专班", area=top.area, department=Department.OUTSIDE, path="999999"
    )
    assert filed(cast.home, respondent=top).complaint.handler == outside


def test_a_complaint_about_the_city_goes_past_everything_below_it(cast: Cast) -> None:
    complaint = filed(cast.home, whom="city").complaint
    city = office(cast.home.line["city"])
    assert complaint.respondent == city
    assert complaint.handler is not None
    assert not complaint.handler.is_at_or_below(city)


def test_a_department_is_the_one_of_the_behaviour_and_never_the_task_force(cast: Cast) -> None:
    blocked = filed(cast.home, behaviour="road_blocked", whom="branch").complaint
    assert blocked.respondent == office(cast.county, Department.TRANSPORT)
    sealed = filed(cast.home, whom="branch").complaint
    assert (sealed.respondent, sealed.handler) == (None, cast.task_force.office)


def test_refused_care_is_urgent_and_due_in_two_hours(cast: Cast) -> None:
    complaint = filed(cast.home, behaviour="care_refused", whom="site").complaint
    assert complaint.urgent
    assert complaint.handler == cast.health.office
    assert complaint.due_at == noon(TODAY) + dt.timedelta(hours=2)


def test_look_alikes_are_linked_and_none_is_swallowed(cast: Cast) -> None:
    first = filed(cast.home).complaint
    second = filed(cast.home).complaint
    filed(cast.home, place="别处")
    link = ComplaintLink.objects.get()
    assert (link.earlier, link.later) == (first, second)
    assert Complaint.objects.open().count() == 3


def test_one_that_names_the_place_less_exactly_is_linked_all_the_same(cast: Cast) -> None:
    first = filed(cast.home, place="京湖高速东湖出口").complaint
    second = filed(cast.county, place="京湖高速东湖出口").complaint
    link = ComplaintLink.objects.get()
    assert (link.earlier, link.later) == (first, second)


def test_a_date_in_the_future_and_an_unknown_behaviour_are_refused(cast: Cast) -> None:
    with pytest.raises(BadInput) as future:
        filed(cast.home, since_on=TODAY + dt.timedelta(days=1))
    with pytest.raises(BadInput) as unknown:
        filed(cast.home, behaviour="bogus")
    assert (future.value.field, unknown.value.field) == ("since_on", "behaviour")
    assert not Complaint.objects.exists()


def test_one_lead_is_one_complaint(cast: Cast) -> None:
    filed(cast.home, lead_key="seal:1:overdue")
    with pytest.raises(RuleViolation) as refusal:
        filed(cast.home, lead_key="seal:1:overdue")
    assert refusal.value.code == "known_already"
    assert Complaint.objects.count() == 1
