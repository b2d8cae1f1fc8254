"""The figures of complaints as they are shown: tiles, and cards with a sentence, a chart and a table."""

from collections.abc import Iterable, Sequence

from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from complaints.figures.counting import topic_of
from complaints.figures.reading import ComplaintFigures
from complaints.rules.behaviours import BEHAVIOURS, TOPICS, Topic
from complaints.rules.figures import (
    DAYS_DRAWN,
    ROAD_SHARES,
    TROUBLE_SHARES,
    Counts,
    Share,
    Times,
    hours,
    trend_starts,
)
from complaints.rules.words import SOURCES, Source
from policy import charts
from policy.statistics import Cell, Figure, Tile, share
from policy.strip import short_date

MOST_BARS = 12
"""So many bars are drawn; the table has them all."""


def unit() -> str:
    """What is counted."""
    return pgettext("unit", "complaints")


def tiles(found: ComplaintFigures) -> list[Tile]:
    """The top row."""
    total, time = found.total, found.time
    return [
        Tile(
            str(total.received),
            unit(),
            pgettext("complaints", "received"),
            _("open now: %(n)d") % {"n": total.open},
        ),
        _tile(total, "answered", "received"),
        Tile(
            share(total.closed, total.received),
            "",
            _("closed, of those received"),
            _("%(share)s of those answered") % {"share": share(total.closed, total.answered)},
        ),
        _tile(total, "solved", "closed"),
        _tile(total, "satisfied", "judged"),
        Tile(
            hours(time.median) if time else "–",
            pgettext("unit", "hours"),
            _("to the first answer, in the middle"),
            _("nine of ten within %(n)s hours") % {"n": hours(time.ninetieth)} if time else "",
        ),
        _tile(total, "late", "received", look="late" if total.late else ""),
        _tile(total, "rebound", "named"),
    ]


def _tile(total: Counts, part: str, whole: str, look: str = "") -> Tile:
    found = next(each for each in SHARES if (each.part, each.whole) == (part, whole))
    number, of = found.numbers(total)
    words = _("%(n)d of %(of)d, %(words)s") % {"n": number, "of": of, "words": found.of}
    return Tile(share(number, of), "", str(found.label), words, look)


SHARES = (*ROAD_SHARES, *TROUBLE_SHARES)


def _share_rows(shares: Iterable[Share], total: Counts) -> list[list[Cell]]:
    rows: list[list[Cell]] = []
    for each in shares:
        number, of = each.numbers(total)
        rows.append([str(each.label), number, str(each.of), of, share(number, of)])
    return rows


def _share_headers() -> list[str]:
    return [_("step"), pgettext("figures", "number"), _("share of what"), _("the whole"), _("share")]


def cards(found: ComplaintFigures) -> list[Figure]:
    """All cards of a page, in their order."""
    made = [road(found), trend(found), behaviours(found)]
    if found.streets is not None:
        made.append(streets(found))
    elif found.by_county:
        made.append(counties(found))
    return [*made, answers(found), trouble(found), sources(found)]


def road(found: ComplaintFigures) -> Figure:
    """From receipt to satisfaction, each number with its denominator."""
    total = found.total
    title = _("From receipt to a satisfied complainant")
    lead = ngettext(
        "%(n)d complaint received in the period: %(closed)d closed, %(open)d open (%(waiting)d of them "
        "answered), %(declined)d not accepted.",
        "%(n)d complaints received in the period: %(closed)d closed, %(open)d open (%(waiting)d of them "
        "answered), %(declined)d not accepted.",
        total.received,
    ) % {
        "n": total.received,
        "closed": total.closed,
        "open": total.open,
        "waiting": total.answered_open,
        "declined": total.declined,
    }
    rows = [charts.Bar("d", pgettext("complaints", "received"), total.received)]
    for each in ROAD_SHARES:
        part, whole = each.numbers(total)
        of = f"{each.label} · {each.of} {share(part, whole)}"
        rows.append(charts.Bar("c" if each.part in ("solved", "satisfied") else "d", of, part))
    return Figure(
        "road",
        title,
        lead,
        _share_headers(),
        _share_rows(ROAD_SHARES, total),
        charts.bars("c-road", title, lead, rows, unit()),
        note=_(
            "Closed is not solved; put right in part: %(n)d. The closed ones are given as a share of those "
            "received and of those answered: the national board of 2022 gave 83.4%% and 83.7%% for the same "
            "11,609 closed, of 13,916 received and of 13,862 answered. What it called open were those "
            "answered and not closed."
        )
        % {"n": total.partly},
        clauses=["二(十六)"],
        is_empty=not total.received,
    )


def trend(found: ComplaintFigures) -> Figure:
    """By date or week of receipt, and how far those have come by now."""
    counted = found.by(lambda line: line.start)
    starts = trend_starts(found.period)
    each = [counted.get(start, Counts()) for start in starts]
    series = [
        charts.Series("c", pgettext("complaints", "closed"), [c.closed for c in each]),
        charts.Series("d", _("answered, not closed"), [c.answered_open for c in each]),
        charts.Series("b", _("not answered yet"), [c.unanswered for c in each]),
        charts.Series("e", pgettext("complaints", "not accepted"), [c.declined for c in each]),
    ]
    weekly = found.period.days > DAYS_DRAWN
    title = _("By week of receipt") if weekly else _("By date of receipt")
    most = max(each, key=lambda c: c.received, default=Counts()).received
    lead = (
        _("At most %(n)d complaints in a week. What became of them by now is drawn as well.")
        if weekly
        else _("At most %(n)d complaints on a date. What became of them by now is drawn as well.")
    ) % {"n": most}
    labels = [short_date(max(start, found.period.first)) for start in starts]
    return Figure(
        "trend",
        title,
        lead,
        [_("from") if weekly else _("date"), *(s.label for s in series), _("together")],
        [
            [label, *(s.values[n] for s in series), sum(s.values[n] for s in series)]
            for n, label in enumerate(labels)
        ],
        charts.columns("c-trend", title, lead, labels, series, unit()),
        [(charts.swatch(s.look), s.label) for s in series],
        is_empty=not most,
    )


def _headers(first: str) -> list[str]:
    return [
        first,
        pgettext("complaints", "received"),
        pgettext("complaints", "answered"),
        pgettext("complaints", "closed"),
        _("put right"),
        _("late"),
        _("closed, of those received"),
        _("put right, of those closed"),
    ]


def _row(label: str, counts: Counts) -> list[Cell]:
    return [
        label,
        counts.received,
        counts.answered,
        counts.closed,
        counts.solved,
        counts.late,
        share(counts.closed, counts.received),
        share(counts.solved, counts.closed),
    ]


def behaviours(found: ComplaintFigures) -> Figure:
    """By topic as bars, by each behaviour as a table."""
    topics = found.by(lambda line: topic_of(line.behaviour))
    counted = found.by(lambda line: line.behaviour)
    total = found.total.received
    ranked = sorted(topics.items(), key=lambda each: -each[1].received)
    title = _("By behaviour")
    lead = ""
    if ranked:
        lead = _("Most of all: %(topic)s, %(n)d of %(of)d (%(share)s).") % {
            "topic": TOPICS[ranked[0][0]],
            "n": ranked[0][1].received,
            "of": total,
            "share": share(ranked[0][1].received, total),
        }
    bars = [charts.Bar("c", str(TOPICS[topic]), counts.received) for topic, counts in ranked]
    rows = [
        _row(f"{each.label} 〔{each.clause}〕", counted[each.code])
        for each in BEHAVIOURS
        if each.code in counted and counted[each.code].received
    ]
    return Figure(
        "behaviours",
        title,
        lead,
        _headers(_("behaviour")),
        rows,
        charts.bars("c-behaviours", title, lead, bars, unit()),
        clauses=["二(十六)", "二(十八)", "发布会·货车"],
        is_empty=not total,
    )


def counties(found: ComplaintFigures) -> Figure:
    """By the county in which it happened."""
    named = [(name or _("above the counties"), counts) for (_code, name), counts in found.by_county.items()]
    title = _("By area")
    lead = _("Complaints about %(n)d counties; counted where it happened, not where it is handled.") % {
        "n": len([name for (_code, name) in found.by_county if name])
    }
    bars = [charts.Bar("c", name, counts.received) for name, counts in named[:MOST_BARS]]
    return Figure(
        "areas",
        title,
        lead,
        _headers(_("county")),
        [_row(name, counts) for name, counts in named],
        charts.bars("c-areas", title, lead, bars, unit()),
        is_empty=not named,
    )


def streets(found: ComplaintFigures) -> Figure:
    """By street and topic, without small numbers: a table, and nothing drawn from which they follow."""
    table = found.streets
    topics: Sequence[Topic] = table.topics if table else ()
    rows = table.rows if table else ()
    return Figure(
        "areas",
        _("By street"),
        _("Streets of the county with the complaints about each topic."),
        [_("street"), *(str(TOPICS[topic]) for topic in topics), _("together")],
        [[name, *numbers, total] for name, numbers, total in rows],
        note=_(
            "Numbers under three are not published for a street (<3), nor is what they follow from (*): in a "
            "small place they point at somebody."
        ),
        is_empty=not topics or not rows,
    )


def answers(found: ComplaintFigures) -> Figure:
    """From receipt to the first answer: median and 90th percentile."""
    by_topic = found.times.get("topic", {})
    time = found.time
    title = _("Hours to the first answer")
    lead = ""
    if time:
        lead = _(
            "Half of %(n)d answers came within %(median)s hours of receipt, nine of ten within %(ninetieth)s."
        ) % {"n": time.number, "median": hours(time.median), "ninetieth": hours(time.ninetieth)}
    bars = [
        charts.Bar("c", str(TOPICS[topic]), float(hours(by_topic[topic].median)))
        for topic in Topic
        if topic in by_topic
    ]
    rows: list[list[Cell]] = [
        _times_row(str(TOPICS[topic]), by_topic[topic]) for topic in Topic if topic in by_topic
    ]
    if time:
        rows.append(_times_row(_("together"), time))
    return Figure(
        "answers",
        title,
        lead,
        [
            _("topic"),
            pgettext("complaints", "answered"),
            _("hours, median"),
            _("hours, 90th percentile"),
        ],
        rows,
        charts.bars("c-answers", title, lead, bars, pgettext("unit", "hours")),
        note=_("Drawn: the median of each topic. Hours on the calendar, nights and holidays included."),
        is_empty=time is None,
    )


def _times_row(label: str, time: Times) -> list[Cell]:
    return [label, time.number, hours(time.median), hours(time.ninetieth)]


def trouble(found: ComplaintFigures) -> Figure:
    """Lateness, reopening, rebound: nothing is drawn, each share has its own whole."""
    total = found.total
    return Figure(
        "trouble",
        _("Late, opened again, the same again"),
        _("%(late)d of %(n)d complaints (%(share)s) were late at one of their steps, or are now.")
        % {"late": total.late, "n": total.received, "share": share(total.late, total.received)},
        _share_headers(),
        _share_rows(TROUBLE_SHARES, total),
        note=_("No clause names hours: the limits are local settings. Lateness, once it happened, stays."),
        clauses=["发布会·专班"],
        is_empty=not total.received,
    )


def sources(found: ComplaintFigures) -> Figure:
    """By the way on which they came, and what is not counted above."""
    counted = found.by(lambda line: line.source)
    total, leads = found.total, found.leads
    rows: list[list[Cell]] = [
        [str(SOURCES[source]), counted[source].received, share(counted[source].received, total.received)]
        for source in Source
        if source in counted
    ]
    rows.append([_("withdrawn by the complainant (not counted above)"), total.withdrawn, ""])
    rows.append([_("found by the app itself (not counted above)"), leads.received, ""])
    return Figure(
        "sources",
        _("How they came, and what is stated apart"),
        _("Leads that the app found against ourselves: %(n)d, of which %(closed)d are closed.")
        % {"n": leads.received, "closed": leads.closed},
        [_("way"), pgettext("complaints", "received"), _("of those received")],
        rows,
        note=_("Complaints about one matter that were merged count once."),
        is_empty=not (total.received or total.withdrawn or leads.received),
    )


def offices(found: ComplaintFigures) -> Figure:
    """Each office under the reader's own: what it holds now, and how it did in the period."""
    held = sum(line.held for line in found.offices)
    late = sum(line.late for line in found.offices)
    return Figure(
        "offices",
        _("By office"),
        _("Open at these offices now: %(held)d, of which %(late)d are past a limit.")
        % {"held": held, "late": late},
        [
            _("office"),
            _("held now"),
            _("past a limit now"),
            _("of the period: received"),
            pgettext("complaints", "answered"),
            _("was late"),
            _("hours to the first answer, median"),
            _("hours, 90th percentile"),
        ],
        [
            [
                line.name,
                line.held,
                line.late,
                line.received,
                line.answered,
                line.was_late,
                hours(line.time.median) if line.time else "–",
                hours(line.time.ninetieth) if line.time else "–",
            ]
            for line in found.offices
        ],
        note=_("Counted where a complaint lies now; leads of the app itself included."),
        is_empty=not found.offices,
    )
