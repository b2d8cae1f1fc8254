"""What each message says, made from its kind and context when it is sent or shown: no names, no ID numbers.

Numbers and clauses come from the context, which got them from the edition; dates are ISO strings there.
A key that is missing leaves its part of the sentence out.
"""

from collections.abc import Callable

from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from notices.complaint_wording import COMPLAINT_WRITERS
from notices.phrases import (
    Context,
    Wording,
    by_places,
    clause_of,
    day_sentence,
    file_number,
    in_brackets,
    instant,
    number_in,
    on_day,
    sentences,
    whom_to_ask,
)
from notices.rules import MESSAGE_KINDS, MessageKind
from notices.supply_wording import SUPPLY_WRITERS
from notices.zone_wording import ZONE_WRITERS


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


# ── to the resident ──────────────────────────────────────────────────────────────────────────────


def _test_tomorrow(context: Context) -> Wording:
    day = in_brackets(on_day(context.get("on")))
    told = _("You have a nucleic acid test tomorrow%(day)s.") % {"day": day}
    return Wording(_("Nucleic acid test tomorrow"), sentences(told, _where_to_wait(), whom_to_ask(context)))


def _test_today(context: Context) -> Wording:
    day = in_brackets(on_day(context.get("on")))
    told = _("You have a nucleic acid test today%(day)s.") % {"day": day}
    return Wording(_("Nucleic acid test today"), sentences(told, _where_to_wait(), whom_to_ask(context)))


def _where_to_wait() -> str:
    return _("Please wait for the samplers as your community or isolation site has told you.")


def _released(context: Context) -> Wording:
    days = int(context.get("days") or 0)
    length = ngettext("%(n)d day", "%(n)d days", days) % {"n": days} if days else ""
    on = on_day(context.get("release_on"))
    return Wording(
        _("Your restriction has ended"),
        sentences(
            _("Your time under restriction%(length)s is over%(clause)s.")
            % {"length": in_brackets(length), "clause": clause_of(context)},
            _("You are free from %(day)s 00:00.") % {"day": on} if on else _("You are free."),
            _("If your health code has not changed, or anybody holds you back, tell your community."),
            whom_to_ask(context),
        ),
    )


# ── to the staff ─────────────────────────────────────────────────────────────────────────────────


def _tests_tomorrow(context: Context) -> Wording:
    count = number_in(context)
    title = ngettext("%(n)d test to take tomorrow", "%(n)d tests to take tomorrow", count) % {"n": count}
    return Wording(title, sentences(day_sentence(context), by_places(context)))


def _tests_today(context: Context) -> Wording:
    count = number_in(context)
    title = ngettext("%(n)d test to take today", "%(n)d tests to take today", count) % {"n": count}
    return Wording(title, sentences(day_sentence(context), by_places(context)))


def _tests_overdue(context: Context) -> Wording:
    count = number_in(context)
    title = ngettext("%(n)d test was not taken", "%(n)d tests were not taken", count) % {"n": count}
    oldest = on_day(context.get("oldest_on"))
    return Wording(
        title,
        sentences(
            _("The oldest was due on %(day)s.") % {"day": oldest} if oldest else "",
            _("A test that nobody came to take is our failure; it delays nobody's release."),
        ),
    )


def _stage_changes(context: Context) -> Wording:
    count = number_in(context)
    title = ngettext("%(n)d person goes home today", "%(n)d people go home today", count) % {"n": count}
    if "unchecked" not in context:
        checks = ""
    elif unchecked := int(context["unchecked"] or 0):
        checks = ngettext(
            "The home of %(n)d of them has not been checked; that comes before home isolation%(clause)s.",
            "The homes of %(n)d of them have not been checked; that comes before home isolation%(clause)s.",
            unchecked,
        ) % {"n": unchecked, "clause": clause_of(context)}
    else:
        checks = _("The homes of all of them are checked.")
    return Wording(title, sentences(day_sentence(context), checks))


def _releases(context: Context) -> Wording:
    count = number_in(context)
    title = ngettext("%(n)d person is released today", "%(n)d people are released today", count) % {
        "n": count
    }
    on = on_day(context.get("on"))
    return Wording(
        title,
        sentences(
            _("Free from %(day)s 00:00.") % {"day": on} if on else "",
            _("Still ours to do: lift the health code, tell them, and bring home who is not there yet."),
        ),
    )


def _code_assigned(context: Context) -> Wording:
    return Wording(_("Health code assigned"), sentences(file_number(context), _since(context)))


def _code_lifted(context: Context) -> Wording:
    return Wording(_("Health code lifted"), sentences(file_number(context), _since(context)))


def _since(context: Context) -> str:
    at = instant(context.get("at"))
    return _("Since %(at)s.") % {"at": at} if at else ""


def _positive(context: Context) -> Wording:
    on = on_day(context.get("on"))
    return Wording(
        _("Positive result: to be transferred"),
        sentences(
            file_number(context),
            _("Test of %(day)s.") % {"day": on} if on else "",
            _("Arrange the transfer, trace the contacts and judge the spread%(clause)s.")
            % {"clause": clause_of(context)},
        ),
    )


def _handover(context: Context) -> Wording:
    titles = {
        "offered": _("Handover offered: please answer"),
        "accepted": _("Handover accepted"),
        "given_back": _("Handover given back"),
    }
    state = str(context.get("state") or "")
    return Wording(
        titles.get(state) or _("Handover"), sentences(file_number(context)) or _("See the register.")
    )


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
    **ZONE_WRITERS,
    **COMPLAINT_WRITERS,
    **SUPPLY_WRITERS,
}
