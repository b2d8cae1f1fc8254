"""What messages about high-risk zones say, to the staff and to the people inside: no names, no infection.

Context: `compound`, `boundary` (the units as published) or `unit` (the one of the reader), `units` (how
many), `release_on`, `found_on` (day 0), `days` (whole clean dates), `clause`, `reason`, `decision`.
"""

from collections.abc import Callable

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from notices.phrases import Context, Wording, clause_of, on_day, sentences, whom_to_ask
from notices.rules import MessageKind


def _where(context: Context) -> str:
    """Compound and units; the kind of place alone where neither is known."""
    named = f"{context.get('compound') or ''}{context.get('boundary') or context.get('unit') or ''}"
    return named or _("High-risk zone")


def _opens(context: Context) -> str:
    on = on_day(context.get("release_on"))
    return _("It opens on %(day)s at 00:00.") % {"day": on} if on else ""


def _last_infection(context: Context) -> str:
    on = on_day(context.get("found_on"))
    return _("Last infection found on %(day)s.") % {"day": on} if on else ""


def _by_which_rule(context: Context) -> str:
    days = int(context.get("days") or 0)
    if not days:
        return ""
    words = ngettext(
        "%(n)d whole day without a new infection opens it%(clause)s.",
        "%(n)d whole days in a row without a new infection open it%(clause)s.",
        days,
    )
    return words % {"n": days, "clause": clause_of(context)}


def _inside() -> str:
    return _("Until then please stay at home; what you need comes to your door.")


# ── to the staff ─────────────────────────────────────────────────────────────────────────────────


def _designated(context: Context) -> Wording:
    units = int(context.get("units") or 0)
    counted = ngettext("%(n)d unit.", "%(n)d units.", units) % {"n": units} if units else ""
    return Wording(
        _("High-risk zone designated: %(where)s") % {"where": _where(context)},
        sentences(counted, _last_infection(context), _opens(context), _by_which_rule(context)),
    )


def _restarted(context: Context) -> Wording:
    return Wording(
        _("New infection, the days start anew: %(where)s") % {"where": _where(context)},
        sentences(_last_infection(context), _opens(context), _by_which_rule(context)),
    )


def _opened(context: Context) -> Wording:
    on = on_day(context.get("release_on"))
    return Wording(
        _("Open again: %(where)s") % {"where": _where(context)},
        sentences(
            _("Low risk from %(day)s 00:00.") % {"day": on} if on else _("Low risk again."),
            _("Still ours to do: take down barriers and notices, and tell everybody inside."),
        ),
    )


def _opened_early(context: Context) -> Wording:
    reason = str(context.get("reason") or "")
    return Wording(
        _("Opened early: %(where)s") % {"where": _where(context)},
        sentences(
            _("Reason: %(reason)s.") % {"reason": reason.rstrip("。.")} if reason else "",
            _("Still ours to do: take down barriers and notices, and tell everybody inside."),
        ),
    )


def _proposed(context: Context) -> Wording:
    return Wording(
        _("Wider zone to be decided: %(where)s") % {"where": _where(context)},
        sentences(
            _("It goes beyond the buildings where an infected person stayed%(clause)s.")
            % {"clause": clause_of(context)},
            _("Nothing of it is sealed before somebody above the proposer has approved it."),
        ),
    )


def _decided(context: Context) -> Wording:
    titles = {
        "approved": _("Wider zone approved: %(where)s"),
        "refused": _("Wider zone refused: %(where)s"),
    }
    title = titles.get(str(context.get("decision") or "")) or _("Wider zone decided: %(where)s")
    reason = str(context.get("reason") or "")
    return Wording(
        title % {"where": _where(context)},
        _("Reason: %(reason)s.") % {"reason": reason.rstrip("。.")} if reason else "",
    )


def _overdue(context: Context) -> Wording:
    on = on_day(context.get("release_on"))
    return Wording(
        _("Overdue: %(where)s") % {"where": _where(context)},
        sentences(
            _("It should have opened on %(day)s at 00:00.") % {"day": on} if on else "",
            _("The round of tests of everybody inside is not complete; that is ours to do."),
        ),
    )


def _spread_to_judge(context: Context) -> Wording:
    return Wording(
        _("Positive at home: spread to be judged"),
        sentences(
            _("Please find out who shared the home and when it was left%(clause)s.")
            % {"clause": clause_of(context)}
        ),
    )


# ── to the people inside ─────────────────────────────────────────────────────────────────────────


def _unit_sealed(context: Context) -> Wording:
    return Wording(
        _("Your building is in a high-risk zone"),
        sentences(
            _("%(where)s is in a high-risk zone%(clause)s.")
            % {"where": _where(context), "clause": clause_of(context)},
            _opens(context),
            _inside(),
            whom_to_ask(context),
        ),
    )


def _unit_restarted(context: Context) -> Wording:
    return Wording(
        _("A new infection was found in your building"),
        sentences(
            _("%(where)s: the days without a new infection start anew%(clause)s.")
            % {"where": _where(context), "clause": clause_of(context)},
            _opens(context),
            _inside(),
            whom_to_ask(context),
        ),
    )


def _unit_opened(context: Context) -> Wording:
    on = on_day(context.get("release_on"))
    return Wording(
        _("Your building is open again"),
        sentences(
            _("%(where)s is low risk from %(day)s 00:00%(clause)s.")
            % {"where": _where(context), "day": on, "clause": clause_of(context)}
            if on
            else _("%(where)s is low risk again.") % {"where": _where(context)},
            _("You may go out. If anybody holds you back, tell your community."),
            whom_to_ask(context),
        ),
    )


ZONE_WRITERS: dict[MessageKind, Callable[[Context], Wording]] = {
    MessageKind.ZONE_DESIGNATED: _designated,
    MessageKind.ZONE_RESTARTED: _restarted,
    MessageKind.ZONE_OPENED: _opened,
    MessageKind.ZONE_OPENED_EARLY: _opened_early,
    MessageKind.ZONE_PROPOSED: _proposed,
    MessageKind.ZONE_DECIDED: _decided,
    MessageKind.ZONE_OVERDUE: _overdue,
    MessageKind.SPREAD_TO_JUDGE: _spread_to_judge,
    MessageKind.UNIT_SEALED: _unit_sealed,
    MessageKind.UNIT_RESTARTED: _unit_restarted,
    MessageKind.UNIT_OPENED: _unit_opened,
}
