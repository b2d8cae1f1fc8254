"""Filing a list of 12345 outside the request: asked for once, filed once, whatever happens in between."""

import datetime as dt
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import time_machine
from django.core.management import call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone, translation

from complaints.actions import filing_lists, importing, purging
from complaints.models import Complaint, ComplaintList
from complaints.tasks import file_asked_lists
from policy import clock
from tests.complaints.cast import Cast
from tests.complaints.tickets import given_back, page, press, sent, ticket

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("on_the_day")]


@pytest.fixture
def later() -> Iterator[Callable[..., None]]:
    """Let so much time go by: a timedelta's own arguments."""
    travels: list[time_machine.travel] = []

    def go(**passed: int) -> None:
        at = timezone.now() + dt.timedelta(**passed)
        while travels:
            travels.pop().stop()
        travels.append(time_machine.travel(at, tick=True))
        travels[-1].start()

    yield go
    while travels:
        travels.pop().stop()


class TestTheTask:
    """The button writes down that it was asked for; a sweep does it, whatever happens in between."""

    @pytest.fixture
    def dying(self, monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
        """Let the worker be killed at the row of that number; 0: it lives again."""
        real, left = filing_lists.file_complaint, [0]

        def file_complaint(*args: Any, **kwargs: Any) -> Any:
            left[0] -= 1
            if not left[0]:
                raise KeyboardInterrupt
            return real(*args, **kwargs)

        monkeypatch.setattr(filing_lists, "file_complaint", file_complaint)
        return lambda row: left.__setitem__(0, row)

    def test_until_a_worker_comes_the_page_says_that_it_waits_and_nothing_is_lost(
        self, operator: Client, later: Callable[..., None]
    ) -> None:
        batch = sent(operator, [ticket(n) for n in range(1, 4)])
        press(operator, batch)
        assert "Waits to be filed" in (text := page(operator, batch))
        assert "0 of 3 rows" in text
        assert "do not answer" not in text
        assert "being filed: 0 of 3" in operator.get(reverse("complaint-import")).content.decode()
        later(minutes=90)
        assert "The background tasks do not answer just now." in page(operator, batch)
        file_asked_lists()
        assert "3 complaints filed" in page(operator, batch)

    def test_what_waited_counts_from_the_moment_it_was_asked_for(
        self, operator: Client, later: Callable[..., None]
    ) -> None:
        batch = sent(operator, [ticket()])
        press(operator, batch)
        asked_at = ComplaintList.objects.get().asked_at
        later(hours=3)
        file_asked_lists()
        assert Complaint.objects.get().received_at == asked_at

    def test_a_page_that_waits_is_told_to_load_anew_when_all_is_filed(self, operator: Client) -> None:
        batch = sent(operator, [ticket()])
        press(operator, batch)
        address = reverse("complaint-import-preview", args=[batch.pk])
        waiting = operator.get(address, headers={"HX-Request": "true"})
        assert "0 of 1 row" in waiting.content.decode()
        assert "<html" not in waiting.content.decode()
        file_asked_lists()
        assert operator.get(address, headers={"HX-Request": "true"}).headers["HX-Refresh"] == "true"

    def test_a_killed_worker_leaves_the_rest_to_the_next_one_and_counts_stay_right(
        self, operator: Client, dying: Callable[[int], None], later: Callable[..., None]
    ) -> None:
        batch = sent(operator, [*(ticket(n) for n in range(1, 41)), ticket(3), ticket(50, 社区="错")])
        press(operator, batch)
        dying(31)
        with pytest.raises(KeyboardInterrupt):
            file_asked_lists()
        assert Complaint.objects.count() == filing_lists.CHUNK
        assert "20 of 40 rows" in page(operator, batch)
        dying(0)
        file_asked_lists()
        assert Complaint.objects.count() == filing_lists.CHUNK, "the dead one is not known as such yet"
        later(minutes=2)
        file_asked_lists()
        file_asked_lists()
        assert Complaint.objects.count() == 40
        batch.refresh_from_db()
        assert {name: batch.counts[name] for name in ("filed", "known", "wrong")} == {
            "filed": 40,
            "known": 1,
            "wrong": 1,
        }

    def test_a_worker_that_was_thought_dead_files_nothing_more(
        self, operator: Client, monkeypatch: pytest.MonkeyPatch, later: Callable[..., None]
    ) -> None:
        batch = sent(operator, [ticket(n) for n in range(1, 61)])
        press(operator, batch)
        real, begun, filed_by_chunk = filing_lists._file_chunk, [], []

        def slow(*args: Any) -> Any:
            begun.append(1)
            if len(begun) == 2:  # so slow that another one has taken the list over and finished it
                later(minutes=2)
                file_asked_lists()
            filed_by_chunk.append(real(*args))
            return filed_by_chunk[-1]

        monkeypatch.setattr(filing_lists, "_file_chunk", slow)
        file_asked_lists()
        assert filed_by_chunk == [20, 20, 20, None]
        assert Complaint.objects.count() == 60
        batch.refresh_from_db()
        assert (batch.counts["filed"], batch.counts["known"]) == (60, 0)

    def test_one_list_at_a_time_and_a_broken_one_keeps_none_waiting(
        self, operator: Client, dying: Callable[[int], None], later: Callable[..., None]
    ) -> None:
        broken, whole = sent(operator, [ticket(1)]), sent(operator, [ticket(2)])
        press(operator, broken)
        press(operator, whole)
        dying(1)
        with pytest.raises(KeyboardInterrupt):
            file_asked_lists()
        file_asked_lists()
        assert not Complaint.objects.exists()
        later(seconds=90)
        assert "Another list is being filed first." in (text := page(operator, whole))
        assert "do not answer" not in text
        later(seconds=30)
        dying(2)  # the broken one breaks again, behind the other
        with pytest.raises(KeyboardInterrupt):
            file_asked_lists()
        assert Complaint.objects.get().external_id == "BJ2022111600002"

    def test_what_is_not_done_in_one_run_is_taken_up_by_the_next(
        self, operator: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        batch = sent(operator, [ticket(n) for n in range(1, 46)])
        press(operator, batch)
        monkeypatch.setattr(filing_lists, "SECONDS_A_RUN", 0.0)
        file_asked_lists()
        assert Complaint.objects.count() == filing_lists.CHUNK
        monkeypatch.undo()
        file_asked_lists()
        assert Complaint.objects.count() == 45
        assert "45 complaints filed" in page(operator, batch)

    def test_after_the_button_nothing_is_chosen_anew_nor_asked_twice(self, operator: Client) -> None:
        batch = sent(operator, [ticket(1), ticket(2, 诉求类型="其他")])
        press(operator, batch)
        asked_at = ComplaintList.objects.get().asked_at
        operator.post(
            reverse("complaint-import-choose", args=[batch.pk]),
            {"shown": ["3"], "ticked": ["3"], "behaviour-3": "other"},
        )
        press(operator, batch, shown="3", ticked="3", **{"behaviour-3": "other"})
        fresh = ComplaintList.objects.get()
        assert (fresh.asked_at, fresh.chosen) == (asked_at, {})
        answer = operator.get(reverse("complaint-import-left-over", args=[batch.pk]))
        assert answer.headers["Location"] == reverse("complaint-import-preview", args=[batch.pk])

    def test_the_rows_given_back_say_it_in_the_language_of_whoever_asked(self, operator: Client) -> None:
        batch = sent(operator, [ticket(1), ticket(2, 诉求内容=None)])
        press(operator, batch)
        with translation.override("zh-hans"):
            file_asked_lists()
        assert "The cell is empty" in given_back(operator, batch)[1][-1]

    def test_a_list_emptied_before_its_time_is_given_back_with_a_word(self, operator: Client) -> None:
        batch = sent(operator, [ticket()])
        press(operator, batch)
        ComplaintList.objects.update(content="")
        file_asked_lists()
        assert not ComplaintList.objects.get().asked_at
        answer = operator.get(reverse("complaint-import-preview", args=[batch.pk]), follow=True)
        assert "not kept any more" in answer.content.decode()

    def test_the_purge_waits_for_what_was_asked_for_and_no_longer_than_its_days(
        self, operator: Client, cast: Cast, later: Callable[..., None]
    ) -> None:
        batch = sent(operator, [ticket(1), ticket(2, 社区="错")])
        later(days=6)
        assert importing.ask(batch, by=cast.operator, at=clock.now(), language="en")
        assert purging.empty_lists(at=clock.now() + dt.timedelta(days=3)) == 0
        assert purging.empty_lists(at=clock.now() + dt.timedelta(days=8)) == 1
        assert not ComplaintList.objects.get().content

    def test_a_command_does_it_where_no_worker_runs(
        self, operator: Client, capsys: pytest.CaptureFixture[str]
    ) -> None:
        press(operator, sent(operator, [ticket()]))
        call_command("file_asked_lists", "--dry-run")
        assert not Complaint.objects.exists()
        call_command("file_asked_lists")
        assert Complaint.objects.count() == 1
