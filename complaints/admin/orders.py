"""Supervision orders 督办 and publications 通报曝光 in the admin site, with their steps, to read."""

from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.admin import HistoryAdmin, ReadOnlyInline
from accounts.models import User
from complaints.actions.matters import rests_on
from complaints.models import Complaint, OrderStep, Publication, PublicationStep, SupervisionOrder
from complaints.naming_texts import not_verified, verified
from complaints.rules.supervision import HIDDEN_FROM_ADDRESSEE
from policy import clock


class OrderStepInline(ReadOnlyInline):
    model = OrderStep
    hide_title = True
    fields: tuple[str, ...] = ("at", "kind", "text", "due_at", "who", "at_office")

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


class AddresseeStepInline(OrderStepInline):
    """To the addressee offices act, not people, and what the issuer wrote for itself is left out."""

    fields = ("at", "kind", "told", "due_at", "at_office")

    @admin.display(description=_("text"))
    def told(self, step: OrderStep) -> str:
        """What was said to the addressee, or by it."""
        return "–" if step.kind in HIDDEN_FROM_ADDRESSEE else step.text or "–"


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
        """The addressee reads the order, never the complaint behind it nor who ordered it."""
        user = request.user
        if obj is None or not isinstance(user, User) or not self._is_issuer(user, obj):
            return tuple(name for name in self.fields if name not in ("complaint", "issued_by"))
        if obj.complaint_id and Complaint.objects.visible_to(user).filter(pk=obj.complaint_id).exists():
            return self.fields
        return tuple(name for name in self.fields if name != "complaint")

    def get_inlines(self, request: HttpRequest, obj: SupervisionOrder | None) -> list[Any]:
        """The steps as each side reads them."""
        user = request.user
        issues = obj is not None and isinstance(user, User) and self._is_issuer(user, obj)
        return [OrderStepInline if issues else AddresseeStepInline]

    def _is_issuer(self, user: User, order: SupervisionOrder) -> bool:
        return SupervisionOrder.objects.issued_within(user).filter(pk=order.pk).exists()

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
        "facts_now",
        "text",
        "proposed_at",
        "author",
        "published_at",
    )

    @admin.display(description=pgettext_lazy("naming", "verified"))
    def facts_now(self, publication: Publication) -> str:
        """What is verified of what a naming rests on, and what is missing until it can be approved."""
        rests = rests_on(publication, clock.now()) if publication.published_at is None else None
        if rests is None:
            return "–"
        told = verified(rests, publication.ground)
        return told if rests.is_enough else f"{told} {not_verified(rests)}"

    def get_readonly_fields(self, request: HttpRequest, obj: Publication | None = None) -> Any:
        """Every field: publications are changed by verbs."""
        return self.fields
