"""Figures about infections and their contacts, beside what was published (P)."""

import datetime as dt
from collections import Counter
from collections.abc import Mapping, Sequence
from statistics import median

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from cases.earlies import EARLIES, Early, Instants, steps_of
from desk import statistics_queries as queries
from policy import charts, evidence
from policy.statistics import Cell, Figure, Period, date_labels, share
from policy.types import Category, Edition
from zones.rules import FOUND_APART, FOUND_WHERE, FoundWhere

_LOOKS = {
    FoundWhere.COMMUNITY: "a",
    FoundWhere.HOME: "b",
    FoundWhere.CENTRAL: "c",
    FoundWhere.CLOSED_LOOP: "d",
    FoundWhere.ENTRY: "e",
}
"""Red: somebody in a building met them; indigo: nobody did (the texture says which)."""


def infections_figure(infections: Counter[tuple[dt.date, str]], period: Period) -> Figure:
    total = infections.total()
    apart = sum(number for (_on, where), number in infections.items() if where in FOUND_APART)
    series = [
        charts.Series(look, str(FOUND_WHERE[where]), [infections[on, where] for on in period.dates])
        for where, look in _LOOKS.items()
    ]
    title = _("Infections by the date on which they were found")
    lead = ngettext(
        "%(n)d infection found in %(days)d days; %(apart)d of %(n)d (%(share)s) in central isolation, in "
        "closed loop or at entry, where nobody in a building met them.",
        "%(n)d infections found in %(days)d days; %(apart)d of %(n)d (%(share)s) in central isolation, in "
        "closed loop or at entry, where nobody in a building met them.",
        total,
    ) % {"n": total, "days": period.days, "apart": apart, "share": share(apart, total)}
    labels = date_labels(period)
    return Figure(
        "infections",
        title,
        lead,
        [_("date"), *(each.label for each in series), _("together")],
        [
            [label, *(each.values[n] for each in series), sum(each.values[n] for each in series)]
            for n, label in enumerate(labels)
        ],
        charts.columns("c-infections", title, lead, labels, series, pgettext("unit", "infections")),
        [(charts.swatch(each.look), each.label) for each in series],
        is_empty=not total,
    )


_CLASSES = ((0, 0), (1, 2), (3, 5), (6, 10), (11, 20), (21, None))


def _class_name(first: int, last: int | None) -> str:
    if last is None:
        return f"≥{first}"
    return str(first) if first == last else f"{first}–{last}"


def _in_classes(found: Counter[int]) -> list[tuple[str, int]]:
    return [
        (
            _class_name(first, last),
            sum(n for size, n in found.items() if first <= size and (last is None or size <= last)),
        )
        for first, last in _CLASSES
    ]


def contacts_figure(found: Counter[int]) -> Figure:
    total, people = found.total(), sum(size * n for size, n in found.items())
    classes = _in_classes(found)
    title = _("Close contacts of an infection")
    lead = _(
        "%(people)d close contacts of %(n)d infections: %(mean)s each on average, %(median)s in the middle; "
        "%(without)d of %(n)d (%(share)s) have none, or none yet."
    ) % {
        "people": people,
        "n": total,
        "mean": f"{people / total:.1f}" if total else "–",
        "median": f"{median(found.elements()):g}" if total else "–",
        "without": found[0],
        "share": share(found[0], total),
    }
    return Figure(
        "contacts",
        title,
        lead,
        [_("close contacts"), _("infections"), _("share")],
        [[name, n, share(n, total)] for name, n in classes],
        charts.columns(
            "c-contacts",
            title,
            lead,
            [name for name, _n in classes],
            [charts.Series("c", _("infections"), [n for _name, n in classes])],
            pgettext("unit", "infections"),
        ),
        note=_("Across: close contacts of one infection; upward: infections."),
        clauses=["二(二)"],
        is_empty=not total,
    )


def by_day_figure(found: Counter[int], editions: dict[str, Edition]) -> Figure:
    total = found.total()
    ours = [(day, 100 * sum(found[d] for d in range(day + 1)) / total) for day in range(11)] if total else []
    july, april = evidence.FOUND_BY_DAY_JULY_AUGUST, evidence.FOUND_BY_DAY_APRIL_MAY
    names = (_("here"), _("July and August, published"), _("April and May, published"))
    drawn = [
        charts.Line("p2", names[2], list(april.items()), "square"),
        charts.Line("p1", names[1], list(july.items()), "diamond"),
    ]
    if ours:
        drawn.append(charts.Line("ours", names[0], ours, "circle"))
    title = _("Found positive by day since the last exposure")
    lead = ngettext(
        "%(n)d infection had been registered as a close contact before: by day %(day)d after the last "
        "exposure %(share)s of %(n)d were found.",
        "%(n)d infections had been registered as close contacts before: by day %(day)d after the last "
        "exposure %(share)s of %(n)d were found.",
        total,
    ) % {"n": total, "day": 5, "share": share(sum(found[d] for d in range(6)), total)}
    return Figure(
        "by-day",
        title,
        lead,
        [_("day since the last exposure"), _("found on it, here"), _("found by it, here"), *names[1:]],
        [
            [
                day,
                found[day],
                share(sum(found[d] for d in range(day + 1)), total),
                f"{july[day]} %" if day in july else "",
                f"{april[day]} %" if day in april else "",
            ]
            for day in range(11)
        ],
        charts.lines("c-by-day", title, lead, queries.LOOKED_AT, drawn, _rule_marks(editions)),
        [(charts.swatch(line.look, line.marker), line.label) for line in reversed(drawn)],
        note=_(
            "Whoever was found later than day %(last)d is left out. Upright lines: the days of central and "
            "of home isolation."
        )
        % {"last": queries.LOOKED_AT}
        + (" " + _("Fewer than 30 are too few to compare.") if total < 30 else ""),
        clauses=[evidence.CONTACTS_CLAUSE],
        is_empty=not total,
        always_drawn=True,
    )


def _rule_marks(editions: dict[str, Edition]) -> list[tuple[float, str]]:
    """Where the stages of a close contact end under the Twenty Measures: (5, "5") and (8, "5+3")."""
    rule = editions["twenty"].rule_for(Category.CLOSE_CONTACT) if "twenty" in editions else None
    marks, words, last = [], [], 0
    for stage in rule.stages if rule else ():
        last += stage.days
        words.append(str(stage.days))
        marks.append((float(last), "+".join(words)))
    return marks


STEPS = (
    (Early.SAMPLED, Early.RESULTED),
    (Early.RESULTED, Early.REPORTED),
    (Early.REPORTED, Early.JUDGED),
    (Early.RESULTED, Early.ISOLATED),
    (Early.RESULTED, Early.ADMITTED),
)
"""The steps in the order in which `steps_of` gives them."""


def speed_figure(found: Sequence[Mapping[str, dt.datetime | None]], at: dt.datetime) -> Figure:
    """How long each step of the four earlies took (N二(十五)), of the infections for which it is over."""
    steps = [steps_of(Instants(**each), settings.EARLIES_WITHIN, at) for each in found]
    rows: list[list[Cell]] = []
    judged, middle = 0, "–"
    for n, (begins, ends) in enumerate(STEPS):
        over = [each[n] for each in steps if each[n].taken is not None and not each[n].running]
        hours = sorted(step.hours or 0.0 for step in over)
        halfway = f"{median(hours):.1f}" if hours else "–"
        longest = f"{hours[-1]:.1f}" if hours else "–"
        late = sum(each[n].late for each in steps)
        limit = f"{settings.EARLIES_WITHIN[ends] / dt.timedelta(hours=1):g}"
        label = f"{EARLIES[begins]} → {EARLIES[ends]}"
        rows.append([label, len(hours), len(found), halfway, longest, late, limit])
        if ends is Early.JUDGED:
            judged, middle = len(hours), halfway
    return Figure(
        "speed",
        _("From sample to treatment"),
        _(
            "The contacts of %(judged)d of %(n)d infections are judged; from the report to that moment it "
            "took %(hours)s hours in the middle."
        )
        % {"judged": judged, "n": len(found), "hours": middle},
        [
            _("step"),
            _("infections with both"),
            _("of infections"),
            _("hours, middle"),
            _("hours, longest"),
            _("past the limit"),
            _("limit, hours"),
        ],
        rows,
        note=_(
            "Hours between two recorded instants; a step that still runs counts once it is past its limit. "
            "No clause names hours: the limits are local settings."
        ),
        clauses=["二(十五)", "二(二)"],
        is_empty=not found,
    )


def yield_figure(found: dict[str, tuple[int, int]]) -> Figure:
    rows: list[list[Cell]] = []
    for category in Category:
        people, positive = found.get(category, (0, 0))
        published = evidence.YIELD.get(category)
        if people or published:
            rows.append(
                [
                    category.label,
                    positive,
                    people,
                    share(positive, people),
                    f"{1e5 * positive / people:.0f}" if people >= 1000 else "–",
                    published if published is not None else "",
                ]
            )
    people, positive = (sum(pair[n] for pair in found.values()) for n in (0, 1))
    return Figure(
        "yield",
        _("Found positive, by category"),
        _("%(positive)d of %(people)d people registered in the period were found positive (%(share)s).")
        % {"positive": positive, "people": people, "share": share(positive, people)},
        [
            _("category"),
            _("positive"),
            _("of people registered"),
            _("share"),
            _("per 100,000"),
            _("published, per 100,000"),
        ],
        rows,
        note=_("Per 100,000 is given from 1,000 people on; below that it says nothing."),
        clauses=evidence.YIELD_CLAUSES,
        is_empty=not people,
    )
