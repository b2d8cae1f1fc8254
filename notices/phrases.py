"""The phrases that messages are made of: dates, clauses, places, in the language that is active."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils import formats, timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

Context = Mapping[str, Any]

MOST_PLACES = 12
"""A digest names so many places; a group bot takes 2048 bytes."""


@dataclass(frozen=True, slots=True)
class Wording:
    """The words of one message: a title for lists and subjects, a body that is enough by itself."""

    title: str
    body: str


def on_day(written: object) -> str:
    """A date in full, such as "Wednesday 16 November"; "" for none."""
    if not written:
        return ""
    on = dt.date.fromisoformat(str(written)[:10])
    return formats.date_format(on, pgettext("date format", "l j F"))


def instant(written: object) -> str:
    """Date and time of day in Asia/Shanghai; "" for none."""
    if not written:
        return ""
    at = dt.datetime.fromisoformat(str(written))
    local = timezone.localtime(at) if timezone.is_aware(at) else at
    return f"{on_day(local.date())} {local:%H:%M}"


def sentences(*parts: str) -> str:
    """Those parts that there are, as one text; after a Chinese full stop stands no blank."""
    return " ".join(part for part in parts if part).replace("。 ", "。")


def in_brackets(inside: str) -> str:
    """A remark behind a word; "" for none."""
    return pgettext("behind a word", " (%(inside)s)") % {"inside": inside} if inside else ""


def clause_of(context: Context) -> str:
    """The clause at the end of a sentence, in the brackets in which pages make a link of it."""
    clause = context.get("clause")
    return f"〔{clause}〕" if clause else ""


def by_places(context: Context) -> str:
    """How many at which place, the busiest first as given; the rest as a number."""
    by_place = list(context.get("by_place") or [])
    shown = [
        pgettext("place and number of people", "%(place)s %(n)d") % {"place": place, "n": number}
        for place, number in by_place[:MOST_PLACES]
    ]
    if not shown:
        return ""
    rest = len(by_place) - len(shown)
    if rest:
        shown.append(ngettext("%(n)d more place", "%(n)d more places", rest) % {"n": rest})
    listed = pgettext("between places", "; ").join(shown)
    return _("By place: %(places)s.") % {"places": listed}


def whom_to_ask(context: Context) -> str:
    """The number for questions; "" where none is set."""
    phone = context.get("notice_phone")
    return _("Questions: %(phone)s.") % {"phone": phone} if phone else ""


def day_sentence(context: Context) -> str:
    """The date `on` as a sentence of its own."""
    on = on_day(context.get("on"))
    return _("%(day)s.") % {"day": on} if on else ""


def number_in(context: Context) -> int:
    """The `count`, 0 for none."""
    return int(context.get("count") or 0)


def file_number(context: Context) -> str:
    """Which episode it is about."""
    number = context.get("episode")
    return _("File no. %(number)s.") % {"number": number} if number else ""
