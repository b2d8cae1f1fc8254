"""Supervision orders 督办: who orders what from whom until when, what they reported, whether it holds."""

import datetime as dt
from typing import Self

from django.db import models
from django.db.models import Q, Subquery
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.models import Office, User
from accounts.rules import Ability, Department, codes_below
from complaints.models.complaint import Complaint
from complaints.rules.supervision import OPEN_ORDERS, ORDER_STATES, ORDER_STEPS, OrderState


class OrderQuerySet(models.QuerySet["SupervisionOrder"]):
    def issued_within(self, user: User) -> Self:
        """Orders that the user's office, or one below it, issued."""
        office = user.own_office
        if office is None or not user.may(Ability.HANDLE_COMPLAINTS):
            return self.none()
        first, after = codes_below(office.path)
        mine = self.filter(issued_by_office__path__gte=first, issued_by_office__path__lt=after)
        return mine.exclude(to_office__in=office.line).exclude(complaint__recusals__user=user)

    def addressed_to(self, user: User) -> Self:
        """Orders to the user's own office: what it has to put right, without the complaint behind it."""
        if not user.may(Ability.ANSWER_ORDERS):
            return self.none()
        if user.office_id:
            return self.filter(to_office=user.office_id)
        # `own_office` inside the same query: every worker's Today asks for it.
        own = Office.objects.filter(area=user.area_id, department=Department.GOVERNMENT)
        return self.filter(to_office=Subquery(own.order_by("area__code", "pk").values("pk")[:1]))

    def open(self) -> Self:
        """Not verified yet."""
        return self.filter(state__in=OPEN_ORDERS)

    def unreported(self) -> Self:
        """The addressee owes a report."""
        return self.filter(state__in=[OrderState.ORDERED, OrderState.AGAIN])

    def late(self, at: dt.datetime) -> Self:
        """Open, without a report, and past its date."""
        return self.unreported().filter(due_at__lte=at)


class SupervisionOrder(models.Model):
    """An order to put something right. The addressee reads the order, never the complaint behind it."""

    number = models.CharField(_("number"), max_length=24, unique=True, editable=False)
    complaint = models.ForeignKey(
        Complaint,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="orders",
        verbose_name=_("complaint"),
    )
    issued_by_office = models.ForeignKey(
        Office, on_delete=models.PROTECT, related_name="orders_issued", verbose_name=_("ordered by")
    )
    issued_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", verbose_name=_("who"))
    to_office = models.ForeignKey(
        Office, on_delete=models.PROTECT, related_name="orders", verbose_name=_("to")
    )
    clause = models.CharField(_("clause"), max_length=20, blank=True)
    text = models.TextField(
        _("what is to be put right"),
        help_text=_("The office reads this. Write nothing by which the complainant could be recognised."),
    )
    issued_at = models.DateTimeField(_("ordered at"))
    due_at = models.DateTimeField(_("report due at"))
    state = models.CharField(
        _("state"), max_length=10, choices=list(ORDER_STATES.items()), default=OrderState.ORDERED
    )
    rounds = models.PositiveSmallIntegerField(_("rounds"), default=1, editable=False)
    done_at = models.DateTimeField(_("verified at"), null=True, editable=False)
    late_noted_at = models.DateTimeField(null=True, editable=False)
    was_late = models.BooleanField(_("was late"), default=False, editable=False)

    objects = OrderQuerySet.as_manager()

    class Meta:
        verbose_name = _("supervision order")
        verbose_name_plural = _("supervision orders")
        ordering = ["-issued_at", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(issued_by_office=models.F("to_office")), name="no_order_to_oneself"
            )
        ]
        indexes = [
            models.Index(fields=["to_office", "due_at"], name="order_to_office"),
            models.Index(
                fields=["due_at"], condition=Q(state__in=sorted(OPEN_ORDERS)), name="order_open_by_date"
            ),
        ]

    def __str__(self) -> str:
        return self.number

    def get_absolute_url(self) -> str:
        """The page of the order, for both sides."""
        return reverse("order", args=[self.pk])

    def is_late(self, at: dt.datetime) -> bool:
        """Whether the report is owed since its date."""
        return self.state in (OrderState.ORDERED, OrderState.AGAIN) and self.due_at <= at


class OrderStep(models.Model):
    """One step of an order: ordered, reported, verified, again. Append-only."""

    order = models.ForeignKey(SupervisionOrder, on_delete=models.CASCADE, related_name="steps")
    kind = models.CharField(_("what"), max_length=10, choices=list(ORDER_STEPS.items()))
    text = models.TextField(_("text"), blank=True)
    at = models.DateTimeField(_("when"))
    due_at = models.DateTimeField(pgettext_lazy("limit", "due at"), null=True)
    by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+", verbose_name=_("who"))
    office = models.ForeignKey(Office, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        verbose_name = _("step of a supervision order")
        verbose_name_plural = _("steps of supervision orders")
        ordering = ["at", "pk"]

    def __str__(self) -> str:
        return f"{self.kind} {self.at:%Y-%m-%d %H:%M}"
