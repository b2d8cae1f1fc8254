"""No office is named on what was only said: something behind the text is verified before it is approved."""

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from complaints.actions import handling, publishing, word
from complaints.actions.proposing import propose_namings
from complaints.models import Complaint, Publication
from complaints.rules.supervision import Ground, PublicationKind, PublicationState
from complaints.rules.words import Outcome, Source
from policy.refusals import RuleViolation
from tests.builders import noon
from tests.complaints.cast import TODAY, Cast, filed, office
from tests.complaints.naming_cast import Desk, desk_of, draft, verified
from tests.complaints.test_proposing import order

pytestmark = pytest.mark.django_db

AT = noon(TODAY)
DAY = dt.timedelta(days=1)


@pytest.fixture
def desk(cast: Cast) -> Desk:
    return desk_of(cast)


def submitted(desk: Desk, made: Publication | None = None) -> Publication:
    made = made or draft(desk)
    publishing.submit(publication=made, by=desk.writer, at=AT)
    return made


def approve(made: Publication, by: User, *, at: dt.datetime = AT) -> str:
    """The code of the refusal, "" when it was approved."""
    try:
        publishing.approve(publication=made, in_round=1, by=by, at=at)
    except RuleViolation as refusal:
        return refusal.code
    return ""


def answered(cast: Cast) -> Complaint:
    """A complaint about the street that was answered, and that nobody has verified."""
    complaint = Complaint.objects.select_related("handler__area", "respondent__area").get(
        pk=filed(cast.home, at=AT - DAY).complaint.pk
    )
    handling.accept(complaint=complaint, by=cast.task_force, at=AT - DAY)
    handling.answer(complaint=complaint, text="已要求拆除。", by=cast.task_force, at=AT - DAY)
    return complaint


# ── a draft by hand ──────────────────────────────────────────────────────────────────────────────


def test_neither_of_two_approves_what_nobody_has_verified(desk: Desk, cast: Cast) -> None:
    made = submitted(desk)
    assert approve(made, desk.first) == "not_verified"
    answered(cast)
    assert [approve(made, by) for by in (desk.first, desk.second)] == ["not_verified", "not_verified"]
    assert not made.steps.filter(kind="approved").exists()
    assert Publication.objects.get().state == PublicationState.SUBMITTED


def test_one_verified_complaint_about_the_office_and_behaviour_is_enough(desk: Desk, cast: Cast) -> None:
    made = submitted(desk)
    complaint = answered(cast)
    handling.verify(complaint=complaint, outcome=Outcome.NOT_SOLVED, how="现场", by=cast.city, at=AT)
    assert [approve(made, by) for by in (desk.first, desk.second)] == ["", ""]
    assert Publication.objects.get().state == PublicationState.PUBLISHED


def test_a_complaint_that_is_opened_again_in_between_stops_the_second_approval(
    desk: Desk, cast: Cast
) -> None:
    made, complaint = submitted(desk), verified(cast)
    assert approve(made, desk.first) == ""
    word.say_dissatisfied(complaint=complaint, text="第二天又封了", at=AT)
    assert approve(made, desk.second) == "not_verified"
    assert Publication.objects.get().state == PublicationState.SUBMITTED


@pytest.mark.parametrize("changes", [{"behaviour": "silent_management"}, {"whom": "community"}])
def test_what_is_verified_of_another_behaviour_or_office_does_not_count(
    desk: Desk, cast: Cast, changes: dict[str, Any]
) -> None:
    verified(cast, **changes)
    assert approve(submitted(desk), desk.first) == "not_verified"


def test_what_was_found_within_the_rules_or_lies_too_far_back_does_not_count(
    desk: Desk, cast: Cast, settings: Any
) -> None:
    handling.verify(complaint=answered(cast), outcome=Outcome.UNFOUNDED, how="按规定", by=cast.city, at=AT)
    verified(cast, at=AT - (settings.NAMING_DAYS + 1) * DAY)
    made = submitted(desk)
    assert approve(made, desk.first) == "not_verified"
    settings.NAMING_DAYS += 2
    assert approve(made, desk.first) == ""


def test_what_the_self_audit_found_stands_in_our_own_records(desk: Desk, cast: Cast) -> None:
    filed(cast.home, at=AT - DAY, source=Source.SELF_AUDIT, lead_key="gate:zone:1:2022-11-15")
    assert approve(submitted(desk), desk.first) == ""


def test_the_installation_may_ask_for_more(desk: Desk, cast: Cast, settings: Any) -> None:
    settings.NAMING_VERIFIED = 2
    verified(cast)
    made = submitted(desk)
    assert approve(made, desk.first) == "not_verified"
    verified(cast)
    assert approve(made, desk.first) == ""


def test_good_practice_accuses_nobody(desk: Desk, cast: Cast) -> None:
    made = draft(desk, kind=PublicationKind.GOOD_PRACTICE, office=office(cast.county), behaviour="")
    assert approve(submitted(desk, made), desk.first) == ""


# ── what the app proposes itself ─────────────────────────────────────────────────────────────────


def proposed(ground: Ground) -> Publication:
    propose_namings(at=AT)
    return Publication.objects.select_related("office__area").get(ground=ground)


def test_a_hot_spot_needs_one_of_the_matters_that_it_counted(desk: Desk, cast: Cast) -> None:
    said = [filed(cast.home, at=AT - DAY, place=f"{n}号楼").complaint for n in range(3)]
    made = submitted(desk, proposed(Ground.HOT_SPOT))
    verified(cast, at=AT + DAY)  # came after what was counted
    assert approve(made, desk.first, at=AT + 2 * DAY) == "not_verified"
    Complaint.objects.filter(pk=said[0].pk).update(verified_at=AT, outcome=Outcome.PARTLY)
    assert approve(made, desk.first, at=AT + 2 * DAY) == ""


def test_the_public_page_says_how_much_was_verified_when_it_was_published(desk: Desk, cast: Cast) -> None:
    said = [filed(cast.home, at=AT - DAY, place=f"{n}号楼").complaint for n in range(3)]
    made = submitted(desk, proposed(Ground.HOT_SPOT))
    Complaint.objects.filter(pk=said[0].pk).update(verified_at=AT, outcome=Outcome.PARTLY)
    verified(cast, at=AT - 2 * DAY)  # before what was counted
    by_hand = submitted(desk, draft(desk))
    for each in (made, by_hand):
        assert [approve(each, by) for by in (desk.first, desk.second)] == ["", ""]
    pages = [Client().get(each.get_public_url()).content.decode() for each in (made, by_hand)]
    assert "公布时，3 件事项中已核实 1 件" in pages[0]
    assert "公布时，4 件事项中已核实 2 件" in pages[1]
    assert "还没有一件核查属实" not in pages[0]


def test_of_a_rebound_what_came_again_is_verified_and_not_only_what_was_before(
    desk: Desk, cast: Cast
) -> None:
    before = verified(cast, at=AT - 3 * DAY)
    handling.close(complaint=before, by=cast.task_force, at=AT - 2 * DAY)
    again = filed(cast.home, at=AT - DAY).complaint
    made = submitted(desk, proposed(Ground.REBOUND))
    assert approve(made, desk.first) == "not_verified"
    Complaint.objects.filter(pk=again.pk).update(verified_at=AT, outcome=Outcome.SOLVED)
    assert approve(made, desk.first) == ""


def test_the_date_of_a_supervision_order_that_passed_is_our_own_record(desk: Desk, cast: Cast) -> None:
    order(cast, due_at=AT - DAY)
    assert approve(submitted(desk, proposed(Ground.LATE_SUPERVISION)), desk.first) == ""


# ── how it is told ───────────────────────────────────────────────────────────────────────────────

AsUser = Callable[[User], Client]
WHY = "所依据的事实一件都还没有核实"


@pytest.mark.usefixtures("on_the_day")
def test_the_page_says_why_instead_of_offering_the_button_and_a_post_is_refused_there(
    desk: Desk, cast: Cast, as_user: AsUser
) -> None:
    complaint = answered(cast)
    made = submitted(desk)
    client, page = as_user(desk.first), reverse("publication", args=[made.pk])
    html = client.get(page).content.decode()
    assert WHY in html
    assert "现有 1 件事项，已核实 0 件" in html
    assert ">同意<" not in html
    assert complaint.number in html
    refused = client.post(reverse("publication-do", args=[made.pk, "approve"]), {"in_round": 1})
    assert refused.status_code == 422
    assert refused.content.decode().count(WHY) == 1

    handling.verify(complaint=complaint, outcome=Outcome.SOLVED, how="现场", by=cast.city, at=AT)
    html = client.get(page).content.decode()
    assert WHY not in html
    assert "现有 1 件事项，已核实 1 件" in html
    assert ">同意<" in html


@pytest.mark.usefixtures("on_the_day")
def test_the_cases_behind_are_named_only_to_whoever_may_open_them(
    desk: Desk, cast: Cast, as_user: AsUser
) -> None:
    complaint = answered(cast)
    made = submitted(desk)
    Complaint.objects.filter(pk=complaint.pk).update(handler=office(cast.county.line["city"]))
    assert (
        complaint.number
        not in as_user(desk.first).get(reverse("publication", args=[made.pk])).content.decode()
    )


@pytest.mark.usefixtures("on_the_day")
def test_the_admin_site_tells_the_same_and_approves_nothing(desk: Desk, cast: Cast, as_user: AsUser) -> None:
    User.objects.filter(pk=desk.first.pk).update(is_staff=True)
    made = submitted(desk)
    page = reverse("admin:complaints_publication_change", args=[made.pk])
    client = as_user(User.objects.get(pk=desk.first.pk))
    assert WHY in client.get(page).content.decode()
    client.post(page, {"state": PublicationState.PUBLISHED, "title": "改"})
    assert Publication.objects.get().state == PublicationState.SUBMITTED
    verified(cast)
    html = client.get(page).content.decode()
    assert WHY not in html
    assert "现有 1 件事项，已核实 1 件" in html
