"""What was asked for and what became of it: needs, calls, hospitals asked, rounds, mutual supply, links.

All of it is read. A name is shown to whoever sees the person, a telephone and a link to nobody.
"""

from typing import Any

from django.contrib import admin
from django.db.models import Count, Model, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.admin import HistoryAdmin, ReadOnlyInline, ScopedAdmin
from accounts.models import Area, User
from accounts.rules import Level
from cases.infection_admin import name_in_sight, with_sight
from policy import clock
from supplies.models import (
    Call,
    Consult,
    DeliveryRound,
    MedicalNeed,
    MutualSupply,
    Need,
    NeedEvent,
    NeedLimit,
    NeedLine,
    ResidentLink,
    Stop,
)
from supplies.need_rows import NeedRow


@admin.register(NeedLimit)
class NeedLimitAdmin(ScopedAdmin):
    """How soon a need has to be at the door: a local setting, which holds for every office."""

    list_display = ("urgency", "kind", "minutes")
    list_filter = ("urgency",)

    def scoped(self, rows: QuerySet[NeedLimit], user: User) -> QuerySet[NeedLimit]:
        """Limits hold for everybody."""
        return rows

    def _sets(self, request: HttpRequest) -> bool:
        """Whether no community stands outside the supervisor's area: nobody sets what binds next door."""
        user = request.user
        if not self._may(request) or not isinstance(user, User) or user.area is None:
            return False
        mine = Area.objects.visible_to(user).values("pk")
        return not Area.objects.filter(level=Level.COMMUNITY).exclude(pk__in=mine).exists()

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Open to supervisors above all communities; the others read."""
        return self._sets(request)

    has_change_permission = has_add_permission
    has_delete_permission = has_add_permission


# ── needs ────────────────────────────────────────────────────────────────────────────────────────


class LineInline(ReadOnlyInline):
    model = NeedLine
    hide_title = True
    fields = ("item", "text", "quantity")

    def get_queryset(self, request: HttpRequest) -> QuerySet[NeedLine]:
        """With the item's name."""
        return super().get_queryset(request).select_related("item")


class MedicalInline(ReadOnlyInline):
    model = MedicalNeed
    hide_title = True
    fields = ("treatment", "wanted_at", "owner", "act_by", "told_120_at", "ended_at")


class NeedEventInline(ReadOnlyInline):
    model = NeedEvent
    hide_title = True
    per_page = 50
    fields = ("at", "kind", "who", "reason")

    def get_queryset(self, request: HttpRequest) -> QuerySet[NeedEvent]:
        """With who did it."""
        return super().get_queryset(request).select_related("by")

    @admin.display(description=_("who"))
    def who(self, event: NeedEvent) -> str:
        """Staff, the resident, or the clock."""
        if event.by is not None:
            return event.by.display_name
        return str(_("the resident") if event.by_resident else pgettext_lazy("who did it", "the clock"))


class HowFarFilter(admin.SimpleListFilter):
    """How far needs are at this moment, by the clock."""

    title = _("today")
    parameter_name = "now"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """What a supervisor looks for."""
        return [("live", _("somebody answers for it")), ("late", _("past its limit"))]

    def queryset(self, request: HttpRequest, queryset: Any) -> QuerySet[Need]:
        """The needs in the chosen state."""
        match self.value():
            case "live":
                return queryset.live()
            case "late":
                return queryset.late(clock.now())
        return queryset


@admin.register(Need)
class NeedAdmin(HistoryAdmin):
    list_display = (
        "number",
        "kind",
        "urgency",
        "state",
        "place",
        "person_name",
        "community",
        "asked_at",
        "due_at",
        "lateness",
        "owner",
    )
    list_filter = (HowFarFilter, "kind", "urgency", "state", "source")
    search_fields = ("number", "unit__building__compound__name", "community__name")
    ordering = ("-asked_at", "-pk")
    inlines = (LineInline, MedicalInline, NeedEventInline)
    fields = (
        "number",
        "kind",
        "urgency",
        "state",
        "source",
        "person_name",
        "place",
        "community",
        "zone",
        "text",
        "owner",
        "asked_at",
        "due_at",
        "at_door_at",
        "ended_at",
        "lateness",
        "reason",
        "instead",
    )

    def get_readonly_fields(self, request: HttpRequest, obj: Need | None = None) -> Any:
        """Every field: a need moves by the verbs of its page."""
        return self.fields

    def get_queryset(self, request: HttpRequest) -> QuerySet[Need]:
        """With what names the place, and the mark whether the person may be named."""
        rows = super().get_queryset(request)
        rows = rows.select_related(
            "unit__building__compound", "community", "owner", "zone__compound", "medical"
        )
        return with_sight(rows, request)

    def view_on_site(self, obj: Need) -> str:
        """The page of the need."""
        return obj.get_absolute_url()

    @admin.display(description=_("person"))
    def person_name(self, need: Need) -> str:
        """The name, to whoever sees the person."""
        return name_in_sight(need, need.person)

    @admin.display(description=_("address"))
    def place(self, need: Need) -> str:
        """Compound, building, unit and door."""
        return need.address or "–"

    @admin.display(description=pgettext_lazy("limit", "late"), ordering="late_by_minutes")
    def lateness(self, need: Need) -> str:
        """How late it is now and since when, or how late it came: in words, with the unit."""
        row = NeedRow(need, clock.now())
        if row.is_late and row.clock:
            return f"{row.clock.words} ({row.clock.note})"
        return row.late_words or "–"


@admin.register(Consult)
class ConsultAdmin(HistoryAdmin):
    """Which hospital was asked and what it said; a refusal stands for good, with its reason."""

    list_display = ("asked_at", "need", "site", "answer", "reason", "answered_at", "community")
    list_filter = ("answer", "medical__treatment")
    list_select_related = ("medical__need__community", "site")
    search_fields = ("medical__need__number", "site__name", "reason")
    ordering = ("-asked_at", "-pk")
    fields = (
        "need",
        "community",
        "site",
        "asked_at",
        "asked_by",
        "answer",
        "answered_at",
        "answered_by",
        "reason",
    )

    def get_readonly_fields(self, request: HttpRequest, obj: Consult | None = None) -> Any:
        """Every field."""
        return self.fields

    def scoped(self, rows: QuerySet[Consult], user: User) -> QuerySet[Consult]:
        """Of the needs of the own subtree."""
        return rows.filter(medical__need__in=Need.objects.visible_to(user))

    def view_on_site(self, obj: Consult) -> str:
        """The page of the medical need."""
        return reverse("medical-need", args=[obj.medical.need_id])

    @admin.display(description=_("need"), ordering="medical__need__number")
    def need(self, consult: Consult) -> str:
        """Its number."""
        return consult.medical.need.number

    @admin.display(description=_("community"), ordering="medical__need__community__code")
    def community(self, consult: Consult) -> str:
        """Whose person it is."""
        return consult.medical.need.community.name


@admin.register(Call)
class CallAdmin(HistoryAdmin):
    """Calls that came in. The caller's telephone is shown nowhere here, not even in part."""

    list_display = (
        "at",
        "area",
        "hotline",
        "taken_by",
        "person_name",
        "asked_for",
        "call_back_at",
        "called_back_at",
    )
    list_filter = ("hotline__purpose",)
    search_fields = ("area__name", "needs__number", "=taken_by__username")
    ordering = ("-at", "-pk")
    fields = (
        "at",
        "area",
        "hotline",
        "taken_by",
        "person_name",
        "asked_for",
        "note",
        "call_back_at",
        "called_back_at",
        "called_back_by",
    )

    def get_readonly_fields(self, request: HttpRequest, obj: Call | None = None) -> Any:
        """Every field."""
        return self.fields

    def get_queryset(self, request: HttpRequest) -> QuerySet[Call]:
        """With what came of it, and the mark whether the person may be named."""
        rows = super().get_queryset(request).select_related("area", "hotline", "taken_by", "called_back_by")
        return with_sight(rows, request).prefetch_related("needs")

    @admin.display(description=_("person"))
    def person_name(self, call: Call) -> str:
        """The name, to whoever sees the person."""
        return name_in_sight(call, call.person)

    @admin.display(description=_("needs"))
    def asked_for(self, call: Call) -> str:
        """The numbers of what was asked for."""
        return "、".join(need.number for need in call.needs.all()) or "–"


# ── the way to the door ──────────────────────────────────────────────────────────────────────────


class StopInline(ReadOnlyInline):
    model = Stop
    hide_title = True
    per_page = 100
    fields = ("position", "need", "place", "outcome", "ticked_at", "who", "note")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Stop]:
        """With what names the door."""
        return super().get_queryset(request).select_related("need__unit__building__compound", "ticked_by")

    @admin.display(description=_("address"))
    def place(self, stop: Stop) -> str:
        """The door."""
        return stop.need.address or "–"

    @admin.display(description=_("who"))
    def who(self, stop: Stop) -> str:
        """Who ticked it off."""
        return str(stop.ticked_by or "–")


@admin.register(DeliveryRound)
class RoundAdmin(HistoryAdmin):
    list_display = ("on", "compound", "community", "carrier", "car", "state", "doors")
    list_filter = ("state",)
    list_select_related = ("compound", "community", "carrier", "car")
    search_fields = ("compound__name", "community__name", "car__plate")
    ordering = ("-on", "-pk")
    inlines = (StopInline,)
    fields = (
        "on",
        "compound",
        "community",
        "carrier",
        "car",
        "state",
        "made_at",
        "made_by",
        "started_at",
        "done_at",
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[DeliveryRound]:
        """With the number of doors."""
        return super().get_queryset(request).annotate(how_many=Count("stops"))

    def view_on_site(self, obj: DeliveryRound) -> str:
        """The page of the round."""
        return reverse("round", args=[obj.pk])

    @admin.display(description=_("doors"), ordering="how_many")
    def doors(self, delivery: DeliveryRound) -> int:
        """How many stops it has."""
        return delivery.how_many  # type: ignore[attr-defined]


@admin.register(MutualSupply)
class MutualSupplyAdmin(HistoryAdmin):
    """Mutual supply as both ends see it, and what an area of the same city asks for."""

    list_display = (
        "asked_at",
        "asking",
        "item",
        "quantity",
        "wanted_on",
        "state",
        "offering",
        "received_quantity",
    )
    list_filter = ("state",)
    list_select_related = ("asking", "offering", "item")
    search_fields = ("item__name", "asking__name", "offering__name")
    ordering = ("-asked_at", "-pk")
    fields = (
        "asking",
        "item",
        "quantity",
        "wanted_on",
        "note",
        "state",
        "offering",
        "offered_quantity",
        "received_quantity",
        "received_note",
        "asked_at",
        "offered_at",
        "agreed_at",
        "shipped_at",
        "received_at",
        "withdrawn_at",
    )

    def view_on_site(self, obj: MutualSupply) -> str:
        """The page of the record."""
        return reverse("mutual-detail", args=[obj.pk])


class UsableFilter(admin.SimpleListFilter):
    """Whether the link opens anything at this moment."""

    title = _("today")
    parameter_name = "now"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """Open, or closed for whatever reason."""
        return [("open", _("opens the page")), ("closed", _("opens nothing"))]

    def queryset(self, request: HttpRequest, queryset: Any) -> QuerySet[ResidentLink]:
        """The links in the chosen state."""
        usable = ResidentLink.objects.usable(clock.now()).values("pk")
        match self.value():
            case "open":
                return queryset.filter(pk__in=usable)
            case "closed":
                return queryset.exclude(pk__in=usable)
        return queryset


@admin.register(ResidentLink)
class ResidentLinkAdmin(HistoryAdmin):
    """Which household has a link, who made it and until when. The link itself is shown nowhere here."""

    list_display = (
        "made_at",
        "place",
        "community",
        "people_count",
        "ends_at",
        "withdrawn_at",
        "last_used_on",
    )
    list_filter = (UsableFilter,)
    search_fields = ("unit__building__compound__name", "unit__building__name", "community__name")
    ordering = ("-made_at", "-pk")
    fields = (
        "place",
        "community",
        "people_count",
        "made_at",
        "made_by",
        "ends_at",
        "withdrawn_at",
        "withdrawn_by",
        "last_used_on",
    )

    def get_readonly_fields(self, request: HttpRequest, obj: ResidentLink | None = None) -> Any:
        """Every field."""
        return self.fields

    def get_queryset(self, request: HttpRequest) -> QuerySet[ResidentLink]:
        """With the number of people behind it."""
        rows = (
            super().get_queryset(request).select_related("unit__building__compound", "community", "made_by")
        )
        return rows.annotate(how_many=Count("people"))

    @admin.display(description=_("address"))
    def place(self, link: ResidentLink) -> str:
        """Compound, building, unit and door."""
        return f"{link.unit or ''} {link.door}".strip() or "–"

    @admin.display(description=_("people"), ordering="how_many")
    def people_count(self, link: ResidentLink) -> int:
        """How many people it is for."""
        return link.how_many  # type: ignore[attr-defined]
