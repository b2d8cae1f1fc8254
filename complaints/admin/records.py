"""Complaints, looks and recusals in the admin site: to read, and only for whoever may handle the complaint.

What a complainant wrote and who that is are not here: the page of the desk opens them, with a look on record.
"""

from typing import Any

from django.contrib import admin
from django.contrib.admin.utils import unquote
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.admin import HistoryAdmin, ReadOnlyInline
from accounts.models import User
from cases.views.answers import client_address
from complaints.actions.events import note_look
from complaints.explained import because
from complaints.models import Clock, Complaint, ComplaintEvent, Look, Recusal
from complaints.rules.handling import OPEN
from complaints.rules.words import LookedAt
from policy import clock


class ComplaintEventInline(ReadOnlyInline):
    model = ComplaintEvent
    hide_title = True
    per_page = 50
    fields = ("at", "kind", "who", "from_office", "to", "reason")

    def get_queryset(self, request: HttpRequest) -> QuerySet[ComplaintEvent]:
        """With the names."""
        return super().get_queryset(request).select_related("by", "office", "to_office")

    @admin.display(description=_("who"))
    def who(self, event: ComplaintEvent) -> str:
        """Empty: the complainant or the clock."""
        return str(event.by or "–")

    @admin.display(description=_("office"))
    def from_office(self, event: ComplaintEvent) -> str:
        """Whose act it was."""
        return str(event.office or "–")

    @admin.display(description=_("to"))
    def to(self, event: ComplaintEvent) -> str:
        """Where it went."""
        return str(event.to_office or "–")


class ClockInline(ReadOnlyInline):
    model = Clock
    hide_title = True
    fields = ("step", "at_office", "began_at", "due_at", "gross_at", "stopped_at")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Clock]:
        """With the office."""
        return super().get_queryset(request).select_related("office")

    @admin.display(description=_("office"))
    def at_office(self, row: Clock) -> str:
        """Whose clock it is."""
        return str(row.office or "–")


class LookInline(ReadOnlyInline):
    model = Look
    hide_title = True
    per_page = 50
    fields = ("at", "what", "who", "at_office", "address")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Look]:
        """With the names."""
        return super().get_queryset(request).select_related("by", "office")

    @admin.display(description=_("who"))
    def who(self, look: Look) -> str:
        """Who opened it."""
        return str(look.by)

    @admin.display(description=_("office"))
    def at_office(self, look: Look) -> str:
        """Where they worked then."""
        return str(look.office or "–")


class RecusalInline(ReadOnlyInline):
    model = Recusal
    hide_title = True
    fields = ("who", "reason", "at", "recorded_by")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Recusal]:
        """With the names."""
        return super().get_queryset(request).select_related("user", "by")

    @admin.display(description=_("who"))
    def who(self, recusal: Recusal) -> str:
        """Who is shut out."""
        return str(recusal.user)

    @admin.display(description=_("recorded by"))
    def recorded_by(self, recusal: Recusal) -> str:
        """Who wrote it down."""
        return str(recusal.by)


class LateFilter(admin.SimpleListFilter):
    """Whether it is open, and whether an office owes the step since its limit, by the clock."""

    title = _("today")
    parameter_name = "today"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """Late first."""
        return [("late", _("late")), ("open", _("open")), ("ended", _("at its end"))]

    def queryset(self, request: HttpRequest, queryset: Any) -> QuerySet[Complaint]:
        """The complaints in the chosen state."""
        match self.value():
            case "late":
                return queryset.late(clock.now())
            case "open":
                return queryset.open()
            case "ended":
                return queryset.exclude(state__in=OPEN)
        return queryset


@admin.register(Complaint)
class ComplaintAdmin(HistoryAdmin):
    """What lies at the own office or below it, never what is about the own office or one above it."""

    list_display = (
        "number",
        "behaviour",
        "state",
        "how_urgent",
        "area",
        "handler",
        "respondent",
        "received_at",
        "due_at",
        "lateness",
        "outcome",
    )
    list_select_related = ("area", "handler", "respondent")
    list_filter = (LateFilter, "state", "topic", "urgent", "was_late", "source", "outcome")
    search_fields = ("=number", "=external_id")
    ordering = ("-received_at", "-pk")
    inlines = (ComplaintEventInline, ClockInline, LookInline, RecusalInline)
    fields = (
        "number",
        "behaviour",
        "clause",
        "state",
        "urgent",
        "complex",
        "area",
        "compound",
        "site",
        "whom",
        "respondent",
        "since_on",
        "source",
        "external_id",
        "handler",
        "referred_by",
        "why_there",
        "coordinator",
        "times_back",
        "times_reopened",
        "received_at",
        "accepted_at",
        "referred_at",
        "first_answered_at",
        "answered_at",
        "verified_at",
        "closed_at",
        "outcome",
        "satisfied",
        "due_at",
        "was_late",
        "merged_into",
        "split_from",
        "rebound_of",
        "purged_at",
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Complaint]:
        """Without any text of the complainant."""
        texts = ("what_happened", "respondent_text", "ordered_by", "place", "facts")
        return super().get_queryset(request).defer(*texts)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> Any:
        """Write the look down first: the reason of an event may be the complainant's own words."""
        complaint, user = self.get_object(request, unquote(object_id)), request.user
        if complaint is not None and isinstance(user, User) and self._may(request):
            address = client_address(request)
            note_look(complaint, by=user, at=clock.now(), what=LookedAt.CASE, address=address)
        return super().change_view(request, object_id, form_url, extra_context)

    def get_readonly_fields(self, request: HttpRequest, obj: Complaint | None = None) -> Any:
        """Every field: complaints are changed by verbs."""
        return self.fields

    def get_list_display_links(self, request: HttpRequest, list_display: Any) -> Any:
        """By its number."""
        return ("number",)

    @admin.display(description=_("urgent"), ordering="urgent")
    def how_urgent(self, complaint: Complaint) -> str:
        """A word where it is; a cross in red would say the opposite of "no"."""
        return str(_("urgent")) if complaint.urgent else "–"

    @admin.display(description=_("was late"), ordering="was_late")
    def lateness(self, complaint: Complaint) -> str:
        """A word where an office was late."""
        return (
            str(pgettext_lazy("limit", "late"))
            if complaint.was_late or complaint.is_late(clock.now())
            else "–"
        )

    @admin.display(description=_("why it lies there"))
    def why_there(self, complaint: Complaint) -> str:
        """The reasons of routing."""
        return "; ".join(because(complaint.routed)) or "–"


class OfComplaintAdmin(HistoryAdmin):
    """Rows about complaints that the supervisor may see."""

    def scoped(self, rows: QuerySet[Any], user: User) -> QuerySet[Any]:
        """By the complaint's own rule."""
        return rows.filter(complaint__in=Complaint.objects.visible_to(user).values("pk"))

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Every field."""
        return self.fields


@admin.register(Look)
class LookAdmin(OfComplaintAdmin):
    """Who opened a case, who complained, or an attachment."""

    list_display = ("at", "complaint", "what", "by", "office", "address")
    list_select_related = ("complaint", "by", "office")
    list_filter = ("what",)
    search_fields = ("=complaint__number", "=by__username")
    ordering = ("-at", "-pk")
    fields = ("at", "complaint", "what", "by", "office", "address")


@admin.register(Recusal)
class RecusalAdmin(OfComplaintAdmin):
    """Who is shut out of which complaint, and why."""

    list_display = ("complaint", "user", "reason", "at", "by")
    list_select_related = ("complaint", "user", "by")
    search_fields = ("=complaint__number", "=user__username")
    ordering = ("-at", "-pk")
    fields = ("complaint", "user", "reason", "at", "by")
