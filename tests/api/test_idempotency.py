"""A call that is repeated takes effect once."""

import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection

from accounts import idempotency
from accounts.models import IdempotencyKey, User
from cases.models import Episode, EpisodeEvent, Person
from tests.api.conftest import System, entry_of
from tests.api.test_access import saved, writes
from tests.builders import resident_id

__all__ = ["saved"]


def test_twice_is_once_and_the_answer_is_the_same(here: System) -> None:
    first = here.post("episodes/", entry_of(), key="a-1")
    raw = here.last.content
    assert first[0] == 201
    assert "Idempotent-Replay" not in here.last
    again = here.post("episodes/", entry_of(), key="a-1")
    assert again == first
    assert here.last.content == raw
    assert here.last["Idempotent-Replay"] == "true"
    assert Episode.objects.count() == EpisodeEvent.objects.filter(kind="registered").count() == 1


def test_every_post_can_be_repeated(saved: Episode, here: System) -> None:
    for number, (path, body) in enumerate(writes(saved.pk, saved.tests.first().pk).items()):
        first = here.post(path, body, key=f"e-{number}")
        events = EpisodeEvent.objects.count()
        assert here.post(path, body, key=f"e-{number}") == first, path
        assert here.last["Idempotent-Replay"] == "true", path
        assert EpisodeEvent.objects.count() == events


def test_the_same_key_for_another_call_is_refused(here: System) -> None:
    pk = here.post("episodes/", entry_of(), key="a-1")[1]["episode"]["id"]
    for path, body in (
        ("episodes/", entry_of(name="何玉珍")),
        (f"episodes/{pk}/withdraw/", {"reason": "r"}),
    ):
        status, answer = here.post(path, body, key="a-1")
        assert (status, answer["code"]) == (409, "idempotency_key_reused")
    assert Person.objects.count() == 1
    assert Episode.objects.get().ending == ""


def test_the_layout_of_the_json_does_not_matter(here: System) -> None:
    first = here.post("episodes/", entry_of(), key="a-1")
    assert here.post("episodes/", dict(reversed(entry_of().items())), key="a-1") == first


def test_a_refusal_is_kept_and_malformed_input_is_not(here: System) -> None:
    refused = here.post("episodes/", entry_of(category="secondary_contact"), key="r-1")
    assert refused[0] == 409
    assert here.post("episodes/", entry_of(category="secondary_contact"), key="r-1") == refused
    assert here.last["Idempotent-Replay"] == "true"
    assert here.post("episodes/", entry_of(anchor_on="soon"), key="m-1")[0] == 400
    assert here.post("episodes/", entry_of(), key="m-1")[0] == 201


def test_each_system_has_its_own_keys(here: System, neighbour: System) -> None:
    assert here.post("episodes/", entry_of(), key="a-1")[0] == 201
    theirs = entry_of(name="赵敏", phone="13900000000")
    assert neighbour.post("episodes/", theirs, key="a-1")[0] == 201


def test_the_stored_answer_holds_no_clear_number(here: System) -> None:
    number = resident_id(5)
    here.post("episodes/", entry_of(id_number=number), key="n-1")
    kept = IdempotencyKey.objects.get()
    assert kept.status == 201
    assert number not in kept.answer
    assert "13800001234" not in kept.answer


@pytest.mark.parametrize("key", ["x" * 201, "键".encode().decode("latin-1"), " \t"])
def test_a_key_that_can_not_be_kept_is_a_400(here: System, key: str) -> None:
    status, body = here.post("episodes/", entry_of(), key=key)
    assert (status, set(body)) == (400, {"Idempotency-Key"})


def test_a_crash_leaves_neither_effect_nor_answer(here: System, monkeypatch: pytest.MonkeyPatch) -> None:
    def crash(*args: Any, **kwargs: Any) -> None:
        raise MemoryError

    monkeypatch.setattr(idempotency, "_keep", crash)
    with pytest.raises(MemoryError):
        here.post("episodes/", entry_of(), key="a-1")
    assert not Episode.objects.exists()
    assert not IdempotencyKey.objects.exists()


def test_a_call_that_is_being_answered_is_told_to_wait(here: System, alice: User) -> None:
    IdempotencyKey.objects.create(user=alice, key="a-1", request_digest="")
    status, body = here.post("episodes/", entry_of(), key="a-1")
    assert (status, body["code"], here.last["Retry-After"]) == (409, "in_progress", "1")


@pytest.mark.django_db(transaction=True)
def test_two_calls_at_once_have_one_effect(here: System, monkeypatch: pytest.MonkeyPatch) -> None:
    meet = threading.Barrier(2, timeout=20)
    claim = idempotency._claim

    def claim_together(*args: Any) -> Any:
        meet.wait()
        return claim(*args)

    # Two at the same door: SQLite takes its lock at the start of a transaction, before the claim.
    if connection.vendor == "postgresql":
        monkeypatch.setattr(idempotency, "_claim", claim_together)
    answers: list[Any] = []

    def call() -> None:
        caller = System.__new__(System)
        caller.headers = here.headers
        try:
            answers.append((*caller.post("episodes/", entry_of(), key="a-1"), dict(caller.last.headers)))
        finally:
            connection.close()

    run(call, call)
    assert [status for status, _body, _headers in answers] == [201, 201]
    assert answers[0][1] == answers[1][1]
    assert sum("Idempotent-Replay" in headers for _status, _body, headers in answers) == 1
    assert Episode.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_the_same_person_from_two_systems_at_once_is_one_episode(here: System) -> None:
    def call() -> None:
        caller = System.__new__(System)
        caller.headers = here.headers
        try:
            answers.append(caller.post("episodes/", entry_of(id_number=resident_id(9))))
        finally:
            connection.close()

    answers: list[Any] = []
    run(call, call)
    assert sorted(status for status, _body in answers) == [200, 201]
    assert Episode.objects.count() == Person.objects.count() == 1


def run(*calls: Callable[[], None]) -> None:
    """All at the same time."""
    threads = [threading.Thread(target=call) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
