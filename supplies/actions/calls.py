"""Calls that came in: written down with what was asked for, and called back when that was promised."""

import datetime as dt
import hashlib
from collections.abc import Iterable

from django.db import transaction
from django.db.models import QuerySet

from accounts.encryption import keyed_digest
from accounts.models import Area, User
from cases.models import Person
from cases.models.person import tail_digest
from cases.rules import tidy_phone
from supplies.actions.asking import Ask, ask_for
from supplies.models import Call, Hotline, HotlineShift

WEEK = dt.timedelta(days=7)


def take_call(
    *,
    area: Area,
    by: User,
    at: dt.datetime,
    token: str,
    person: Person | None = None,
    phone: str = "",
    hotline: Hotline | None = None,
    note: str = "",
    asks: Iterable[Ask] = (),
    call_back_at: dt.datetime | None = None,
) -> Call:
    """Write down a call with every need that came of it; a form sent twice gives the first call again.

    Raises BadInput where a need says nothing.
    """
    key = hashlib.sha256(f"call\0{token}".encode()).hexdigest()
    number = tidy_phone(phone)
    with transaction.atomic():
        call, made = Call.objects.get_or_create(
            key=key,
            defaults={
                "area": area,
                "hotline": hotline,
                "at": at,
                "taken_by": by,
                "phone": number,
                "phone_digest": keyed_digest("phone", number),
                "phone_tail_digest": tail_digest(number),
                "person": person,
                "note": note[:300],
                "call_back_at": call_back_at,
            },
        )
        if made:
            needs = [ask_for(each, token=f"{token}:{row}", at=at, by=by) for row, each in enumerate(asks)]
            call.needs.set(needs)
    return call


def mark_checked(lines: QuerySet[Hotline], *, on: dt.date) -> int:
    """Note that these lines were called on that date and answered; returns how many."""
    return Hotline.objects.filter(pk__in=lines.values("pk")).update(checked_on=on)


@transaction.atomic
def repeat_week(lines: QuerySet[Hotline]) -> int:
    """Write the last week of each line's roster once more, a week later; returns how many shifts are new.

    A shift that is there already is left alone, so that a part filled in by hand stays as it is.
    """
    shifts = HotlineShift.objects.filter(hotline__in=lines.values("pk")).order_by("hotline", "starts_at")
    known = {(each.hotline_id, each.user_id, each.starts_at) for each in shifts}
    last = {each.hotline_id: each.starts_at for each in shifts}  # in order: the latest stays
    copies = [
        HotlineShift(
            hotline_id=each.hotline_id,
            user_id=each.user_id,
            starts_at=each.starts_at + WEEK,
            ends_at=each.ends_at + WEEK,
        )
        for each in shifts
        if each.starts_at > last[each.hotline_id] - WEEK
    ]
    new = [each for each in copies if (each.hotline_id, each.user_id, each.starts_at) not in known]
    HotlineShift.objects.bulk_create(new)
    return len(new)


def called_back(*, call: Call, by: User, at: dt.datetime) -> bool:
    """Note that the caller was called back; returns whether we did it."""
    waiting = Call.objects.to_call_back().filter(pk=call.pk)
    return bool(waiting.update(called_back_at=at, called_back_by=by))
