"""Supervision orders 督办 and publications 通报曝光 in the admin site, with their steps, to read."""

from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.admin import HistoryAdmin, ReadOnlyInline
from accounts.models import User
from complaints.models import Complaint, OrderStep, Publication, PublicationStep, SupervisionOrder
from policy import clock


class OrderStepInline(ReadOnlyInline):
    model = OrderStep
    hide_title = True
    fields = ("at", "kind", "text", "due_at", "who", "at_office")

    def get_queryset(self, request: HttpRequest) -> QuerySet[OrderStep]:
        """With the names."""
        return super().get_queryset(request).select_related("by", "office")

    @admin.display(description=_("who"))
    def who(self, step: OrderStep) -> str:
        """Empty: the clock."""
        return str(step.by or "–")

    @admin.display(description=_("office"))
    def at_office(self, step: OrderStep) -> str:
        """Whose act it was."""
        return str(step.office or "–")


@admin.register(SupervisionOrder)
class SupervisionOrderAdmin(HistoryAdmin):
    """Orders that the own office, or one below it, issued, and those it received."""

    list_display = (
        "number",
        "to_office",
        "issued_by_office",
        "state",
        "issued_at",
        "due_at",
        "rounds",
        "lateness",
    )
    list_select_related = ("to_office", "issued_by_office")
    list_filter = ("state", "was_late")
    search_fields = ("=number", "to_office__name")
    ordering = ("-issued_at", "-pk")
    inlines = (OrderStepInline,)
    fields: tuple[str, ...] = (
        "number",
        "complaint",
        "issued_by_office",
        "issued_by",
        "to_office",
        "clause",
        "text",
        "issued_at",
        "due_at",
        "state",
        "rounds",
        "done_at",
        "was_late",
    )

    @admin.display(description=_("was late"), ordering="was_late")
    def lateness(self, order: SupervisionOrder) -> str:
        """A word where the report came late, or is late now."""
        return str(pgettext_lazy("limit", "late")) if order.was_late or order.is_late(clock.now()) else "–"

    def scoped(self, rows: QuerySet[SupervisionOrder], user: User) -> QuerySet[SupervisionOrder]:
        """Both sides of an order read it."""
        issued = SupervisionOrder.objects.issued_within(user).values("pk")
        received = SupervisionOrder.objects.addressed_to(user).values("pk")
        return rows.filter(Q(pk__in=issued) | Q(pk__in=received))

    def get_fields(self, request: HttpRequest, obj: SupervisionOrder | None = None) -> Any:
        """The addressee reads the order, never the complaint behind it."""
        user = request.user
        sees = (
            obj is not None
            and obj.complaint_id is not None
            and isinstance(user, User)
            and Complaint.objects.visible_to(user).filter(pk=obj.complaint_id).exists()
        )
        return self.fields if sees else tuple(name for name in self.fields if name != "complaint")

    def get_readonly_fields(self, request: HttpRequest, obj: SupervisionOrder | None = None) -> Any:
        """Every field: orders are changed by verbs."""
        return self.fields


class PublicationStepInline(ReadOnlyInline):
    model = PublicationStep
    hide_title = True
    fields = ("at", "kind", "text", "who", "at_office")

    def get_queryset(self, request: HttpRequest) -> QuerySet[PublicationStep]:
        """With the names."""
        return super().get_queryset(request).select_related("by", "office")

    @admin.display(description=_("who"))
    def who(self, step: PublicationStep) -> str:
        """Empty: the app."""
        return str(step.by or "–")

    @admin.display(description=_("office"))
    def at_office(self, step: PublicationStep) -> str:
        """Whose act it was."""
        return str(step.office or "–")


@admin.register(Publication)
class PublicationAdmin(HistoryAdmin):
    """Drafts and publications of the own area, never about the own office or one above it."""

    list_display = ("title", "kind", "state", "office", "ground", "proposed_at", "published_at")
    list_select_related = ("office",)
    list_filter = ("kind", "state", "ground")
    search_fields = ("title", "office__name")
    ordering = ("-proposed_at", "-pk")
    inlines = (PublicationStepInline,)
    fields = (
        "title",
        "kind",
        "state",
        "area",
        "office",
        "behaviour",
        "ground",
        "text",
        "proposed_at",
        "author",
        "published_at",
    )

    def get_readonly_fields(self, request: HttpRequest, obj: Publication | None = None) -> Any:
        """Every field: publications are changed by verbs."""
        return self.fields
