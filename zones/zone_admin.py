"""Zones in the admin site: what is sealed, since when, until when, and everything that happened to it.

Read, searched and acted on by the verbs of the pages; nothing is edited field by field. Proposals of wider
zones: `zones.proposal_admin`.
"""

import datetime as dt
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action
from unfold.forms import BaseDialogForm
from unfold.widgets import UnfoldAdminTextInputWidget

from accounts.admin import HistoryAdmin, ReadOnlyInline
from accounts.models import User
from accounts.rules import Ability
from policy import clock
from policy.refusals import RuleViolation
from zones.actions import end_early
from zones.models import SealCause, UnitRound, UnitSeal, Zone, ZoneEvent
from zones.rules import SEAL_STATES, SealState
from zones.zone_shapes import with_sealed_units


class ReasonForm(BaseDialogForm):
    """Why: asked before units open other than by the clock."""

    reason = forms.CharField(
        label=_("reason"),
        max_length=300,
        widget=UnfoldAdminTextInputWidget,
        help_text=_("It is kept with the zone and shown in its history."),
    )


_END_EARLY: Any = {
    "title": _("Open all its units early"),
    "description": _("The planned date stays on the record."),
    "form_class": ReasonForm,
    "form_submit_text": _("Open all its units early"),
}


class SealInline(ReadOnlyInline):
    model = UnitSeal
    hide_title = True
    per_page = 50
    fields = (
        "unit",
        "purpose",
        "starts_at",
        "last_infection_on",
        "release_on",
        "planned_release_on",
        "ending",
        "ended_reason",
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[UnitSeal]:
        """With what names a unit."""
        return super().get_queryset(request).select_related("unit__building__compound")


class ZoneEventInline(ReadOnlyInline):
    model = ZoneEvent
    hide_title = True
    fk_name = "zone"
    per_page = 50
    fields: tuple[str, ...] = (
        "at",
        "due_at",
        "kind",
        "unit",
        "by",
        "clause",
        "edition",
        "reason",
        "found_on",
        "release_on",
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[ZoneEvent]:
        """With what names a unit."""
        return super().get_queryset(request).select_related("seal__unit__building__compound", "by")

    @admin.display(description=_("unit"))
    def unit(self, event: ZoneEvent) -> str:
        """The unit, if the event is about one alone."""
        return str(event.seal.unit) if event.seal else "–"


class SealEventInline(ZoneEventInline):
    fk_name = "seal"
    fields = ("at", "due_at", "kind", "by", "clause", "edition", "reason", "found_on", "release_on")


class CauseInline(ReadOnlyInline):
    model = SealCause
    hide_title = True
    fields = ("infection", "found_on", "noted_at", "who", "withdrawn_at")

    @admin.display(description=_("who"))
    def who(self, cause: SealCause) -> str:
        """Who noted it."""
        return str(cause.noted_by or "–")


class RoundInline(ReadOnlyInline):
    model = UnitRound
    hide_title = True
    fields = ("on", "people", "sampled", "negative", "recorded_at", "who")

    @admin.display(description=_("who"))
    def who(self, found: UnitRound) -> str:
        """Who recorded it."""
        return str(found.recorded_by)


class OpenFilter(admin.SimpleListFilter):
    """Whether a unit of the zone is sealed at this moment, by the clock."""

    title = _("today")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """High risk or low risk."""
        return [("open", _("high risk")), ("past", _("low risk again"))]

    def queryset(self, request: HttpRequest, queryset: Any) -> QuerySet[Zone]:
        """The zones in the chosen state."""
        match self.value():
            case "open":
                return queryset.open(clock.now())
            case "past":
                return queryset.past(clock.now())
        return queryset


@admin.register(Zone)
class ZoneAdmin(HistoryAdmin):
    list_display = (
        "compound",
        "boundary",
        "community",
        "designated_at",
        "opens_on",
        "sealed_now",
        "wider_reason",
        "edition",
    )
    list_filter = (OpenFilter, "wider_reason", "edition")
    search_fields = ("compound__name", "boundary", "community__name")
    ordering = ("-designated_at", "-pk")
    inlines = (SealInline, ZoneEventInline)
    actions_detail = ("end_early",)
    fields = (
        "compound",
        "boundary",
        "community",
        "unit_count",
        "edition",
        "clause",
        "designated_at",
        "designated_by",
        "reason",
        "wider_reason",
        "wider_note",
        "approved_by",
        "release_on",
        "ended_at",
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Zone]:
        """With the number of units that are sealed now."""
        return with_sealed_units(super().get_queryset(request), clock.now())

    def view_on_site(self, obj: Zone) -> str:
        """The page of the zone."""
        return reverse("zone", args=[obj.pk])

    @admin.display(description=_("last unit opens on"), ordering="release_on")
    def opens_on(self, zone: Zone) -> dt.date:
        """The date at whose 00:00 its last unit opens."""
        return zone.release_on

    @admin.display(description=_("sealed now"))
    def sealed_now(self, zone: Zone) -> str:
        """How many of its units."""
        return f"{zone.units_sealed} / {zone.unit_count}"  # type: ignore[attr-defined]

    @action(description=_("Open all its units early"), url_path="end-early", dialog=_END_EARLY)
    def end_early(self, request: HttpRequest, form: ReasonForm, object_id: int) -> HttpResponse:
        """The verb of the pages, with its reason, for every unit that is sealed."""
        zone, user, at = self.get_object(request, str(object_id)), request.user, clock.now()
        if zone is not None and isinstance(user, User) and user.may(Ability.SUPERVISE):
            held = UnitSeal.objects.filter(zone=zone).holding(at).select_related("zone", "unit", "community")
            try:
                done = end_early(seals=list(held), reason=form.cleaned_data["reason"], by=user, at=at)
                messages.success(request, _("Recorded for %(done)d.") % {"done": done})
            except RuleViolation as refusal:
                messages.error(request, str(refusal))
        address = reverse("admin:zones_zone_change", args=[object_id])
        return HttpResponse(status=204, headers={"HX-Redirect": address})


class SealStateFilter(admin.SimpleListFilter):
    """What the units are at this moment, by the clock."""

    title = _("today")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """Sealed, overdue among them, or open again."""
        return [
            ("holding", SEAL_STATES[SealState.SEALED]),
            ("overdue", SEAL_STATES[SealState.OVERDUE]),
            ("open", SEAL_STATES[SealState.OPEN]),
        ]

    def queryset(self, request: HttpRequest, queryset: Any) -> QuerySet[UnitSeal]:
        """The seals in the chosen state."""
        at = clock.now()
        match self.value():
            case "holding":
                return queryset.holding(at)
            case "overdue":
                return queryset.overdue(clock.today())
            case "open":
                return queryset.exclude(pk__in=UnitSeal.objects.holding(at).values("pk"))
        return queryset


@admin.register(UnitSeal)
class UnitSealAdmin(HistoryAdmin):
    list_display = (
        "unit",
        "community",
        "state_now",
        "starts_at",
        "last_infection_on",
        "release_on",
        "planned_release_on",
        "ending",
    )
    list_filter = (SealStateFilter, "ending", "purpose")
    search_fields = ("unit__name", "unit__building__name", "unit__building__compound__name")
    ordering = ("-starts_at", "-pk")
    inlines = (CauseInline, RoundInline, SealEventInline)
    fields = (
        "unit",
        "community",
        "zone",
        "purpose",
        "edition",
        "clause",
        "starts_at",
        "last_infection_on",
        "clean_days",
        "release_on",
        "planned_release_on",
        "round_day",
        "round_met_at",
        "ending",
        "ended_at",
        "who",
        "ended_reason",
        "swept_at",
    )

    def get_readonly_fields(self, request: HttpRequest, obj: UnitSeal | None = None) -> Any:
        """Every field: seals are made and ended by verbs and by the clock."""
        return self.fields

    @admin.display(description=_("who"))
    def who(self, seal: UnitSeal) -> str:
        """Who opened it, when it was not the clock."""
        return str(seal.ended_by or "–")

    def get_queryset(self, request: HttpRequest) -> QuerySet[UnitSeal]:
        """With what names unit and zone."""
        rows = super().get_queryset(request)
        return rows.select_related("unit__building__compound", "zone__compound", "community")

    @admin.display(description=_("today"))
    def state_now(self, seal: UnitSeal) -> str:
        """By the dates, whether or not a task has run."""
        return str(SEAL_STATES[seal.state(clock.now())])


@admin.register(UnitRound)
class UnitRoundAdmin(HistoryAdmin):
    list_display = ("on", "unit", "people", "sampled", "negative", "all_negative", "who")
    search_fields = ("seal__unit__building__name", "seal__unit__building__compound__name")
    ordering = ("-on", "-pk")
    fields = ("on", "unit", "people", "sampled", "negative", "all_negative", "recorded_at", "who")

    def get_readonly_fields(self, request: HttpRequest, obj: UnitRound | None = None) -> Any:
        """Every field: rounds are recorded on the zone's page."""
        return self.fields

    @admin.display(description=_("who"))
    def who(self, found: UnitRound) -> str:
        """Who recorded it."""
        return str(found.recorded_by)

    def scoped(self, rows: QuerySet[UnitRound], user: User) -> QuerySet[UnitRound]:
        """Rounds of the units that the user sees."""
        return rows.filter(seal__in=UnitSeal.objects.visible_to(user).values("pk"))

    def get_queryset(self, request: HttpRequest) -> QuerySet[UnitRound]:
        """With what names a unit."""
        return super().get_queryset(request).select_related("seal__unit__building__compound", "recorded_by")

    @admin.display(description=_("unit"))
    def unit(self, found: UnitRound) -> str:
        """Compound, building, unit."""
        return str(found.seal.unit)

    @admin.display(description=_("everybody negative"), boolean=True)
    def all_negative(self, found: UnitRound) -> bool:
        """Whether everybody inside was found negative."""
        return found.complete


@admin.register(ZoneEvent)
class ZoneEventAdmin(HistoryAdmin):
    list_display = ("at", "due_at", "kind", "place", "by", "clause", "edition", "reason", "release_on")
    list_filter = ("kind",)
    search_fields = ("zone__compound__name", "zone__boundary")
    ordering = ("-pk",)
    fields = (
        "at",
        "due_at",
        "kind",
        "place",
        "by",
        "clause",
        "edition",
        "reason",
        "infection",
        "found_on",
        "release_on",
        "details",
    )

    def get_readonly_fields(self, request: HttpRequest, obj: ZoneEvent | None = None) -> Any:
        """Every field: what happened is not edited."""
        return self.fields

    def scoped(self, rows: QuerySet[ZoneEvent], user: User) -> QuerySet[ZoneEvent]:
        """Events of the zones that the user sees."""
        return rows.filter(zone__in=Zone.objects.visible_to(user).values("pk"))

    def get_queryset(self, request: HttpRequest) -> QuerySet[ZoneEvent]:
        """With what names zone and unit."""
        rows = super().get_queryset(request)
        return rows.select_related("zone__compound", "seal__unit__building__compound", "by")

    @admin.display(description=_("where"))
    def place(self, event: ZoneEvent) -> str:
        """The unit, or the whole zone."""
        return str(event.seal.unit if event.seal else event.zone)
