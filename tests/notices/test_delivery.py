"""The outbox at work: once each, in time, after failures, in parallel and after kill -9."""

import datetime as dt
import os
import signal
import subprocess
import sys
import threading
import uuid
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection, connections
from pytest_django import Settings

from accounts.encryption import encrypt
from accounts.models import Area
from notices.actions import enqueue
from notices.models import Message
from notices.rules import STALE_AFTER, Channel, Failure, MessageKind, MessageState, pause_after
from notices.tasks import GIVE_UP_AFTER, Outcome, deliver, deliver_due, expire, expire_unsent
from tests.notices.conftest import NOON, PHONE, Received, Receiver, draft, message

MINUTE = dt.timedelta(minutes=1)
EARLIER = NOON - 10 * MINUTE


def at(moment: dt.datetime) -> Any:
    return lambda: moment


# ── once each ────────────────────────────────────────────────────────────────────────────────────


def test_a_message_goes_out_once_and_its_number_is_forgotten(home: Area, sms: Receiver) -> None:
    waiting = message(home)
    assert deliver_due(now=at(NOON)).count(Outcome.SENT) == 1
    assert deliver_due(now=at(NOON + MINUTE)).count(Outcome.SENT) == 0
    waiting.refresh_from_db()
    assert (waiting.state, waiting.sent_at, waiting.claim) == (MessageState.SENT, NOON, "")
    assert waiting.recipient == ""
    assert [got.json["to"] for got in sms.received] == [PHONE]


def test_nobody_is_told_twice_whatever_was_drafted_again(home: Area, sms: Receiver) -> None:
    enqueue([draft(home), draft(home)], at=NOON)
    enqueue([draft(home, context={"on": "2022-12-01"})], at=NOON + MINUTE)
    deliver_due(now=at(NOON + MINUTE))
    enqueue([draft(home)], at=NOON + 2 * MINUTE)
    deliver_due(now=at(NOON + 2 * MINUTE))
    assert Message.objects.count() == 1
    assert len(sms.received) == 1


def test_news_in_the_inbox_has_arrived_when_it_is_written(home: Area) -> None:
    written = message(home, channel=Channel.INBOX, recipient="")
    assert (written.state, written.sent_at) == (MessageState.SENT, NOON)


def test_rows_that_a_sweep_inserts_by_sql_are_delivered_alike(home: Area, sms: Receiver) -> None:
    stamp: Any = NOON.astimezone(dt.UTC)
    stamp = stamp.replace(tzinfo=None).isoformat(" ") if connection.vendor == "sqlite" else stamp
    with connection.cursor() as cursor:
        for key, channel, recipient in (
            ("released:1", "sms", encrypt(PHONE)),
            ("news:1", "inbox", ""),
            ("broken:1", "sms", "not what any key opens"),
        ):
            cursor.execute(
                """INSERT INTO notices_message (key, kind, channel, community_id, subject, recipient, context,
                       state, created_at, next_attempt_at, not_after, attempts, last_error, claim)
                   VALUES (%s, 'released', %s, %s, 'episode:1', %s, '{"release_on": "2022-11-16"}',
                       'pending', %s, %s, NULL, 0, '', '')""",
                [key, channel, home.pk, recipient, stamp, stamp],
            )
    deliver_due(now=at(NOON))
    assert [got.json["to"] for got in sms.received] == [PHONE]
    states = dict(Message.objects.values_list("key", "state"))
    assert states == {"released:1": "sent", "news:1": "sent", "broken:1": "pending"}
    assert Message.objects.filter(last_error=Failure.UNREADABLE).count() == 1


def test_two_deliveries_that_choose_the_same_rows_get_each_row_once(home: Area, sms: Receiver) -> None:
    for n in range(6):
        message(home, key=f"m{n}")
    first = Message.objects.claim_some(Channel.SMS, token="first", at=NOON, limit=4)
    second = Message.objects.claim_some(Channel.SMS, token="second", at=NOON, limit=6)
    assert {found.key for found in first} == {"m0", "m1", "m2", "m3"}
    assert {found.key for found in second} == {"m4", "m5"}
    assert deliver_due(now=at(NOON)).tally == {}  # all in somebody's hands


def test_a_row_that_a_rival_took_between_choosing_and_claiming_stays_the_rivals(
    home: Area, sms: Receiver
) -> None:
    taken, left = message(home, key="taken"), message(home, key="left")

    def rival(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if (
            sql.startswith("UPDATE")
            and "rival" not in sql
            and not Message.objects.filter(claim="rival").exists()
        ):
            with connection.cursor() as cursor:
                cursor.execute(
                    "UPDATE notices_message SET claim = 'rival', claimed_at = created_at WHERE id = %s",
                    [taken.pk],
                )
        return execute(sql, params, many, context)

    with connection.execute_wrapper(rival):
        claimed = list(Message.objects.claim_some(Channel.SMS, token="mine", at=NOON, limit=10))
    assert [found.pk for found in claimed] == [left.pk]
    assert Message.objects.get(pk=taken.pk).claim == "rival"


@pytest.mark.django_db(transaction=True)
def test_two_deliveries_at_once_send_each_message_once(home: Area, sms: Receiver) -> None:
    enqueue([draft(home, key=f"m{n}") for n in range(120)], at=NOON)
    start = threading.Barrier(2)

    def work() -> None:
        start.wait()
        try:
            deliver_due(now=at(NOON))
        finally:
            connections.close_all()

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    deliver_due(now=at(NOON))
    assert sorted(got.json["id"] for got in sms.received) == sorted(f"m{n}" for n in range(120))
    assert Message.objects.filter(state=MessageState.SENT).count() == 120


# ── crashes ──────────────────────────────────────────────────────────────────────────────────────


def test_what_a_killed_delivery_held_is_taken_over_after_a_few_minutes(home: Area, sms: Receiver) -> None:
    held = message(home)
    list(Message.objects.claim_some(Channel.SMS, token="killed", at=NOON, limit=10))
    deliver_due(now=at(NOON + STALE_AFTER - MINUTE))
    assert not sms.received
    deliver_due(now=at(NOON + STALE_AFTER))
    held.refresh_from_db()
    assert held.state == MessageState.SENT
    assert len(sms.received) == 1


def test_a_delivery_that_lost_its_claim_does_not_send(home: Area, sms: Receiver) -> None:
    message(home)
    [slow] = Message.objects.claim_some(Channel.SMS, token="slow", at=NOON, limit=1)
    deliver_due(now=at(NOON + STALE_AFTER))
    assert not slow.sign_of_life(token="slow", at=NOON + STALE_AFTER)
    assert not slow.mark_failed(token="slow", at=NOON + STALE_AFTER, failure="timeout")
    assert Message.objects.get().state == MessageState.SENT


@pytest.mark.processes
@pytest.mark.django_db(transaction=True)
def test_kill_minus_9_in_the_middle_loses_nothing_and_repeats_with_the_same_id(
    home: Area, sms: Receiver, settings: Settings
) -> None:
    now = dt.datetime.now(dt.UTC)
    enqueue([draft(home, key=f"m{n}") for n in range(5)], at=now)
    arrived, go_on = threading.Event(), threading.Event()

    def hold_the_third(_got: Received) -> None:
        if len(sms.received) == 3:
            arrived.set()
            go_on.wait(20)

    sms.before_answer = hold_the_third
    worker = subprocess.Popen(
        [sys.executable, "manage.py", "deliver_messages"],
        cwd=settings.BASE_DIR,
        env={
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "config.settings_test",
            "DATABASE_URL": database_url(),
            "SMS_URL": settings.SMS_URL,
        },
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        assert arrived.wait(30)
    finally:
        worker.send_signal(signal.SIGKILL)
        worker.wait()
        go_on.set()
    sms.before_answer = None
    assert Message.objects.filter(state=MessageState.SENT).count() == 2
    assert Message.objects.exclude(claim="").count() == 3

    later = dt.datetime.now(dt.UTC) + STALE_AFTER + MINUTE
    deliver_due(now=at(later))
    deliver_due(now=at(later + MINUTE))
    got = [request.json["id"] for request in sms.received]
    assert got == ["m0", "m1", "m2", "m2", "m3", "m4"]
    assert Message.objects.filter(state=MessageState.SENT).count() == 5


def database_url() -> str:
    """The test's own database, as another process opens it."""
    values = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{values['NAME']}"
    login = f"{values['USER']}:{values['PASSWORD']}@" if values["USER"] else ""
    return f"postgres://{login}{values['HOST']}:{values['PORT']}/{values['NAME']}"


# ── failures ─────────────────────────────────────────────────────────────────────────────────────


def test_pauses_grow_and_stay_at_six_hours() -> None:
    pauses = [pause_after(attempts) for attempts in range(1, 9)]
    assert pauses == sorted(pauses)
    assert pauses[0] == MINUTE
    assert pauses[1] > pauses[0]
    assert pauses[-1] == pauses[-2] == dt.timedelta(hours=6)


def test_a_failure_is_noted_and_tried_again_after_the_pause_with_the_same_id(
    home: Area, sms: Receiver
) -> None:
    failing = message(home)
    sms.answers = [(503, {}), (500, {})]
    moment = NOON
    for attempts, code in ((1, "http:503"), (2, "http:500")):
        assert deliver_due(now=at(moment)).count(Outcome.FAILED) == 1
        failing.refresh_from_db()
        assert (failing.state, failing.attempts, failing.last_error) == ("pending", attempts, code)
        assert failing.next_attempt_at == moment + pause_after(attempts)
        deliver_due(now=at(failing.next_attempt_at - dt.timedelta(seconds=1)))
        assert len(sms.received) == attempts
        moment = failing.next_attempt_at
    deliver_due(now=at(moment))
    failing.refresh_from_db()
    assert (failing.state, failing.attempts, failing.last_error) == ("sent", 2, "")
    assert len({got.json["id"] for got in sms.received}) == 1


def test_a_channel_that_is_down_is_left_alone_after_a_few_tries(home: Area, settings: Settings) -> None:
    settings.SMS_URL = "http://127.0.0.1:9/sms"
    for n in range(10):
        message(home, key=f"m{n}")
    assert deliver_due(now=at(NOON)).count(Outcome.FAILED) == GIVE_UP_AFTER
    assert Message.objects.filter(attempts=0, claim="", state=MessageState.PENDING).count() == 7


def test_one_message_that_cannot_be_made_does_not_hold_up_the_others(home: Area, sms: Receiver) -> None:
    bad = message(home, key="a-bad-one", context={"on": "no date at all"})
    message(home, key="b-good-one")
    delivery = deliver_due(now=at(NOON))
    assert (delivery.count(Outcome.SENT), delivery.count(Outcome.FAILED)) == (1, 1)
    bad.refresh_from_db()
    assert bad.last_error == "broken:ValueError"


# ── nothing after the end ────────────────────────────────────────────────────────────────────────


def test_the_last_instant_before_its_end_a_message_is_sent(home: Area, sms: Receiver) -> None:
    message(home, at=EARLIER, not_after=NOON)
    deliver_due(now=at(NOON - dt.timedelta(microseconds=1)))
    assert len(sms.received) == 1


def test_at_its_end_a_message_is_not_sent_but_expires(home: Area, sms: Receiver) -> None:
    late = message(home, at=EARLIER, not_after=NOON)
    assert expire_unsent(at=NOON - dt.timedelta(microseconds=1)) == 0
    deliver_due(now=at(NOON))
    assert not sms.received
    assert expire_unsent(at=NOON) == 1
    late.refresh_from_db()
    assert (late.state, late.recipient) == (MessageState.EXPIRED, "")
    deliver_due(now=at(NOON - MINUTE))
    assert not sms.received


def test_the_end_is_asked_for_again_right_before_each_message(home: Area, sms: Receiver) -> None:
    for n in range(3):
        message(home, key=f"m{n}", at=EARLIER, not_after=NOON)
    deliver_due(now=lambda: NOON if len(sms.received) == 2 else NOON - MINUTE)
    assert len(sms.received) == 2
    assert expire_unsent(at=NOON) == 1


def test_what_is_on_its_way_at_its_end_is_noted_as_sent_not_as_expired(home: Area, sms: Receiver) -> None:
    message(home, at=EARLIER, not_after=NOON)
    [sending] = Message.objects.claim_some(Channel.SMS, token="mine", at=NOON - MINUTE, limit=1)
    assert sending.sign_of_life(token="mine", at=NOON - MINUTE)
    assert expire_unsent(at=NOON) == 0
    assert sending.mark_sent(token="mine", at=NOON)
    sending.refresh_from_db()
    assert sending.state == MessageState.SENT


@pytest.mark.parametrize("channel", [Channel.SMS, Channel.GROUP_BOT])
def test_a_message_without_an_end_of_its_own_is_not_tried_for_ever(
    home: Area, sms: Receiver, channel: Channel
) -> None:
    message(home, channel=channel)
    assert Message.objects.past_their_time(NOON + dt.timedelta(days=3)).count() == 1


def test_a_change_of_the_health_code_never_expires(home: Area, health_code: Receiver) -> None:
    message(home, channel=Channel.HEALTH_CODE, kind=MessageKind.CODE_LIFTED)
    health_code.answers = [(500, {})]
    deliver_due(now=at(NOON))
    assert expire_unsent(at=NOON + dt.timedelta(days=300)) == 0
    assert deliver_due(now=at(NOON + dt.timedelta(days=300))).count(Outcome.SENT) == 1


# ── the order of the health code ─────────────────────────────────────────────────────────────────


def code(home: Area, kind: MessageKind, moment: dt.datetime, number: int = 1) -> Message:
    return message(
        home,
        key=f"{kind}:{number}:{moment:%H%M}",
        channel=Channel.HEALTH_CODE,
        kind=kind,
        recipient="",
        subject=f"episode:{number}",
        context={"episode": number, "code": kind.split("_")[1], "at": moment.isoformat()},
        at=moment,
    )


def test_a_code_that_was_lifted_is_not_assigned_again_by_an_older_message(
    home: Area, health_code: Receiver
) -> None:
    health_code.answers = [(503, {})]
    assigned = code(home, MessageKind.CODE_ASSIGNED, NOON)
    deliver_due(now=at(NOON))
    code(home, MessageKind.CODE_LIFTED, NOON + MINUTE)
    deliver_due(now=at(NOON + 10 * MINUTE))
    deliver_due(now=at(NOON + 20 * MINUTE))
    assert [got.json["code"] for got in health_code.received] == ["assigned", "lifted"]
    assigned.refresh_from_db()
    assert (assigned.state, assigned.last_error) == (MessageState.EXPIRED, Failure.SUPERSEDED)


def test_a_later_change_waits_while_an_earlier_one_is_on_its_way(home: Area, health_code: Receiver) -> None:
    code(home, MessageKind.CODE_ASSIGNED, NOON)
    list(Message.objects.claim_some(Channel.HEALTH_CODE, token="slow", at=NOON, limit=1))
    lifted = code(home, MessageKind.CODE_LIFTED, NOON + MINUTE)
    deliver_due(now=at(NOON + MINUTE))
    assert not health_code.received
    lifted.refresh_from_db()
    assert (lifted.state, lifted.attempts) == (MessageState.PENDING, 0)
    deliver_due(now=at(NOON + STALE_AFTER + MINUTE))
    assert [got.json["code"] for got in health_code.received] == ["lifted"]


def test_the_codes_of_two_people_do_not_wait_for_each_other(home: Area, health_code: Receiver) -> None:
    code(home, MessageKind.CODE_ASSIGNED, NOON, number=1)
    code(home, MessageKind.CODE_LIFTED, NOON + MINUTE, number=2)
    assert deliver_due(now=at(NOON + MINUTE)).count(Outcome.SENT) == 2


# ── switched off, dry runs, commands ─────────────────────────────────────────────────────────────


def test_a_channel_that_is_switched_off_later_stops_what_still_waits(
    home: Area, sms: Receiver, settings: Settings
) -> None:
    waiting = message(home)
    settings.SMS_URL = ""
    assert deliver_due(now=at(NOON)).count(Outcome.SWITCHED_OFF) == 1
    waiting.refresh_from_db()
    assert (waiting.state, waiting.recipient) == (MessageState.OFF, "")
    assert not sms.received


def rows() -> list[dict[str, Any]]:
    return list(Message.objects.order_by("pk").values())


def test_a_dry_run_says_what_would_be_sent_and_changes_nothing(home: Area, sms: Receiver) -> None:
    message(home, key="due")
    message(home, key="not-yet", at=NOON + MINUTE)
    before = rows()
    delivery = deliver_due(now=at(NOON), dry_run=True)
    assert delivery.tally == {(Channel.SMS, Outcome.SENT): 1}
    assert (rows(), sms.received) == (before, [])


def test_a_dry_run_of_the_expiry_counts_and_changes_nothing(home: Area, sms: Receiver) -> None:
    message(home, at=EARLIER, not_after=NOON)
    before = rows()
    assert expire_unsent(at=NOON, dry_run=True) == 1
    assert rows() == before


def test_the_commands_do_what_the_tasks_do(home: Area, sms: Receiver, the_day: Any) -> None:
    the_day(NOON.date())
    message(home, key="due", at=NOON - MINUTE)
    message(home, key="late", at=NOON - 2 * MINUTE, not_after=NOON - MINUTE)
    said = StringIO()
    for name in ("deliver_messages", "expire_messages"):
        call_command(name, "--dry-run", stdout=said)
    assert said.getvalue() == "sms: 1 would be sent\n1 would expire\n"
    assert not sms.received
    said = StringIO()
    for name in ("deliver_messages", "expire_messages", "deliver_messages"):
        call_command(name, stdout=said)
    assert said.getvalue() == "sms: 1 sent\n1 expired\nnothing is due\n"


def test_the_tasks_carry_no_argument_and_read_the_clock_themselves(
    home: Area, sms: Receiver, the_day: Any
) -> None:
    the_day(NOON.date())
    message(home, key="due", at=NOON - MINUTE)
    message(home, key="late", at=NOON - 2 * MINUTE, not_after=NOON - MINUTE)
    deliver()
    expire()
    assert dict(Message.objects.values_list("key", "state")) == {"due": "sent", "late": "expired"}


def test_a_delivery_costs_two_queries_a_message_and_few_beside(
    home: Area, sms: Receiver, django_assert_max_num_queries: Any
) -> None:
    enqueue([draft(home, key=uuid.uuid4().hex) for _ in range(20)], at=NOON)
    with django_assert_max_num_queries(20 * 2 + 16):
        deliver_due(now=at(NOON))
    assert len(sms.received) == 20
