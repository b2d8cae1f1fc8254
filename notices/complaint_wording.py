"""What messages about complaints say: number, behaviour and limit; never who complained or what was written.

What leaves the house for an office says less: that something waits there, and until when.

Context: `number`, `behaviour` (its words by language), `clause`, `due_at`, `office` (to whom it is told),
`what` (to the complainant), `track` (where it is followed), `secret` (only where the caller asked for it),
`named` (the office of a public naming).
"""

from collections.abc import Callable

from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from notices.phrases import Context, Wording, clause_of, instant, sentences
from notices.rules import MessageKind


def _behaviour(context: Context) -> str:
    words = context.get("behaviour") or {}
    label = words.get("zh-hans" if (get_language() or "").startswith("zh") else "en") or ""
    return _("%(behaviour)s%(clause)s.") % {"behaviour": label, "clause": clause_of(context)} if label else ""


def _number(context: Context) -> str:
    return context.get("number") or "…"


def _due(context: Context) -> str:
    at = instant(context.get("due_at"))
    return _("Due %(at)s.") % {"at": at} if at else ""


def _titled(title: str, context: Context) -> Wording:
    return Wording(title % {"number": _number(context)}, sentences(_behaviour(context), _due(context)))


def _waits(title: str, context: Context, outside: str = "") -> Wording:
    """In the inbox with its number; where others of the area read along, only for whom it waits."""
    if context.get("number"):
        return _titled(title, context)
    return Wording(
        outside or _("Something waits at the complaint desk"),
        sentences(
            _("%(office)s: please look into your queue.") % {"office": _office(context)}, _due(context)
        ),
    )


def _office(context: Context) -> str:
    return str(context.get("office") or "…")


def _urgent(context: Context) -> Wording:
    outside = _("Urgent: something waits at the complaint desk")
    return _waits(_("Urgent complaint no. %(number)s"), context, outside)


def _referred(context: Context) -> Wording:
    return _waits(_("Complaint no. %(number)s is referred to you"), context)


def _late(context: Context) -> Wording:
    return _waits(_("Complaint no. %(number)s is past its limit"), context)


def _gross(context: Context) -> Wording:
    return _waits(_("Complaint no. %(number)s is grossly past its limit"), context)


def _update(context: Context) -> Wording:
    said = {
        "filed": _("Your complaint no. %(number)s has been filed."),
        "asked": _("The office has a question about your complaint no. %(number)s."),
        "answered": _(
            "Your complaint no. %(number)s has been answered. Please say whether you are satisfied."
        ),
        "closed": _("Your complaint no. %(number)s has been closed. If you are not satisfied, say so."),
        "declined": _("Your complaint no. %(number)s was not accepted; the reason stands beside it."),
    }
    text = said.get(str(context.get("what"))) or _("There is news about your complaint no. %(number)s.")
    return Wording(
        _("Your complaint"),
        sentences(
            text % {"number": _number(context)},
            _("Read it with the number and the secret of your receipt."),
            _("Where: %(track)s.") % {"track": context["track"]} if context.get("track") else "",
            _("Secret: %(secret)s.") % {"secret": context["secret"]} if context.get("secret") else "",
        ),
    )


def _to_purge(context: Context) -> Wording:
    count = int(context.get("count") or 0)
    title = ngettext(
        "Personal data of %(n)d complaint will be deleted",
        "Personal data of %(n)d complaints will be deleted",
        count,
    )
    return Wording(
        title % {"n": count},
        sentences(
            _("In a week at the earliest, because they ended %(days)s days ago by then.")
            % {"days": context.get("days", "")},
            _("Name, telephone, texts and files are destroyed; the figures stay."),
            _("Whatever is still needed, such as an open supervision order or naming, keeps its complaint."),
        ),
    )


def _order_issued(context: Context) -> Wording:
    return _titled(_("Supervision order no. %(number)s to your office"), context)


def _order_reported(context: Context) -> Wording:
    return Wording(
        _("Supervision order no. %(number)s: report to verify") % {"number": _number(context)},
        _("The office has reported what it put right. Please verify it."),
    )


def _order_late(context: Context) -> Wording:
    return _titled(_("Supervision order no. %(number)s is past its date"), context)


def _naming_proposed(context: Context) -> Wording:
    if not context.get("named"):
        return Wording(
            _("A draft waits for approval"),
            _("%(office)s: please look into the list of publications.") % {"office": _office(context)},
        )
    return Wording(
        _("Public naming proposed: %(office)s") % {"office": context.get("named", "")},
        sentences(_behaviour(context), _("Please look at the draft; two people have to approve it.")),
    )


def _naming_published(context: Context) -> Wording:
    return Wording(
        _("Your office has been named in public"),
        sentences(_behaviour(context), _("You have the right of reply; it is published beneath.")),
    )


COMPLAINT_WRITERS: dict[MessageKind, Callable[[Context], Wording]] = {
    MessageKind.COMPLAINT_URGENT: _urgent,
    MessageKind.COMPLAINT_REFERRED: _referred,
    MessageKind.COMPLAINT_LATE: _late,
    MessageKind.COMPLAINT_GROSS: _gross,
    MessageKind.COMPLAINT_UPDATE: _update,
    MessageKind.COMPLAINTS_TO_PURGE: _to_purge,
    MessageKind.ORDER_ISSUED: _order_issued,
    MessageKind.ORDER_REPORTED: _order_reported,
    MessageKind.ORDER_LATE: _order_late,
    MessageKind.NAMING_PROPOSED: _naming_proposed,
    MessageKind.NAMING_PUBLISHED: _naming_published,
}
