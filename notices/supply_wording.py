"""What messages about needs say: number, kind and place to the staff, the state to the resident; no names.

Context: `number`, `kind` (code of what is needed), `place`, `due_at`, `state`, `site` (name of a hospital),
`count` (how many key persons), `notice_phone`; of stock how many: `below_minimum`, `expires_soon`, `expired`;
of mutual supply `step`, `item`, `quantity` with its unit, `asking`, `offering`, `wanted_on`.
"""

from collections.abc import Callable

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from notices.phrases import Context, Wording, instant, number_in, on_day, sentences, whom_to_ask
from notices.rules import MessageKind


def _what(context: Context) -> str:
    words = {
        "food": _("Food and daily goods"),
        "medicine": _("Medicine"),
        "doctor": _("Doctor"),
        "emergency": _("Emergency"),
        "talk": _("Someone to talk to"),
        "alone": _("A child or an old person is alone"),
        "pet": _("A pet"),
    }
    return words.get(str(context.get("kind"))) or _("A need")


def _where(context: Context) -> str:
    place = context.get("place")
    return _("Place: %(place)s.") % {"place": place} if place else ""


def _due(context: Context) -> str:
    at = instant(context.get("due_at"))
    return _("Due %(at)s.") % {"at": at} if at else ""


def _emergency(context: Context) -> Wording:
    return Wording(
        _("Emergency: no. %(number)s") % {"number": context.get("number", "")},
        sentences(_where(context), _("Has 120 been called? Ask a hospital now, and see the person there.")),
    )


def _late(context: Context) -> Wording:
    number = context.get("number")
    title = (
        _("%(what)s: no. %(number)s is past its limit") % {"what": _what(context), "number": number}
        if number
        else _("%(what)s: past its limit") % {"what": _what(context)}
    )
    told = _("Please see to it now; the resident reads on their page that we are late.")
    return Wording(title, sentences(_where(context), _due(context), told))


def _update(context: Context) -> Wording:
    told = {
        "at_door": _("What you asked for (no. %(number)s) is at your door."),
        "not_met": _(
            "What you asked for (no. %(number)s) can't be brought; your page says why and what instead."
        ),
        "asked_again": _(
            "Your building is open again. What you asked for (no. %(number)s) is still with us: "
            "do you still want it? Please say so on your page, or call."
        ),
    }
    text = told.get(str(context.get("state"))) or _("There is news about your request no. %(number)s.")
    return Wording(
        _("Your request"), sentences(text % {"number": context.get("number", "")}, whom_to_ask(context))
    )


def _care_refused(context: Context) -> Wording:
    return Wording(
        _("A hospital refused: no. %(number)s") % {"number": context.get("number", "")},
        sentences(
            _("%(site)s refused.") % {"site": context["site"]} if context.get("site") else "",
            _where(context),
            _("It stays responsible until another has accepted; the next one is asked now."),
        ),
    )


def _care_calls(context: Context) -> Wording:
    count = number_in(context)
    title = ngettext("%(n)d key person to call", "%(n)d key persons to call", count) % {"n": count}
    return Wording(title, _("They are behind a closed door, or their day has come."))


def _stock_alerts(context: Context) -> Wording:
    below, soon, expired = (
        int(context.get(name) or 0) for name in ("below_minimum", "expires_soon", "expired")
    )
    lines = [
        ngettext("%(n)d item below its minimum.", "%(n)d items below their minimum.", below) % {"n": below}
        if below
        else "",
        ngettext("%(n)d lot has expired.", "%(n)d lots have expired.", expired) % {"n": expired}
        if expired
        else "",
        ngettext("%(n)d lot expires soon.", "%(n)d lots expire soon.", soon) % {"n": soon} if soon else "",
    ]
    return Wording(_("Stock: short or expiring"), sentences(*lines))


def _mutual_supply(context: Context) -> Wording:
    """What the other end did, and what is ours to do now."""
    words = {name: context.get(name) or "" for name in ("asking", "offering", "item", "quantity")}
    titles = {
        "ask": _("%(asking)s asks for %(quantity)s of %(item)s"),
        "offer": _("%(offering)s offers %(quantity)s of %(item)s"),
        "agree": _("%(asking)s has agreed: %(quantity)s of %(item)s"),
        "decline": _("%(asking)s does not take the offer of %(item)s"),
        "take_back": _("%(offering)s takes the offer of %(item)s back"),
        "withdraw": _("%(asking)s does not need %(item)s any more"),
        "ship": _("On the way from %(offering)s: %(quantity)s of %(item)s"),
        "receive": _("%(asking)s has received %(quantity)s of %(item)s"),
    }
    todo = {
        "ask": _("Whoever can spare some offers it on the page."),
        "offer": _("Please agree, and name the store that it comes to."),
        "agree": _("Please send it off."),
        "ship": _("Please count it when it arrives, and write down what is there."),
    }
    step = str(context.get("step"))
    wanted = on_day(context.get("wanted_on")) if step == "ask" else ""
    title = titles.get(step) or _("Mutual supply: news of %(item)s")
    by_when = _("Wanted on %(day)s.") % {"day": wanted} if wanted else ""
    return Wording(title % words, sentences(by_when, todo.get(step, "")))


SUPPLY_WRITERS: dict[MessageKind, Callable[[Context], Wording]] = {
    MessageKind.NEED_EMERGENCY: _emergency,
    MessageKind.NEED_LATE: _late,
    MessageKind.NEED_UPDATE: _update,
    MessageKind.CARE_REFUSED: _care_refused,
    MessageKind.CARE_CALLS: _care_calls,
    MessageKind.STOCK_ALERTS: _stock_alerts,
    MessageKind.MUTUAL_SUPPLY: _mutual_supply,
}
