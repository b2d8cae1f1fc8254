"""The public pages of naming: text and figures, corrections and reply, and nothing about a person."""

import datetime as dt
import gzip
import re
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from django.test import Client
from django.urls import reverse

from complaints.actions import publishing
from complaints.models import Publication
from complaints.rules.supervision import PublicationKind, PublicationState
from tests.builders import noon
from tests.complaints.cast import TODAY, Cast, office
from tests.complaints.naming_cast import TEXT, TITLE, Desk, desk_of, draft, published, verified

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("on_the_day")]

AT = noon(TODAY)
ATOM = "{http://www.w3.org/2005/Atom}"


@pytest.fixture
def desk(cast: Cast) -> Desk:
    verified(cast)
    return desk_of(cast)


def html(address: str, **query: Any) -> str:
    answer = Client().get(address, query)
    assert answer.status_code == 200
    return answer.content.decode()


def page(publication: Publication) -> str:
    return html(reverse("naming", args=[publication.pk]))


def test_anybody_reads_the_text_its_clause_and_the_offices_that_approved(desk: Desk) -> None:
    shown = page(published(desk))
    assert TITLE in shown
    assert "楼门口的铁皮仍未拆除" in shown
    assert 'class="clause"' in shown
    for by in (desk.first, desk.second):
        assert by.own_office is not None
        assert by.own_office.name in shown


def test_no_person_stands_on_a_public_page_or_in_the_feed(desk: Desk) -> None:
    for user in (desk.writer, desk.first, desk.second, desk.named):
        user.last_name, user.first_name = "欧阳", f"某{user.pk}"
        user.save()
    made = published(desk)
    publishing.correct(publication=made, text="应为两天。", by=desk.first, at=AT)
    publishing.reply(publication=made, text="已拆除。", by=desk.named, at=AT)
    addresses = [
        reverse("naming", args=[made.pk]),
        *map(reverse, ("namings", "namings-feed", "good-practice")),
    ]
    for address in addresses:
        shown = html(address)
        assert "欧阳" not in shown
        for user in (desk.writer, desk.first, desk.second, desk.named):
            assert user.username not in shown


@pytest.mark.parametrize(
    "state", [PublicationState.DRAFT, PublicationState.SUBMITTED, PublicationState.DROPPED]
)
def test_what_is_not_published_is_nowhere(desk: Desk, state: PublicationState) -> None:
    made = draft(desk)
    Publication.objects.filter(pk=made.pk).update(state=state)
    assert Client().get(reverse("naming", args=[made.pk])).status_code == 404
    for name in ("namings", "namings-feed", "good-practice"):
        assert TITLE not in html(reverse(name))


def test_corrections_and_the_reply_stand_beneath_the_text_with_their_dates(desk: Desk) -> None:
    made = published(desk)
    publishing.correct(publication=made, text="应为两天。", by=desk.first, at=AT)
    publishing.reply(publication=made, text="已拆除并道歉。", by=desk.named, at=AT + dt.timedelta(hours=1))
    shown = page(made)
    places = [shown.index(words) for words in ("楼门口的铁皮", "应为两天。", "已拆除并道歉。")]
    assert places == sorted(places)
    assert "2022年11月16日 12:00" in shown or "2022年11月16日" in shown
    assert TEXT.partition("〔")[0] in shown


def test_texts_are_shown_and_never_run(desk: Desk) -> None:
    made = published(desk, text="<script>alert(1)</script>")
    publishing.reply(publication=made, text="<img src=x onerror=alert(1)>", by=desk.named, at=AT)
    shown = page(made)
    assert "<script>alert" not in shown
    assert "<img src=x" not in shown


def test_the_list_goes_by_month_and_county(desk: Desk, cast: Cast) -> None:
    published(desk)
    other = published(desk, token="other", title="十月的通报")
    Publication.objects.filter(pk=other.pk).update(published_at=noon(dt.date(2022, 10, 20)))
    shown = html(reverse("namings"))
    assert (
        shown.index("2022年11月") < shown.index(TITLE) < shown.index("2022年10月") < shown.index("十月的通报")
    )
    assert TITLE in html(reverse("namings"), county=cast.county.code)
    assert TITLE not in html(reverse("namings"), county="110108")
    for nowhere in ("999999", "x", "1" * 40):
        assert Client().get(reverse("namings"), {"county": nowhere}).status_code == 404


def test_pages_follow_one_another_without_a_gap_or_a_double(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("complaints.views.namings.ON_A_PAGE", 2)
    for number in range(5):
        published(desk, token=f"n{number}", title=f"通报第{number}号")
    seen: list[str] = []
    address = reverse("namings")
    while address:
        shown = html(address)
        seen += re.findall(r"通报第(\d)号</a>", shown)
        following = re.search(r'rel="next" href="([^"]+)"', shown)
        address = reverse("namings") + following[1].replace("&amp;", "&") if following else ""
    assert seen == ["4", "3", "2", "1", "0"]
    assert "通报第4号" in html(reverse("namings"), after="bogus_1")


def test_the_feed_has_an_entry_each_that_grows_newer_with_what_is_appended(desk: Desk) -> None:
    made = published(desk)
    publishing.reply(publication=made, text="已拆除。", by=desk.named, at=AT + dt.timedelta(hours=2))
    answer = Client().get(reverse("namings-feed"))
    assert answer.headers["Content-Type"].startswith("application/atom+xml")
    (entry,) = ET.fromstring(answer.content).findall(f"{ATOM}entry")
    assert entry.findtext(f"{ATOM}title") == TITLE
    assert "已拆除。" in (entry.findtext(f"{ATOM}summary") or "")
    assert (entry.findtext(f"{ATOM}published") or "") < (entry.findtext(f"{ATOM}updated") or "")
    again = Client().get(reverse("namings-feed"), headers={"If-None-Match": answer.headers["ETag"]})
    assert again.status_code == 304


def test_good_practice_has_a_list_of_its_own(desk: Desk, cast: Cast) -> None:
    made = published(
        desk, kind=PublicationKind.GOOD_PRACTICE, office=office(cast.home.line["street"]), title="日清日结"
    )
    assert "日清日结" in html(reverse("good-practice"))
    assert "日清日结" not in html(reverse("namings"))
    assert "日清日结" not in html(reverse("namings-feed"))
    assert "日清日结" in page(made)


def test_the_pages_are_small_and_cost_few_queries(desk: Desk, django_assert_max_num_queries: Any) -> None:
    for number in range(30):
        published(desk, token=f"n{number}", title=f"通报第{number}号")
    with django_assert_max_num_queries(4):
        answer = Client().get(reverse("namings"))
    assert len(gzip.compress(answer.content)) < 100_000
    with django_assert_max_num_queries(4):
        page(Publication.objects.latest("pk"))


@pytest.mark.parametrize("name", ["namings", "good-practice", "namings-feed"])
def test_nothing_published_yet_is_a_page_too(db: None, name: str) -> None:
    assert Client().get(reverse(name)).status_code == 200
    assert Client().post(reverse(name)).status_code == 405
