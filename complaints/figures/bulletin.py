"""The bulletin of a month: the figures of what was received in it, and what was published in it."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from cases.spreadsheets import Sheet
from complaints.figures import drawing
from complaints.figures.reading import ComplaintFigures
from complaints.models import Publication
from complaints.rules.supervision import PUBLICATION_KINDS, PublicationKind
from policy.clock import midnight
from policy.statistics import DAY, Cell, Period


@dataclass(frozen=True, slots=True)
class Published:
    """One naming, or one good practice, that was published in the month."""

    kind: str
    on: dt.date
    title: str
    office: str
    url: str


def published_in(period: Period) -> list[Published]:
    """What was published on the dates of the period, by date; one query."""
    rows = (
        Publication.objects.published()
        .filter(published_at__gte=midnight(period.first), published_at__lt=midnight(period.last + DAY))
        .select_related("office")
        .order_by("published_at", "pk")
    )
    return [
        Published(
            kind=str(PUBLICATION_KINDS[PublicationKind(row.kind)]),
            on=timezone.localdate(row.published_at),
            title=row.title,
            office=row.office.name,
            url=row.get_public_url(),
        )
        for row in rows
        if row.published_at
    ]


def title_of(period: Period) -> str:
    """The bulletin's name."""
    return _("Complaints about over-enforcement: bulletin of %(month)s") % {
        "month": date_format(period.first, pgettext("date format", "F Y"))
    }


def sheets(found: ComplaintFigures, published: Iterable[Published]) -> list[Sheet]:
    """The sections as sheets of an Excel file, after one that says of which month and as of when."""
    total = found.total
    about: list[list[Cell]] = [
        [_("month"), f"{found.period.first:%Y-%m}"],
        [_("as of"), date_format(found.at, "Y-m-d H:i")],
        [pgettext("complaints", "received"), total.received],
        [pgettext("complaints", "answered"), total.answered],
        [pgettext("complaints", "closed"), total.closed],
        [_("open"), total.open],
        [_("open, and answered"), total.answered_open],
        [_("withdrawn by the complainant (not counted above)"), total.withdrawn],
        [_("found by the app itself (not counted above)"), found.leads.received],
    ]
    made = [Sheet(_("Overview"), [_("what"), pgettext("figures", "number")], about)]
    made += [Sheet(card.title, card.headers, card.rows) for card in drawing.cards(found)]
    rows = [[each.kind, each.on.isoformat(), each.office, each.title] for each in published]
    made.append(Sheet(_("Published"), [_("kind"), _("date"), _("office"), _("title")], rows))
    return made
