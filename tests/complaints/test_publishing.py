"""Public naming at the desk: written by one, approved by two others, hidden from whoever it is about."""

import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse

from accounts.models import User
from complaints.actions import publishing
from complaints.models import Publication, PublicationStep
from complaints.rules.supervision import PublicationKind, PublicationState, PublicationStepKind
from notices.models import Message
from notices.rules import MessageKind
from policy.refusals import BadInput, RuleViolation
from tests.builders import noon
from tests.complaints.cast import TODAY, Cast, office
from tests.complaints.naming_cast import TEXT, TITLE, Desk, desk_of, draft, published, verified

pytestmark = pytest.mark.django_db

AT = noon(TODAY)


@pytest.fixture
def desk(cast: Cast) -> Desk:
    verified(cast)
    return desk_of(cast)


def state(publication: Publication) -> str:
    return Publication.objects.get(pk=publication.pk).state


def code_of(act: Callable[[], Any]) -> str:
    with pytest.raises(RuleViolation) as refusal:
        act()
    return refusal.value.code


def submitted(desk: Desk, **changes: Any) -> Publication:
    made = draft(desk, **changes)
    publishing.submit(publication=made, by=desk.writer, at=AT)
    return made


# ── approval by two ──────────────────────────────────────────────────────────────────────────────


def test_the_second_approval_publishes_and_the_office_named_is_told(desk: Desk) -> None:
    made = submitted(desk)
    assert publishing.approve(publication=made, in_round=1, by=desk.first, at=AT)
    assert state(made) == PublicationState.SUBMITTED
    assert not Message.objects.filter(kind=MessageKind.NAMING_PUBLISHED).exists()
    assert publishing.approve(publication=made, in_round=1, by=desk.second, at=AT)
    stored = Publication.objects.get()
    assert (stored.state, stored.published_at) == (PublicationState.PUBLISHED, AT)
    told = Message.objects.get(kind=MessageKind.NAMING_PUBLISHED)
    assert told.community == desk.street.area


def test_one_person_approving_twice_is_one_approval(desk: Desk) -> None:
    made = submitted(desk)
    assert publishing.approve(publication=made, in_round=1, by=desk.first, at=AT)
    assert not publishing.approve(publication=made, in_round=1, by=desk.first, at=AT)
    assert state(made) == PublicationState.SUBMITTED
    assert made.steps.filter(kind=PublicationStepKind.APPROVED).count() == 1


def test_whoever_wrote_changed_or_handed_in_the_text_does_not_approve_it(desk: Desk) -> None:
    made = draft(desk, by=desk.first)
    publishing.edit(
        publication=made, title=TITLE, text="改", seen=publishing.version_of(made), by=desk.second, at=AT
    )
    publishing.submit(publication=made, by=desk.writer, at=AT)
    for by in (desk.first, desk.second):
        assert (
            code_of(lambda by=by: publishing.approve(publication=made, in_round=1, by=by, at=AT))
            == "own_text"
        )
    assert state(made) == PublicationState.SUBMITTED


def test_only_supervisors_above_the_office_named_decide(desk: Desk, cast: Cast) -> None:
    made = submitted(desk)
    for by in (desk.writer, desk.named, desk.below, desk.beside, cast.street, cast.operator):
        refused = code_of(lambda by=by: publishing.approve(publication=made, in_round=1, by=by, at=AT))
        assert refused == "not_yours", by
    assert publishing.approve(publication=made, in_round=1, by=cast.city, at=AT)


def test_sending_back_voids_the_approvals_of_that_round(desk: Desk) -> None:
    made = submitted(desk)
    publishing.approve(publication=made, in_round=1, by=desk.first, at=AT)
    assert (
        code_of(lambda: publishing.refuse(publication=made, reason=" ", by=desk.second, at=AT))
        == "needs_reason"
    )
    publishing.refuse(publication=made, reason="日期不对", by=desk.second, at=AT)
    assert state(made) == PublicationState.DRAFT
    publishing.submit(publication=made, by=desk.writer, at=AT)
    assert (
        code_of(lambda: publishing.approve(publication=made, in_round=1, by=desk.second, at=AT))
        == "other_round"
    )
    publishing.approve(publication=made, in_round=2, by=desk.second, at=AT)
    assert state(made) == PublicationState.SUBMITTED
    publishing.approve(publication=made, in_round=2, by=desk.first, at=AT)
    assert state(made) == PublicationState.PUBLISHED


def test_its_writer_may_take_it_back_and_a_bystander_may_not(desk: Desk, cast: Cast) -> None:
    made = submitted(desk)
    publishing.refuse(publication=made, reason="漏字", by=desk.writer, at=AT)
    publishing.submit(publication=made, by=desk.writer, at=AT)
    assert (
        code_of(lambda: publishing.refuse(publication=made, reason="x", by=cast.street, at=AT)) == "not_yours"
    )


@pytest.mark.django_db(transaction=True)
def test_two_approvals_at_the_same_moment_publish_once(desk: Desk) -> None:
    made = submitted(desk)
    begin = threading.Barrier(4)

    def approve(by: User) -> None:
        try:
            begin.wait()
            mine = Publication.objects.get(pk=made.pk)
            publishing.approve(publication=mine, in_round=1, by=by, at=AT)
        except RuleViolation:
            pass
        finally:
            connection.close()

    threads = [
        threading.Thread(target=approve, args=(by,))
        for by in (desk.first, desk.first, desk.second, desk.second)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert state(made) == PublicationState.PUBLISHED
    assert made.steps.filter(kind=PublicationStepKind.APPROVED).count() == 2
    assert made.steps.filter(kind=PublicationStepKind.PUBLISHED).count() == 1


# ── the draft ────────────────────────────────────────────────────────────────────────────────────


def test_a_draft_sent_twice_is_one(desk: Desk) -> None:
    assert draft(desk) == draft(desk, title="另一个")
    assert Publication.objects.count() == 1


def test_nobody_writes_about_the_own_office_one_above_or_another_area(desk: Desk, cast: Cast) -> None:
    for by in (cast.street, desk.named, desk.beside, desk.below):
        assert code_of(lambda by=by: draft(desk, by=by, token=f"t{by.pk}")) == "not_yours", by
    assert code_of(lambda: draft(desk, office=office(cast.county), token="above")) == "not_yours"


@pytest.mark.parametrize(
    ("written", "allowed"),
    [
        ("身份证110105199003071234。", False),
        ("身份证 110105 19900307 123X", False),
        ("电话13877665544", False),
        ("电话 138-7766-5544", False),
        ("电话１３８７７６６５５４４", False),
        ("座机010-65251234", False),
        ("投诉221116-12345678", False),
        ("自2022年11月10日至11月16日共3件，7日内已核实2件〔二(十六)〕", True),
        ("可拨打12345热线反映。", True),
        ("涉及1200户、3600人。", True),
    ],
)
def test_numbers_of_people_and_cases_are_refused_before_anybody_approves(
    desk: Desk, written: str, allowed: bool
) -> None:
    made = draft(desk, text=written)
    if allowed:
        assert publishing.submit(publication=made, by=desk.writer, at=AT)
        return
    with pytest.raises(BadInput) as refusal:
        publishing.submit(publication=made, by=desk.writer, at=AT)
    assert refusal.value.field == "text"
    assert state(made) == PublicationState.DRAFT


def test_a_text_that_somebody_changed_meanwhile_is_not_written_over(desk: Desk) -> None:
    made = draft(desk)
    seen = publishing.version_of(made)
    publishing.edit(publication=made, title=TITLE, text="先改的", seen=seen, by=desk.first, at=AT)
    late: dict[str, Any] = {
        "publication": made,
        "title": TITLE,
        "text": "后改的",
        "seen": seen,
        "by": desk.writer,
    }
    assert code_of(lambda: publishing.edit(**late, at=AT)) == "changed_meanwhile"
    assert Publication.objects.get().text == "先改的"


def test_handing_in_twice_is_once_and_a_dropped_one_is_over(desk: Desk) -> None:
    made = draft(desk)
    assert publishing.submit(publication=made, by=desk.writer, at=AT)
    assert not publishing.submit(publication=made, by=desk.writer, at=AT)
    publishing.drop(publication=made, reason="已整改", by=desk.first, at=AT)
    assert code_of(lambda: publishing.submit(publication=made, by=desk.writer, at=AT)) == "wrong_state"
    assert (
        code_of(lambda: publishing.drop(publication=made, reason="x", by=desk.first, at=AT)) == "wrong_state"
    )


def test_an_officer_does_not_bury_what_the_app_proposed(desk: Desk) -> None:
    made = draft(desk)
    Publication.objects.update(author=None, ground="rebound")
    made.refresh_from_db()
    assert (
        code_of(lambda: publishing.drop(publication=made, reason="x", by=desk.writer, at=AT)) == "not_yours"
    )


# ── published, it stays ──────────────────────────────────────────────────────────────────────────


def test_what_is_published_is_never_edited_sent_back_or_dropped(desk: Desk) -> None:
    made = published(desk)
    seen = publishing.version_of(made)
    acts: list[Callable[[], Any]] = [
        lambda: publishing.edit(publication=made, title="x", text="y", seen=seen, by=desk.writer, at=AT),
        lambda: publishing.refuse(publication=made, reason="x", by=desk.first, at=AT),
        lambda: publishing.drop(publication=made, reason="x", by=desk.first, at=AT),
        lambda: publishing.submit(publication=made, by=desk.writer, at=AT),
    ]
    assert [code_of(act) for act in acts] == ["wrong_state"] * 4
    stored = Publication.objects.get()
    assert (stored.title, stored.text, stored.state) == (TITLE, TEXT, PublicationState.PUBLISHED)


def test_a_correction_is_appended_once_and_leaves_the_text(desk: Desk) -> None:
    made = published(desk)
    assert publishing.correct(publication=made, text="应为两天。", by=desk.first, at=AT)
    assert not publishing.correct(publication=made, text="应为两天。", by=desk.second, at=AT)
    assert (
        code_of(lambda: publishing.correct(publication=made, text="x", by=desk.named, at=AT)) == "not_yours"
    )
    with pytest.raises(BadInput):
        publishing.correct(publication=made, text="请电13877665544", by=desk.first, at=AT)
    assert Publication.objects.get().text == TEXT
    assert PublicationStep.objects.get(kind=PublicationStepKind.CORRECTED).text == "应为两天。"


def test_only_the_office_named_replies_and_only_once_published(desk: Desk, cast: Cast) -> None:
    waiting = submitted(desk, token="waits")
    assert (
        code_of(lambda: publishing.reply(publication=waiting, text="x", by=desk.named, at=AT)) == "not_named"
    )
    made = published(desk)
    for by in (desk.below, desk.first, desk.beside, cast.operator):
        assert (
            code_of(lambda by=by: publishing.reply(publication=made, text="x", by=by, at=AT)) == "not_named"
        )
    assert publishing.reply(publication=made, text="已拆除并道歉。", by=cast.street, at=AT)
    assert not publishing.reply(publication=made, text="已拆除并道歉。", by=desk.named, at=AT)


def test_good_practice_lives_the_same_life_and_may_be_about_the_own_office(desk: Desk, cast: Cast) -> None:
    own = office(cast.county)
    made = draft(desk, kind=PublicationKind.GOOD_PRACTICE, office=own, behaviour="", by=desk.second)
    publishing.submit(publication=made, by=desk.second, at=AT)
    assert (
        code_of(lambda: publishing.approve(publication=made, in_round=1, by=desk.second, at=AT)) == "own_text"
    )
    for by in (desk.first, cast.city):
        publishing.approve(publication=made, in_round=1, by=by, at=AT)
    assert state(made) == PublicationState.PUBLISHED
    assert not Message.objects.filter(kind=MessageKind.NAMING_PUBLISHED).exists()


# ── the pages ────────────────────────────────────────────────────────────────────────────────────

AsUser = Callable[[User], Client]


def page(publication: Publication) -> str:
    return reverse("publication", args=[publication.pk])


def do(client: Client, publication: Publication, verb: str, **values: Any) -> Any:
    return client.post(reverse("publication-do", args=[publication.pk, verb]), values, follow=True)


@pytest.mark.usefixtures("on_the_day")
def test_the_office_named_those_below_and_the_neighbour_see_no_draft(
    desk: Desk, cast: Cast, as_user: AsUser
) -> None:
    for made in (draft(desk), submitted(desk, token="waits")):
        for user in (desk.named, cast.street, desk.below, desk.beside, cast.neighbour):
            client = as_user(user)
            assert client.get(page(made)).status_code == 404, user
            assert do(client, made, "submit").status_code == 404, user
            assert client.get(reverse("publication-reply", args=[made.pk])).status_code == 404, user
            assert TITLE not in client.get(reverse("publications")).content.decode(), user
            assert TITLE not in client.get(reverse("publications-about-us")).content.decode(), user
        assert Client().get(reverse("naming", args=[made.pk])).status_code == 404
    assert as_user(cast.operator).get(reverse("publications")).status_code == 403


@pytest.mark.usefixtures("on_the_day")
def test_from_the_draft_to_the_reply_by_the_pages(desk: Desk, cast: Cast, as_user: AsUser) -> None:
    writer, first, second, named = map(as_user, (desk.writer, desk.first, desk.second, desk.named))
    form = writer.get(reverse("publication-new")).context["form"]
    new = {
        "kind": "naming", "named": desk.street.name, "behaviour": "not_unsealed", "title": TITLE,
        "text": TEXT, "token": form.initial["token"],
    }  # fmt: skip
    assert writer.post(reverse("publication-new"), new).status_code == 302
    assert writer.post(reverse("publication-new"), new).status_code == 302
    made = Publication.objects.get()
    assert writer.get(page(made)).status_code == 200
    do(writer, made, "submit")
    assert "approve" not in writer.get(page(made)).context["forms"]
    do(first, made, "approve", in_round=1)
    assert do(first, made, "approve", in_round=1).status_code == 200
    assert state(made) == PublicationState.SUBMITTED
    do(second, made, "approve", in_round=1)
    assert state(made) == PublicationState.PUBLISHED
    assert set(first.get(page(made)).context["forms"]) == {"correct"}
    do(first, made, "correct", text="应为两天。")
    reply = reverse("publication-reply", args=[made.pk])
    assert named.get(page(made)).url == reply  # type: ignore[attr-defined]
    assert TITLE in named.get(reverse("publications-about-us")).content.decode()
    assert named.post(reply, {"text": "已拆除。"}).status_code == 302
    assert [step.kind for step in made.steps.order_by("pk")][-2:] == ["corrected", "replied"]


@pytest.mark.usefixtures("on_the_day")
def test_a_refusal_stands_at_its_field_and_nothing_typed_is_lost(desk: Desk, as_user: AsUser) -> None:
    made = draft(desk, text="请电13877665544")
    answer = do(as_user(desk.writer), made, "submit")
    assert answer.status_code == 422
    seen = publishing.version_of(made)
    publishing.edit(publication=made, title=TITLE, text="别人改的", seen=seen, by=desk.first, at=AT)
    answer = do(as_user(desk.writer), made, "edit", title=TITLE, text="我写了很久的", seen=seen)
    assert answer.status_code == 422
    assert "我写了很久的" in answer.content.decode()
    publishing.submit(publication=made, by=desk.first, at=AT)
    answer = do(as_user(desk.writer), made, "edit", title=TITLE, text="我写了很久的", seen=seen)
    assert answer.status_code == 422
    assert "我写了很久的" in answer.content.decode()
    assert do(as_user(desk.writer), made, "drop", reason="").status_code == 422
    bad = as_user(desk.writer).post(reverse("publication-new"), {"named": "不存在", "title": "留着"})
    assert bad.status_code == 422
    assert "留着" in bad.content.decode()


@pytest.mark.usefixtures("on_the_day")
@pytest.mark.parametrize("tab", ["proposals", "waiting", "published", "good", "dropped"])
def test_the_list_costs_the_same_for_many(
    desk: Desk, as_user: AsUser, tab: str, django_assert_max_num_queries: Any
) -> None:
    for number in range(3):
        draft(desk, token=f"d{number}")
        submitted(desk, token=f"s{number}")
        published(desk, token=f"p{number}")
        draft(desk, kind=PublicationKind.GOOD_PRACTICE, token=f"g{number}")
        publishing.drop(publication=draft(desk, token=f"x{number}"), reason="x", by=desk.first, at=AT)
    client = as_user(desk.first)
    with django_assert_max_num_queries(10):
        shown = client.get(reverse("publications"), {"tab": tab})
    assert len(shown.context["rows"]) == 3
