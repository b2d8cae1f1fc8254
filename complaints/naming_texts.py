"""The drafts of public naming, made from counted facts, and the same facts in words for whoever reads them.

A draft is written in the language of the installation; people change its words, never its figures.
"""

import datetime as dt
from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.utils import translation
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from complaints.rules.behaviours import BY_CODE
from complaints.rules.supervision import Ground

Facts = Mapping[str, Any]


def draft_of(ground: Ground, office: str, behaviour: str, facts: Facts) -> tuple[str, str]:
    """Title and text of a proposal, in the installation's language. Nothing about a person stands in it."""
    with translation.override(settings.LANGUAGE_CODE):
        kind = BY_CODE.get(behaviour)
        if kind is None:
            title = _("%(office)s: supervision orders not answered in time") % {"office": office}
        else:
            title = _("%(office)s: %(behaviour)s") % {"office": office, "behaviour": kind.label}
        parts = [_opening(ground, office, behaviour, facts), *sentences(ground, facts)[1:]]
        if kind is not None:
            parts.append(_("The rule forbids this. 〔%(clause)s〕") % {"clause": kind.clause})
        parts.append(_("The office is named in public and asked to put it right at once."))
        return title[:120], "\n\n".join(parts)


def _opening(ground: Ground, office: str, behaviour: str, facts: Facts) -> str:
    what = BY_CODE[behaviour].label if behaviour in BY_CODE else ""
    first = sentences(ground, facts)[0]
    if not what:
        return _("About %(office)s: %(sentence)s") % {"office": office, "sentence": first}
    return _("About %(office)s, “%(behaviour)s”: %(sentence)s") % {
        "office": office,
        "behaviour": what,
        "sentence": first,
    }


def sentences(ground: Ground | str, facts: Facts) -> list[str]:
    """What was counted, in the language of the reader; nothing where nothing was."""
    try:
        if ground == Ground.REBOUND:
            return _rebound(facts)
        if ground == Ground.HOT_SPOT:
            return _hot_spot(facts)
        if ground == Ground.LATE_SUPERVISION:
            return _late(facts)
    except (KeyError, ValueError):
        return []
    return []


def _day(facts: Facts, name: str) -> str:
    return date_format(dt.date.fromisoformat(facts[name]), _("j F Y"))


def _between(facts: Facts) -> str:
    if facts["first_on"] == facts["last_on"]:
        return _("on %(day)s") % {"day": _day(facts, "first_on")}
    return _("from %(first)s to %(last)s") % {
        "first": _day(facts, "first_on"),
        "last": _day(facts, "last_on"),
    }


def _confirmed(facts: Facts) -> str:
    return ngettext(
        "%(n)d of them has been checked and confirmed so far.",
        "%(n)d of them have been checked and confirmed so far.",
        facts["confirmed"],
    ) % {"n": facts["confirmed"]}


def _rebound(facts: Facts) -> list[str]:
    said = [
        ngettext(
            "the same was complained about again %(when)s: %(n)d matter.",
            "the same was complained about again %(when)s: %(n)d matters.",
            facts["count"],
        )
        % {"when": _between(facts), "n": facts["count"]}
    ]
    if "closed_on" in facts:
        said.append(_("A complaint about it had been closed on %(day)s.") % {"day": _day(facts, "closed_on")})
    said.append(_confirmed(facts))
    said.append(
        ngettext(
            "Again within %(n)d day of closing counts as the same again (a local setting).",
            "Again within %(n)d days of closing counts as the same again (a local setting).",
            facts["days"],
        )
        % {"n": facts["days"]}
    )
    return said


def _hot_spot(facts: Facts) -> list[str]:
    return [
        ngettext(
            "%(n)d matter was complained about %(when)s, each counted once.",
            "%(n)d matters were complained about %(when)s, each counted once.",
            facts["count"],
        )
        % {"n": facts["count"], "when": _between(facts)},
        _confirmed(facts),
        _("%(limit)d in %(days)d days are looked at (a local setting).")
        % {"limit": facts["limit"], "days": facts["days"]},
    ]


def _late(facts: Facts) -> list[str]:
    said = [
        ngettext(
            "%(n)d supervision order was not answered by its date, %(when)s.",
            "%(n)d supervision orders were not answered by their dates, %(when)s.",
            facts["orders"],
        )
        % {"n": facts["orders"], "when": _between(facts)}
    ]
    if facts["open"]:
        said.append(
            ngettext(
                "%(n)d of them is still not answered.", "%(n)d of them are still not answered.", facts["open"]
            )
            % {"n": facts["open"]}
        )
    return said
