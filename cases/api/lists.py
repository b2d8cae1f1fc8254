"""What the lists of the API can be narrowed down to, and the pages of episodes."""

import datetime as dt
from typing import Any

import django_filters
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _
from django_filters.rest_framework import DjangoFilterBackend
from rest_framework.request import Request
from rest_framework.utils.urls import replace_query_param

from accounts.api import KeyPages, bad_cursor
from accounts.models import Area
from accounts.rules import codes_below
from cases.filters import EpisodeFilter
from cases.models import Episode, NucleicAcidTest, Person
from cases.models.episode import EpisodeQuerySet
from cases.models.person import PersonQuerySet
from cases.models.testing import TestQuerySet
from cases.paging import KeysetOrder, cursor_of, keyset_page, parse_cursor
from cases.rows import EpisodeRow, episode_rows
from policy import clock
from zones.api import KeyFilter

EPISODE_STATES = [("open", _("Open")), ("overdue", _("Overdue")), ("ended", _("Ended")), ("all", _("All"))]
TEST_STATES = [
    ("due", _("to take today")),
    ("awaiting", _("waiting for a result")),
    ("missed", _("test missed")),
]


class DatedFilterBackend(DjangoFilterBackend):
    """Filters that ask about today, and about the caller."""

    def get_filterset_kwargs(self, request: Request, queryset: QuerySet[Any], view: Any) -> dict[str, Any]:
        """The usual ones, the date and the user."""
        kwargs: dict[str, Any] = super().get_filterset_kwargs(request, queryset, view)
        return kwargs | {"on": clock.today(), "user": request.user}


class EpisodeApiFilter(EpisodeFilter):
    """The filters of the register, its tabs as `state`, and the person."""

    state = django_filters.ChoiceFilter(
        method="by_state", choices=EPISODE_STATES, label="Left out: all. By the dates, as of today."
    )
    person = KeyFilter()

    def by_state(self, rows: EpisodeQuerySet, name: str, value: str) -> QuerySet[Episode]:
        """One tab of the register."""
        del name
        match value:
            case "open":
                return rows.open(self.on)
            case "overdue":
                return rows.overdue(self.on)
            case "ended":
                return rows.ended(self.on)
        return rows


class PersonFilter(django_filters.FilterSet):
    """People by words, and by community."""

    q = django_filters.CharFilter(
        method="by_words", label="Name or part of it, a whole ID or phone, or the last four digits of one."
    )
    community = django_filters.CharFilter(method="by_area", label="Code of a community, or of an area above.")

    class Meta:
        model = Person
        fields: list[str] = []

    def by_words(self, rows: PersonQuerySet, name: str, value: str) -> PersonQuerySet:
        """People by name, number, or last four digits."""
        del name
        return rows.matching(value)

    def by_area(self, rows: PersonQuerySet, name: str, value: str) -> PersonQuerySet:
        """People whose file stands in that area."""
        del name
        first, after = codes_below(value)
        return rows.filter(community__in=Area.objects.filter(code__gte=first, code__lt=after).values("pk"))


class TestFilter(django_filters.FilterSet):
    """Tests by date, by episode and person, and by what they wait for."""

    __test__ = False

    on = django_filters.DateFilter("planned_on", input_formats=["%Y-%m-%d"])
    since = django_filters.DateFilter("planned_on", "gte", input_formats=["%Y-%m-%d"])
    until = django_filters.DateFilter("planned_on", "lte", input_formats=["%Y-%m-%d"])
    state = django_filters.ChoiceFilter(
        method="by_state",
        choices=TEST_STATES,
        label="due: to take today; awaiting: sampled, without result; missed: nobody came in time.",
    )
    episode = KeyFilter()
    person = KeyFilter()

    class Meta:
        model = NucleicAcidTest
        fields: list[str] = []

    def __init__(self, *args: Any, on: Any, user: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.today, self.user = on, user

    def by_state(self, rows: TestQuerySet, name: str, value: str) -> TestQuerySet:
        """What still waits for a hand, as the pages of today say it."""
        del name
        match value:
            case "due":
                return rows.to_take(self.today)
            case "awaiting":
                return rows.awaiting_result()
        return rows.missed(self.today)


class EpisodePages(KeyPages):
    """Keyset pages of episodes by the date of release: the order that the indexes of each area have.

    The cursor is `n` or `p` (next, previous) and the last row's date and number.
    """

    ordering = "release_on"
    order = KeysetOrder(("release_on", "id"))

    def rows(self, queryset: QuerySet[Episode], request: Request, today: dt.date) -> list[EpisodeRow]:
        """The rows of the page as of today; keeps what the links beside it need."""
        size = self.get_page_size(request) or self.page_size
        way, _sep, place = request.query_params.get(self.cursor_query_param, "").partition("_")
        if (way or place) and (way not in ("n", "p") or parse_cursor(place, self.order) is None):
            raise bad_cursor()
        after, before = (place if way == "n" else ""), (place if way == "p" else "")
        wanted, backwards = keyset_page(queryset, self.order, after=after, before=before, size=size)
        rows = episode_rows(wanted, today)
        more, rows = len(rows) > size, rows[:size]
        if backwards:
            rows.reverse()
        self.address = request.build_absolute_uri()
        self.following = f"n_{self._place(rows[-1])}" if rows and (more or backwards) else None
        self.preceding = f"p_{self._place(rows[0])}" if rows and (more if backwards else after) else None
        return rows

    def _place(self, row: EpisodeRow) -> str:
        return cursor_of(row.values | {"id": row.pk}, self.order)

    def get_next_link(self) -> str | None:
        """The page behind this one."""
        return self._link(self.following)

    def get_previous_link(self) -> str | None:
        """The page before this one."""
        return self._link(self.preceding)

    def _link(self, cursor: str | None) -> str | None:
        return replace_query_param(self.address, self.cursor_query_param, cursor) if cursor else None
