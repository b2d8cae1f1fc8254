"""The register in the admin site: the same records and the same verbs as on the pages; history stays."""

import datetime as dt
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import Exists, OuterRef, Prefetch, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action
from unfold.forms import BaseDialogForm
from unfold.widgets import UnfoldAdminTextInputWidget

from accounts.admin import HistoryAdmin, ReadOnlyInline
from accounts.models import User
from accounts.rules import Ability
from cases import infection_admin  # noqa: F401 - the models of infections are registered there
from cases.actions import ending
from cases.models import (
    ContactAttempt,
    Episode,
    EpisodeEvent,
    EpisodeStage,
    Ground,
    Handover,
    KeyMark,
    NucleicAcidTest,
    Person,
    Placement,
)
from cases.rules import OVERDUE_REASONS, STATES
from policy import clock
from policy.refusals import RuleViolation
from policy.types import Category


class ReasonForm(BaseDialogForm):
    """Why: asked before whatever ends an episode other than by the clock."""

    reason = forms.CharField(
        label=_("reason"),
        max_length=300,
        widget=UnfoldAdminTextInputWidget,
        help_text=_("It is kept with the episode and shown in its history."),
    )


def _reason_dialog(title: Any) -> Any:
    return {
        "title": title,
        "description": _("The planned end stays on the record."),
        "form_class": ReasonForm,
        "form_submit_text": title,
    }


class StageInline(ReadOnlyInline):
    model = EpisodeStage
    fields = ("number", "mode", "starts_on", "last_on", "coded", "may_go_out", "clause")


class GroundInline(ReadOnlyInline):
    model = Ground
    fields = (
        "category",
        "anchor_on",
        "clause",
        "registered_on",
        "isolation_finished",
        "infection",
        "document",
    )


class TestInline(ReadOnlyInline):
    model = NucleicAcidTest
    fields = (
        "planned_on",
        "mode",
        "stage_day",
        "origin",
        "sampled_at",
        "result",
        "ct",
        "resulted_at",
        "dropped_at",
    )


class EventInline(ReadOnlyInline):
    model = EpisodeEvent
    fields = ("at", "due_at", "kind", "by", "clause", "edition", "reason")


class PlacementInline(ReadOnlyInline):
    model = Placement
    fields = ("place", "room", "from_at", "until_at")


class ContactInline(ReadOnlyInline):
    model = ContactAttempt
    fields = ("at", "outcome", "by", "note", "try_again_at")


class StateFilter(admin.SimpleListFilter):
    """What the episodes are today, by their dates."""

    title = _("state today")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """The states that a supervisor looks for."""
        return [
            ("restricting", _("restricting")),
            ("overdue", _("overdue")),
            ("releasing", _("released today")),
            ("awaiting", _("positive, awaiting transfer")),
            ("ended", _("ended")),
        ]

    def queryset(self, request: HttpRequest, queryset: Any) -> QuerySet[Episode]:
        """The episodes in the chosen state."""
        today = clock.today()
        match self.value():
            case "restricting":
                return queryset.restricting(today)
            case "overdue":
                return queryset.overdue(today)
            case "releasing":
                return queryset.releasing_on(today)
            case "awaiting":
                return queryset.awaiting_transfer()
            case "ended":
                return queryset.ended(today)
        return queryset


@admin.register(Episode)
class EpisodeAdmin(HistoryAdmin):
    list_display = (
        "person_name",
        "category",
        "clause",
        "state_today",
        "free_from",
        "late",
        "community",
        "edition",
    )
    list_filter = (StateFilter, "category", "ending", "edition")
    list_select_related = ("person", "community")
    search_fields = ("pk",)
    search_help_text = _("Name, ID or telephone, whole or the last four digits")
    ordering = ("-registered_at",)
    inlines = (GroundInline, StageInline, TestInline, PlacementInline, ContactInline, EventInline)
    actions_detail = ("end_early", "withdraw")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Episode], search_term: str
    ) -> tuple[QuerySet[Episode], bool]:
        """Search by the keyed indexes, as on the pages."""
        if not search_term.strip():
            return queryset, False
        return queryset.filter(person__in=Person.objects.matching(search_term).values("pk")), False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Episode]:
        """With the stages that the state is read from."""
        return super().get_queryset(request).prefetch_related("stages")

    def view_on_site(self, obj: Episode) -> str:
        """The page of the episode."""
        return reverse("episode", args=[obj.pk])

    @admin.display(description=_("person"), ordering="person__name")
    def person_name(self, episode: Episode) -> str:
        """The name."""
        return episode.person.name

    @admin.display(description=_("state today"))
    def state_today(self, episode: Episode) -> str:
        """By the dates, whether or not a task has run."""
        return str(STATES[episode.state(clock.today())])

    @admin.display(description=_("free from"), ordering="release_on")
    def free_from(self, episode: Episode) -> dt.date:
        """The first free date."""
        return episode.release_on

    @admin.display(description=_("overdue"))
    def late(self, episode: Episode) -> str:
        """What we owe the person."""
        return "；".join(str(OVERDUE_REASONS[each.reason]) for each in episode.overdue(clock.today())) or "–"

    @action(description=_("End early"), url_path="end-early", dialog=_reason_dialog(_("End early")))
    def end_early(self, request: HttpRequest, form: ReasonForm, object_id: int) -> HttpResponse:
        """The verb of the pages, with its reason."""
        return self._act(request, object_id, ending.end_early, form)

    @action(description=_("Withdraw"), url_path="withdraw", dialog=_reason_dialog(_("Withdraw")))
    def withdraw(self, request: HttpRequest, form: ReasonForm, object_id: int) -> HttpResponse:
        """The verb of the pages, for an episode that was entered by mistake."""
        return self._act(request, object_id, ending.withdraw, form)

    def _act(self, request: HttpRequest, object_id: int, verb: Any, form: ReasonForm) -> HttpResponse:
        episode = self.get_object(request, str(object_id))
        user = request.user
        if episode is not None and isinstance(user, User) and user.may(Ability.WORK_CASES):
            try:
                verb(episode=episode, reason=form.cleaned_data["reason"], by=user, at=clock.now())
                messages.success(request, _("Recorded."))
            except RuleViolation as refusal:
                messages.error(request, str(refusal))
        address = reverse("admin:cases_episode_change", args=[object_id])
        return HttpResponse(status=204, headers={"HX-Redirect": address})


@admin.register(Person)
class PersonAdmin(HistoryAdmin):
    list_display = ("name", "sex", "born_on", "hidden_id", "hidden_phone", "home", "community")
    list_select_related = ("unit__building__compound", "community")
    search_fields = ("pk",)
    search_help_text = _("Name, ID or telephone, whole or the last four digits")
    ordering = ("-pk",)
    fields = (
        "name",
        "sex",
        "born_on",
        "id_kind",
        "hidden_id",
        "hidden_phone",
        "home",
        "community",
        "key_marks",
        "remarks",
        "episodes",
        "created_at",
    )

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Person], search_term: str
    ) -> tuple[QuerySet[Person], bool]:
        """Search by the keyed indexes, as on the pages."""
        if not search_term.strip():
            return queryset, False
        return queryset & Person.objects.matching(search_term), False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Person]:
        """With the episodes that the supervisor sees: an earlier one of another community is not told of."""
        user = request.user
        seen = Episode.objects.visible_to(user) if isinstance(user, User) else Episode.objects.none()
        seen_first = Prefetch("episodes", seen.order_by("-registered_at"), to_attr="episodes_seen")
        return super().get_queryset(request).prefetch_related(seen_first)

    def get_readonly_fields(self, request: HttpRequest, obj: Person | None = None) -> Any:
        """Every field; a full number is revealed on the person's page, where it is logged."""
        return self.fields

    @admin.display(description=_("ID number"))
    def hidden_id(self, person: Person) -> str:
        """Masked."""
        return person.masked_id or "–"

    @admin.display(description=_("telephone"))
    def hidden_phone(self, person: Person) -> str:
        """Masked."""
        return person.masked_phone or "–"

    @admin.display(description=_("address"))
    def home(self, person: Person) -> str:
        """Compound, building, unit, door."""
        return person.address or "–"

    @admin.display(description=_("key-person marks"))
    def key_marks(self, person: Person) -> str:
        """All of them."""
        return "、".join(str(mark) for mark in KeyMark.objects.filter(person=person)) or "–"

    @admin.display(description=_("episodes"))
    def episodes(self, person: Person) -> str:
        """Links to the episodes."""
        links = [
            format_html(
                '<a href="{}">{} {}</a>',
                reverse("admin:cases_episode_change", args=[episode.pk]),
                episode.registered_on,
                Category(episode.category).label,
            )
            for episode in person.episodes_seen  # type: ignore[attr-defined]
        ]
        return format_html(", ".join(["{}"] * len(links)), *links) if links else "–"


@admin.register(NucleicAcidTest)
class TestAdmin(HistoryAdmin):
    list_display = ("planned_on", "person_name", "mode", "stage_day", "origin", "sampled_at", "result", "ct")
    list_filter = ("result", "origin", "mode")
    list_select_related = ("person",)
    search_fields = ("=external_id",)
    ordering = ("-planned_on", "-pk")

    @admin.display(description=_("person"))
    def person_name(self, test: NucleicAcidTest) -> str:
        """The name."""
        return test.person.name


@admin.register(EpisodeEvent)
class EventAdmin(HistoryAdmin):
    list_display = ("at", "due_at", "kind", "person_name", "by", "clause", "edition", "reason")
    list_filter = ("kind",)
    list_select_related = ("episode__person", "by")
    ordering = ("-pk",)

    def scoped(self, rows: QuerySet[EpisodeEvent], user: User) -> QuerySet[EpisodeEvent]:
        """Events of the episodes that the user sees."""
        return rows.filter(episode__in=Episode.objects.visible_to(user).values("pk"))

    @admin.display(description=_("person"))
    def person_name(self, event: EpisodeEvent) -> str:
        """The name."""
        return event.episode.person.name


@admin.register(Handover)
class HandoverAdmin(HistoryAdmin):
    list_display = (
        "offered_at",
        "person_name",
        "from_community",
        "to_community",
        "state",
        "offered_by",
        "answered_at",
    )
    list_filter = ("state",)
    list_select_related = ("episode__person", "from_community", "to_community", "offered_by")
    ordering = ("-offered_at",)
    fields = (
        "person_name",
        "from_community",
        "to_community",
        "answering_community",
        "state",
        "reason",
        "offered_at",
        "offered_by",
        "answered_at",
        "answered_by",
        "answer_reason",
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Handover]:
        """With the mark whether the supervisor sees the person: an office that asks for one does not yet."""
        user = request.user
        seen = Episode.objects.visible_to(user) if isinstance(user, User) else Episode.objects.none()
        return super().get_queryset(request).annotate(in_sight=Exists(seen.filter(pk=OuterRef("episode"))))

    @admin.display(description=_("person"))
    def person_name(self, handover: Handover) -> str:
        """The name, to whoever sees the person."""
        return handover.episode.person.name if handover.in_sight else "–"  # type: ignore[attr-defined]
