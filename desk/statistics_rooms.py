"""Figures about central isolation: what the plans asked for, what 7+3 would have, what was really used."""

from collections.abc import Iterable, Mapping, Sequence

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from desk import statistics_queries as queries
from policy import charts, evidence
from policy.rules import plan
from policy.statistics import DAY, Figure, Period, share
from policy.types import Category, Edition, Ground, Mode


def central_days(
    groups: Iterable[queries.Planned],
    period: Period,
    editions: Mapping[str, Edition],
    *,
    under: Edition | None = None,
) -> int:
    """Dates of central isolation in the period by the plans: under their own edition, or all under another.

    One function makes every plan, so this is what the registration would have given.
    """
    days = 0
    for group in groups:
        rules = under or editions.get(group.edition)
        if rules is None or rules.rule_for(Category.CLOSE_CONTACT) is None:
            continue
        made = plan(
            rules,
            [Ground(Category.CLOSE_CONTACT, group.anchor_on, group.registered_on)],
            home_suitable=group.home_suitable,
        )
        for stage in made.stages:
            if stage.mode is Mode.CENTRAL:
                first = max(stage.starts_on, group.registered_on)
                last = min(stage.last_on, (group.stopped_on or stage.last_on + DAY) - DAY)
                days += group.number * len(list(period.within(first, last)))
    return days


def central_figure(
    groups: Sequence[queries.Planned], used: queries.Used, period: Period, editions: Mapping[str, Edition]
) -> Figure:
    ours = central_days(groups, period, editions)
    ninth = central_days(groups, period, editions, under=editions.get("ninth"))
    people = sum(each.number for each in groups)
    title, days = _("Central isolation used, and saved"), pgettext("unit", "person-days")
    lead = _(
        "Close contacts (%(people)d people) had %(ours)d days of central isolation by their plans in the "
        "period; 7+3 would have made %(ninth)d: %(share)s saved. Published: about %(published)d %%."
    ) % {
        "people": people,
        "ours": ours,
        "ninth": ninth,
        "share": share(ninth - ours, ninth),
        "published": evidence.CENTRAL_SAVED,
    }
    rows = [
        charts.Bar("c", _("by the plans"), ours),
        charts.Bar("e", _("the same people under 7+3"), ninth),
    ]
    return Figure(
        "central",
        title,
        lead,
        [_("what"), pgettext("figures", "number"), pgettext("figures", "unit")],
        [
            [_("days of central isolation of close contacts, by the plans"), ours, days],
            [_("the same people under 7+3"), ninth, days],
            [_("saved"), share(ninth - ours, ninth), ""],
            [_("saved, as published"), f"{evidence.CENTRAL_SAVED} %", ""],
            [_("rooms in use at isolation sites, date by date"), used.room_days, _("room-days")],
            [_("people at isolation sites, date by date"), used.person_days, days],
        ],
        charts.bars("c-central", title, lead, rows, days),
        note=_(
            "Really used were %(rooms)d room-days by %(people)d days of people of all categories: a "
            "household in one room counts once."
        )
        % {"rooms": used.room_days, "people": used.person_days},
        clauses=["二(一)", evidence.CONTACTS_CLAUSE],
        is_empty=not (ours or used.person_days),
    )
