"""The drafts of public naming, made from counted facts, and the same facts in words for whoever reads them.

A draft is written in the language of the installation; people change its words, never its figures.
"""

import datetime as dt
from collections.abc import Callable, Mapping
from typing import Any

from django.conf import settings
from django.utils import translation
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from complaints.rules.behaviours import BY_CODE
from complaints.rules.naming import Rests
from complaints.rules.supervision import Ground

Facts = Mapping[str, Any]


def draft_of(ground: Ground, office: str, behaviour: str, facts: Facts) -> tuple[str, str]:
    """Title and text of a proposal, in the installation's language. Nothing about a person stands in it."""
    with translation.override(settings.LANGUAGE_CODE):
        kind = BY_CODE.get(behaviour)
        if kind is None:
            title = _("%(office)s: supervision orders not answered in time") % {"office": office}
        else:
            title = _("%(office)s: %(behaviour)s") % {"office": office, "behaviour": _in_quotes(behaviour)}
        parts = [_opening(ground, office, behaviour, facts), *_sentences(ground, facts, _only_confirmed)[1:]]
        if kind is not None:
            parts.append(_("The rule forbids this. 〔%(clause)s〕") % {"clause": kind.clause})
        parts.append(_("The office is named in public and asked to put it right at once."))
        return title[:120], "\n\n".join(parts)


def _in_quotes(behaviour: str) -> str:
    """The words for a behaviour as they stand inside quotation marks."""
    return str(BY_CODE[behaviour].label).translate({ord("“"): "‘", ord("”"): "’"})


def _opening(ground: Ground, office: str, behaviour: str, facts: Facts) -> str:
    first = sentences(ground, facts)[0]
    if behaviour not in BY_CODE:
        return _("About %(office)s: %(sentence)s") % {"office": office, "sentence": first}
    return _("About %(office)s, “%(behaviour)s”: %(sentence)s") % {
        "office": office,
        "behaviour": _in_quotes(behaviour),
        "sentence": first,
    }


def sentences(ground: Ground | str, facts: Facts) -> list[str]:
    """What was counted and verified, in the language of the reader; nothing where nothing was."""
    return _sentences(ground, facts, _confirmed)


def counted(ground: Ground | str, facts: Facts) -> list[str]:
    """The same without what was verified then: for whoever reads besides what is `verified` now."""
    return _sentences(ground, facts, lambda _facts: [])


def _sentences(ground: Ground | str, facts: Facts, checked: Callable[[Facts], list[str]]) -> list[str]:
    try:
        if ground == Ground.REBOUND:
            return _rebound(facts, checked)
        if ground == Ground.HOT_SPOT:
            return _hot_spot(facts, checked)
        if ground == Ground.LATE_SUPERVISION:
            return _late(facts)
        if ground == Ground.BY_HAND and "verified" in facts:
            return _when_published(facts)
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


def _only_confirmed(facts: Facts) -> list[str]:
    """How many were found so. A text that people are to approve does not begin with "none"."""
    if not facts["confirmed"]:
        return []
    return [
        ngettext(
            "%(n)d of them has been checked and confirmed so far.",
            "%(n)d of them have been checked and confirmed so far.",
            facts["confirmed"],
        )
        % {"n": facts["confirmed"]}
    ]


def _confirmed(facts: Facts) -> list[str]:
    if "verified" in facts:
        return _when_published(facts)
    return _only_confirmed(facts) or [_("None of them has been checked and confirmed so far.")]


def _when_published(facts: Facts) -> list[str]:
    """How much was verified when it was published, whatever it was when it was proposed."""
    return [
        ngettext(
            "When it was published, %(verified)d of %(n)d matter was verified.",
            "When it was published, %(verified)d of %(n)d matters were verified.",
            facts["matters"],
        )
        % {"verified": facts["verified"], "n": facts["matters"]}
    ]


def _by_audit(facts: Facts) -> list[str]:
    if not facts.get("leads"):
        return []
    return [
        ngettext(
            "%(n)d of them was found by the self-audit.",
            "%(n)d of them were found by the self-audit.",
            facts["leads"],
        )
        % {"n": facts["leads"]}
    ]


def _rebound(facts: Facts, checked: Callable[[Facts], list[str]]) -> list[str]:
    said = [
        ngettext(
            "the same came up again %(when)s: %(n)d matter.",
            "the same came up again %(when)s: %(n)d matters.",
            facts["count"],
        )
        % {"when": _between(facts), "n": facts["count"]}
    ]
    if "closed_on" in facts:
        said.append(_("A complaint about it had been closed on %(day)s.") % {"day": _day(facts, "closed_on")})
    limit = ngettext(
        "Again within %(n)d day of closing counts as the same again (a local setting).",
        "Again within %(n)d days of closing counts as the same again (a local setting).",
        facts["days"],
    )
    return [*said, *_by_audit(facts), *checked(facts), limit % {"n": facts["days"]}]


def _hot_spot(facts: Facts, checked: Callable[[Facts], list[str]]) -> list[str]:
    said = ngettext(
        "%(n)d matter came up %(when)s, each counted once.",
        "%(n)d matters came up %(when)s, each counted once.",
        facts["count"],
    ) % {"n": facts["count"], "when": _between(facts)}
    limit = _("%(limit)d in %(days)d days are looked at (a local setting).")
    return [
        said,
        *_by_audit(facts),
        *checked(facts),
        limit % {"limit": facts["limit"], "days": facts["days"]},
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


def verified(rests: Rests, ground: Ground | str) -> str:
    """How much of what a naming rests on is verified now, whatever was true when it was proposed."""
    if ground == Ground.LATE_SUPERVISION:
        return _("The dates stand in our own records.")
    return ngettext(
        "Now %(verified)d of %(n)d matter is verified.",
        "Now %(verified)d of %(n)d matters are verified.",
        rests.total,
    ) % {"verified": rests.verified, "n": rests.total}


def not_verified(rests: Rests) -> str:
    """Why a naming can't be approved yet, and what has to be done first."""
    if not rests.verified:
        return _(
            "It can't be approved yet: nothing that it rests on is verified. First a complaint about this "
            "office and behaviour has to be answered and verified, or found by the self-audit."
        )
    return _(
        "It can't be approved yet: here %(n)d matters have to be verified (a local setting), and only "
        "%(verified)d are so far."
    ) % {"n": rests.needed, "verified": rests.verified}
