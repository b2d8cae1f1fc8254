"""The page of a case: what it shows to whom, and that every look is written down."""

from collections.abc import Callable

import pytest
from django.test import Client

from accounts.models import Reveal, User
from accounts.rules import Department, Role
from complaints.actions import handling
from complaints.actions.filing import ComplainantFacts, Receipt
from complaints.actions.supervising import issue_order
from complaints.models import Attachment, Complaint, ComplaintLink, Look
from complaints.rules.handling import MOVES, Actor, State, Verb, verbs_for
from complaints.rules.words import LookedAt, Source
from tests.builders import noon
from tests.complaints.cast import TEXT, TODAY, WHO, Cast, filed, office, officer

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("on_the_day")]
Login = Callable[[User], Client]
NOON = noon(TODAY)


def page(client: Client, complaint: Complaint) -> str:
    answer = client.get(complaint.get_absolute_url())
    assert answer.status_code == 200
    return answer.content.decode()


def verbs_on(text: str) -> set[str]:
    return {str(verb) for verb in Verb if f'id="do-{verb}"' in text}


def looks(what: LookedAt) -> list[str]:
    return list(Look.objects.filter(what=what).order_by("pk").values_list("by__username", flat=True))


def test_the_page_shows_what_was_said_where_about_whom_and_why_it_came_here(
    as_user: Login, cast: Cast, receipt: Receipt
) -> None:
    text = page(as_user(cast.task_force), receipt.complaint)
    for shown in (TEXT, "锦绣花园4号楼", receipt.number, office(cast.home.line["street"]).name):
        assert shown in text
    assert receipt.complaint.handler.name in text
    assert 'class="because"' in text


def test_neighbour_respondent_and_worker_find_nothing_there(
    as_user: Login, cast: Cast, receipt: Receipt
) -> None:
    address = receipt.complaint.get_absolute_url()
    for user in (cast.neighbour, cast.street, cast.health):
        assert as_user(user).get(address).status_code == 404
    for user in (cast.community, cast.operator):
        assert as_user(user).get(address).status_code == 403
    assert Client().get(address).status_code == 302
    assert not Look.objects.exists()


def test_each_opening_is_written_down_and_everybody_who_sees_the_case_reads_it(
    as_user: Login, cast: Cast, receipt: Receipt
) -> None:
    page(as_user(cast.task_force), receipt.complaint)
    page(as_user(cast.city), receipt.complaint)
    assert looks(LookedAt.CASE) == ["taskforce", "cityboss"]
    text = page(as_user(cast.task_force), receipt.complaint)
    looked = text[text.index('id="looks"') :]
    assert "taskforce" in looked
    assert "cityboss" in looked


@pytest.mark.parametrize("state", list(State))
def test_exactly_the_verbs_of_the_table_are_offered(
    as_user: Login, cast: Cast, receipt: Receipt, state: State
) -> None:
    Complaint.objects.filter(pk=receipt.complaint.pk).update(state=state)
    for user, actor in ((cast.task_force, Actor.HANDLER), (cast.city, Actor.OVERSEER)):
        offered = verbs_on(page(as_user(user), receipt.complaint))
        assert offered == {str(verb) for verb in verbs_for(state, actor)}
    assert set(MOVES) > {Verb(verb) for verb in offered}


# ── who complained ───────────────────────────────────────────────────────────────────────────────


def test_who_complained_is_known_or_anonymous_and_no_more(as_user: Login, cast: Cast) -> None:
    known = filed(cast.home).complaint
    anonymous = filed(cast.home, complainant=ComplainantFacts()).complaint
    client = as_user(cast.task_force)
    text = page(client, known)
    assert WHO.name not in text
    assert WHO.phone not in text
    assert f"{known.get_absolute_url()}who/" in text
    assert f"{anonymous.get_absolute_url()}who/" not in page(client, anonymous)


def test_what_the_app_found_itself_has_no_complainant(as_user: Login, cast: Cast) -> None:
    found = filed(cast.home, source=Source.SELF_AUDIT, lead_key="gate:1", complainant=ComplainantFacts())
    text = page(as_user(cast.task_force), found.complaint)
    assert "没有投诉人：由系统自查发现" in text
    assert "匿名" not in text[text.index('id="who"') :]


def test_the_identity_is_shown_once_after_it_was_written_down(
    as_user: Login, cast: Cast, receipt: Receipt
) -> None:
    client = as_user(cast.task_force)
    address = receipt.complaint.get_absolute_url()
    answer = client.post(f"{address}who/")
    text = answer.content.decode()
    assert WHO.name in text
    assert WHO.phone in text
    assert "no-store" in answer["Cache-Control"]
    assert looks(LookedAt.IDENTITY) == ["taskforce"]
    log = Reveal.objects.get()
    assert (log.subject, log.by, log.fields_shown) == (
        f"complaint:{receipt.complaint.pk}",
        cast.task_force,
        "name,phone",
    )
    assert WHO.name not in page(client, receipt.complaint)


def test_the_form_names_the_desk_above_among_those_who_may_see_who_complained(
    as_user: Login, cast: Cast, receipt: Receipt
) -> None:
    answer = as_user(cast.city).post(f"{receipt.complaint.get_absolute_url()}who/")
    assert WHO.name in answer.content.decode()
    assert "办理单位及其上级单位的投诉专员、管理人员" in Client().get("/complaints/new/").content.decode()


def test_the_part_of_a_complaint_leads_to_the_same_complainant(
    as_user: Login, cast: Cast, receipt: Receipt
) -> None:
    part = filed(cast.home, complainant=ComplainantFacts()).complaint
    Complaint.objects.filter(pk=part.pk).update(split_from=receipt.complaint)
    assert WHO.name in as_user(cast.task_force).post(f"{part.get_absolute_url()}who/").content.decode()


def test_a_call_hands_the_number_to_the_telephone_and_is_written_down(
    as_user: Login, cast: Cast, receipt: Receipt
) -> None:
    answer = as_user(cast.task_force).post(f"{receipt.complaint.get_absolute_url()}telephone/")
    assert answer["Location"] == f"tel:{WHO.phone}"
    assert looks(LookedAt.IDENTITY) == ["taskforce"]
    assert Reveal.objects.get().fields_shown == "phone"


def test_nobody_else_learns_who_complained(as_user: Login, cast: Cast, receipt: Receipt) -> None:
    second = officer("recused", office(cast.county, Department.TASK_FORCE))
    receipt.complaint.recusals.create(user=second, reason="亲属", at=NOON, by=cast.task_force)
    for door in ("who", "telephone"):
        address = f"{receipt.complaint.get_absolute_url()}{door}/"
        for user in (cast.neighbour, cast.street, cast.health, second):
            assert as_user(user).post(address).status_code == 404
        for user in (cast.community, cast.operator):
            assert as_user(user).post(address).status_code == 403
    assert not Reveal.objects.exists()
    assert not Look.objects.exists()


def test_an_officer_of_complaints_reads_no_numbers_of_people_under_control(cast: Cast) -> None:
    assert cast.task_force.may("reveal_complainants")
    assert not cast.task_force.may("reveal_numbers")
    operator = officer("operator", office(cast.county), Role.HOTLINE_OPERATOR)
    assert not operator.may("reveal_complainants")


# ── files, look-alikes, orders ───────────────────────────────────────────────────────────────────


def attached(complaint: Complaint) -> Attachment:
    return Attachment.objects.create(
        complaint=complaint,
        number=1,
        kind="pdf",
        content="JVBERi0xLjQK",
        size=9,
        digest="x",
        at=NOON,
    )


def test_a_file_is_downloaded_and_the_look_is_written_down(
    as_user: Login, cast: Cast, receipt: Receipt
) -> None:
    file = attached(receipt.complaint)
    client = as_user(cast.task_force)
    address = f"{receipt.complaint.get_absolute_url()}files/{file.pk}/"
    assert address in page(client, receipt.complaint)
    answer = client.get(address)
    assert answer["Content-Disposition"].startswith("attachment")
    assert looks(LookedAt.ATTACHMENT) == ["taskforce"]


def test_a_file_is_given_to_nobody_else_and_under_no_other_case(
    as_user: Login, cast: Cast, receipt: Receipt
) -> None:
    file = attached(receipt.complaint)
    other = filed(cast.home).complaint
    address = f"{receipt.complaint.get_absolute_url()}files/{file.pk}/"
    for user in (cast.neighbour, cast.street):
        assert as_user(user).get(address).status_code == 404
    client = as_user(cast.task_force)
    assert client.get(f"{other.get_absolute_url()}files/{file.pk}/").status_code == 404
    assert not Look.objects.filter(what=LookedAt.ATTACHMENT).exists()


def test_look_alikes_are_judged_on_the_page_and_those_out_of_sight_not_named(
    as_user: Login, cast: Cast
) -> None:
    first, second = filed(cast.home).complaint, filed(cast.home).complaint
    link = ComplaintLink.objects.get()
    client = as_user(cast.task_force)
    assert second.number in page(client, first)
    client.post(f"{first.get_absolute_url()}alike/{link.pk}/", {"state": "same"})
    link.refresh_from_db()
    assert link.state == "same"
    Complaint.objects.filter(pk=first.pk).update(handler=cast.city.office)
    assert first.get_absolute_url() not in page(client, second)
    assert (
        client.post(f"{second.get_absolute_url()}alike/{link.pk}/", {"state": "different"}).status_code == 404
    )
    link.refresh_from_db()
    assert link.state == "same"


def test_the_orders_stand_on_the_page_with_their_lateness(
    as_user: Login, cast: Cast, receipt: Receipt
) -> None:
    order = issue_order(
        complaint=receipt.complaint,
        to=office(cast.home.line["street"]),
        text="拆除。",
        due_at=noon(TODAY.replace(day=17)),
        token="order",
        by=cast.task_force,
        at=NOON,
    )
    assert order.number in page(as_user(cast.task_force), receipt.complaint)


def test_a_case_without_anything_and_one_with_everything_cost_alike(
    as_user: Login, cast: Cast, django_assert_max_num_queries: Callable[..., object]
) -> None:
    complaint = filed(cast.home).complaint
    for number in range(4):
        filed(cast.home)
        handling.write_note(complaint=complaint, text=f"第{number}次", by=cast.task_force, at=NOON)
    client = as_user(cast.task_force)
    with django_assert_max_num_queries(45):
        page(client, complaint)
