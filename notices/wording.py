"""What each message says, made from its kind and context when it is sent or shown: no names, no ID numbers.

Numbers and clauses come from the context, which got them from the edition; dates are ISO strings there.
A key that is missing leaves its part of the sentence out.
"""

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils import formats, timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from notices.rules import MESSAGE_KINDS, MessageKind

Context = Mapping[str, Any]

MOST_PLACES = 12
"""A digest names so many places; a group bot takes 2048 bytes."""


@dataclass(frozen=True, slots=True)
class Wording:
    """The words of one message: a title for lists and subjects, a body that is enough by itself."""

    title: str
    body: str


def compose(kind: MessageKind | str, context: Context, language: str) -> Wording:
    """The words for that kind in that language ("zh-hans", "en").

    Raises ValueError for an unknown kind or a date that is none. `context["area"]`, where there is one,
    stands before the title: a group bot of a street hears of many communities.
    """
    with translation.override(language):
        wording = _WRITERS[MessageKind(kind)](context)
        if area := context.get("area"):
            title = _("%(area)s: %(title)s") % {"area": area, "title": wording.title}
            return Wording(title, wording.body)
        return wording


def wording_of(kind: str, context: Context, language: str) -> Wording:
    """The same for a list, which shows the others even where one row makes no sense."""
    try:
        return compose(kind, context, language)
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError):
        with translation.override(language):
            return Wording(str(MESSAGE_KINDS.get(kind, kind)), "")  # type: ignore[call-overload]


# ── pieces ───────────────────────────────────────────────────────────────────────────────────────


def _day(written: object) -> str:
    """A date in full, such as "Wednesday 16 November"; "" for none."""
    if not written:
        return ""
    on = dt.date.fromisoformat(str(written)[:10])
    return formats.date_format(on, pgettext("date format", "l j F"))


def _instant(written: object) -> str:
    """Date and time of day in Asia/Shanghai; "" for none."""
    if not written:
        return ""
    at = dt.datetime.fromisoformat(str(written))
    local = timezone.localtime(at) if timezone.is_aware(at) else at
    return f"{_day(local.date())} {local:%H:%M}"


def _sentences(*parts: str) -> str:
    """Those parts that there are, as one text; after a Chinese full stop stands no blank."""
    return " ".join(part for part in parts if part).replace("。 ", "。")


def _in_brackets(inside: str) -> str:
    """A remark behind a word; "" for none."""
    return pgettext("behind a word", " (%(inside)s)") % {"inside": inside} if inside else ""


def _clause(context: Context) -> str:
    """The clause at the end of a sentence, in the brackets in which pages make a link of it."""
    clause = context.get("clause")
    return f"〔{clause}〕" if clause else ""


def _places(context: Context) -> str:
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


def _call(context: Context) -> str:
    phone = context.get("notice_phone")
    return _("Questions: %(phone)s.") % {"phone": phone} if phone else ""


def _day_sentence(context: Context) -> str:
    on = _day(context.get("on"))
    return _("%(day)s.") % {"day": on} if on else ""


def _count(context: Context) -> int:
    return int(context.get("count") or 0)


def _file(context: Context) -> str:
    number = context.get("episode")
    return _("File no. %(number)s.") % {"number": number} if number else ""


# ── to the resident ──────────────────────────────────────────────────────────────────────────────


def _test_tomorrow(context: Context) -> Wording:
    day = _in_brackets(_day(context.get("on")))
    told = _("You have a nucleic acid test tomorrow%(day)s.") % {"day": day}
    return Wording(_("Nucleic acid test tomorrow"), _sentences(told, _where_to_wait(), _call(context)))


def _test_today(context: Context) -> Wording:
    day = _in_brackets(_day(context.get("on")))
    told = _("You have a nucleic acid test today%(day)s.") % {"day": day}
    return Wording(_("Nucleic acid test today"), _sentences(told, _where_to_wait(), _call(context)))


def _where_to_wait() -> str:
    return _("Please wait for the samplers as your community or isolation site has told you.")


def _released(context: Context) -> Wording:
    days = int(context.get("days") or 0)
    length = ngettext("%(n)d day", "%(n)d days", days) % {"n": days} if days else ""
    on = _day(context.get("release_on"))
    return Wording(
        _("Your restriction has ended"),
        _sentences(
            _("Your time under restriction%(length)s is over%(clause)s.")
            % {"length": _in_brackets(length), "clause": _clause(context)},
            _("You are free from %(day)s 00:00.") % {"day": on} if on else _("You are free."),
            _("If your health code has not changed, or anybody holds you back, tell your community."),
            _call(context),
        ),
    )


# ── to the staff ─────────────────────────────────────────────────────────────────────────────────


def _tests_tomorrow(context: Context) -> Wording:
    count = _count(context)
    title = ngettext("%(n)d test to take tomorrow", "%(n)d tests to take tomorrow", count) % {"n": count}
    return Wording(title, _sentences(_day_sentence(context), _places(context)))


def _tests_today(context: Context) -> Wording:
    count = _count(context)
    title = ngettext("%(n)d test to take today", "%(n)d tests to take today", count) % {"n": count}
    return Wording(title, _sentences(_day_sentence(context), _places(context)))


def _tests_overdue(context: Context) -> Wording:
    count = _count(context)
    title = ngettext("%(n)d test was not taken", "%(n)d tests were not taken", count) % {"n": count}
    oldest = _day(context.get("oldest_on"))
    return Wording(
        title,
        _sentences(
            _("The oldest was due on %(day)s.") % {"day": oldest} if oldest else "",
            _("A test that nobody came to take is our failure; it delays nobody's release."),
        ),
    )


def _stage_changes(context: Context) -> Wording:
    count = _count(context)
    title = ngettext("%(n)d person goes home today", "%(n)d people go home today", count) % {"n": count}
    if "unchecked" not in context:
        checks = ""
    elif unchecked := int(context["unchecked"] or 0):
        checks = ngettext(
            "The home of %(n)d of them has not been checked; that comes before home isolation%(clause)s.",
            "The homes of %(n)d of them have not been checked; that comes before home isolation%(clause)s.",
            unchecked,
        ) % {"n": unchecked, "clause": _clause(context)}
    else:
        checks = _("The homes of all of them are checked.")
    return Wording(title, _sentences(_day_sentence(context), checks))


def _releases(context: Context) -> Wording:
    count = _count(context)
    title = ngettext("%(n)d person is released today", "%(n)d people are released today", count) % {
        "n": count
    }
    on = _day(context.get("on"))
    return Wording(
        title,
        _sentences(
            _("Free from %(day)s 00:00.") % {"day": on} if on else "",
            _("Still ours to do: lift the health code, tell them, and bring home who is not there yet."),
        ),
    )


def _code_assigned(context: Context) -> Wording:
    return Wording(_("Health code assigned"), _sentences(_file(context), _since(context)))


def _code_lifted(context: Context) -> Wording:
    return Wording(_("Health code lifted"), _sentences(_file(context), _since(context)))


def _since(context: Context) -> str:
    at = _instant(context.get("at"))
    return _("Since %(at)s.") % {"at": at} if at else ""


def _positive(context: Context) -> Wording:
    on = _day(context.get("on"))
    return Wording(
        _("Positive result: to be transferred"),
        _sentences(
            _file(context),
            _("Test of %(day)s.") % {"day": on} if on else "",
            _("Arrange the transfer, trace the contacts and judge the spread%(clause)s.")
            % {"clause": _clause(context)},
        ),
    )


def _handover(context: Context) -> Wording:
    titles = {
        "offered": _("Handover offered: please answer"),
        "accepted": _("Handover accepted"),
        "given_back": _("Handover given back"),
    }
    state = str(context.get("state") or "")
    return Wording(titles.get(state) or _("Handover"), _sentences(_file(context)) or _("See the register."))


_WRITERS: dict[MessageKind, Callable[[Context], Wording]] = {
    MessageKind.TEST_TOMORROW: _test_tomorrow,
    MessageKind.TEST_TODAY: _test_today,
    MessageKind.TESTS_TOMORROW: _tests_tomorrow,
    MessageKind.TESTS_TODAY: _tests_today,
    MessageKind.TESTS_OVERDUE: _tests_overdue,
    MessageKind.STAGE_CHANGES: _stage_changes,
    MessageKind.RELEASED: _released,
    MessageKind.RELEASES: _releases,
    MessageKind.CODE_ASSIGNED: _code_assigned,
    MessageKind.CODE_LIFTED: _code_lifted,
    MessageKind.POSITIVE: _positive,
    MessageKind.HANDOVER: _handover,
}
