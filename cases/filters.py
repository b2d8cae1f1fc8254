"""What the register, its export and the API can be narrowed down to."""

import datetime as dt
import re
from typing import Any

import django_filters
from django import forms
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from accounts.models import Area, User
from cases.models import Episode, KeyMark, NucleicAcidTest, Person
from cases.models.episode import EpisodeQuerySet
from policy.types import Category, Mode
from zones.rules import tidy_name

TESTS = [
    ("today", _("test today")),
    ("waiting", _("waiting for a result")),
    ("missed", _("test missed")),
]
DAYS_LEFT = [
    ("1", _("last day")),
    ("2", _("at most 2 days")),
    ("3", _("at most 3 days")),
    ("5", _("at most 5 days")),
]


class EpisodeFilter(django_filters.FilterSet):
    """Filters of episodes; `on` is the date that "today", "days left" and the stages refer to."""

    q = django_filters.CharFilter(
        method="by_words",
        label=_("Search"),
        widget=forms.TextInput(
            attrs={"type": "search", "placeholder": _("Name, ID, phone or last four digits")}
        ),
    )
    category = django_filters.ChoiceFilter(
        choices=Category.choices, label=_("category"), empty_label=_("all categories")
    )
    stage = django_filters.ChoiceFilter(
        method="by_stage", choices=Mode.choices, label=_("stage"), empty_label=_("all stages")
    )
    place = django_filters.CharFilter(
        method="by_place",
        label=_("Compound, building or site"),
        widget=forms.TextInput(attrs={"placeholder": _("Compound, building or site")}),
    )
    tests = django_filters.ChoiceFilter(
        method="by_tests", choices=TESTS, label=_("tests"), empty_label=_("any tests")
    )
    days_left = django_filters.ChoiceFilter(
        method="by_days_left", choices=DAYS_LEFT, label=_("days left"), empty_label=_("any days left")
    )
    key = django_filters.ChoiceFilter(
        method="by_key_mark",
        choices=[("1", _("key persons"))],
        label=_("key persons"),
        empty_label=_("everybody"),
    )
    community = django_filters.CharFilter(method="by_community", widget=forms.HiddenInput)

    class Meta:
        model = Episode
        fields: list[str] = []

    def __init__(self, *args: Any, on: dt.date, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.on, self.user = on, user

    def by_words(self, rows: QuerySet[Episode], name: str, value: str) -> QuerySet[Episode]:
        """People by name, number, or last four digits; "4号楼 1203" by the place."""
        if re.search(r"[一-鿿]", value) and re.search(r"\d", value):
            return self.by_place(rows, name, value)
        return rows.filter(person__in=Person.objects.matching(value).values("pk"))

    def by_stage(self, rows: EpisodeQuerySet, name: str, value: str) -> EpisodeQuerySet:
        """Those whose stage on the date has that mode."""
        del name
        return rows.in_stage(value, self.on)

    def by_place(self, rows: QuerySet[Episode], name: str, value: str) -> QuerySet[Episode]:
        """Each word has to name the compound, building, unit or door, or the site where the person is."""
        del name
        for word in value.split():
            part = tidy_name(word)
            rows = rows.filter(
                Q(person__unit__building__compound__name__contains=part)
                | Q(person__unit__building__name__startswith=part)
                | Q(person__unit__name__startswith=part)
                | Q(person__door=part)
                | Q(room__site__name__contains=part)
            )
        return rows

    def by_tests(self, rows: QuerySet[Episode], name: str, value: str) -> QuerySet[Episode]:
        """Those with a test to take on the date, a sample without result, or a missed test."""
        del name
        tests = NucleicAcidTest.objects.filter(episode=OuterRef("pk"))
        wanted = {
            "today": tests.to_take(self.on),
            "waiting": tests.awaiting_result(),
            "missed": tests.missed(self.on),
        }[value]
        return rows.filter(Exists(wanted))

    def by_days_left(self, rows: QuerySet[Episode], name: str, value: str) -> QuerySet[Episode]:
        """Those who are free within so many days."""
        del name
        last = self.on + dt.timedelta(days=int(value))
        return rows.filter(release_on__gt=self.on, release_on__lte=last)

    def by_key_mark(self, rows: QuerySet[Episode], name: str, value: str) -> QuerySet[Episode]:
        """Key persons only."""
        del name, value
        return rows.filter(Exists(KeyMark.objects.filter(person=OuterRef("person"))))

    def by_community(self, rows: QuerySet[Episode], name: str, value: str) -> QuerySet[Episode]:
        """One community of the user's area, by its code."""
        del name
        return rows.filter(community__in=Area.objects.visible_to(self.user).filter(code=value))
