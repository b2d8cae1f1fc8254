"""What supervisors set: the routing table, the limits, who is on duty when."""

import datetime as dt
from typing import Self

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.models import Area, Office, User
from accounts.rules import BRANCHES, DEPARTMENTS, Department
from complaints.rules.behaviours import BEHAVIOUR_CHOICES, TOPICS
from complaints.rules.clocks import CLOCK_STEPS, UNITS, Unit
from zones.rules import PLACE_KINDS, SITE_KINDS

ROUTABLE = (Department.TASK_FORCE, *BRANCHES, Department.GOVERNMENT)


class RoutingRule(models.Model):
    """One line of the routing table: what it matches, and the department it sends it to. In order."""

    position = models.PositiveSmallIntegerField(
        _("position"), help_text=_("The first line that matches and has an office decides.")
    )
    topic = models.CharField(_("topic"), max_length=10, choices=list(TOPICS.items()), blank=True)
    behaviour = models.CharField(_("behaviour"), max_length=24, choices=BEHAVIOUR_CHOICES, blank=True)
    area = models.ForeignKey(
        Area,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name=_("area"),
        help_text=_("Empty: everywhere."),
    )
    place_kind = models.CharField(
        _("kind of place"),
        max_length=20,
        choices=[*SITE_KINDS.items(), *PLACE_KINDS.items()],
        blank=True,
    )
    department = models.CharField(
        _("department"), max_length=20, choices=[(each, DEPARTMENTS[each]) for each in ROUTABLE]
    )
    enabled = models.BooleanField(pgettext_lazy("rule", "switched on"), default=True)
    note = models.CharField(_("note"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("routing rule")
        verbose_name_plural = _("routing rules")
        ordering = ["position", "pk"]

    def __str__(self) -> str:
        return f"{self.position}"


class StepLimit(models.Model):
    """How long a step may take. A local setting: the seeds name no hours, only "at once"."""

    step = models.CharField(_("step"), max_length=8, choices=list(CLOCK_STEPS.items()))
    topic = models.CharField(_("topic"), max_length=10, choices=list(TOPICS.items()), blank=True)
    behaviour = models.CharField(_("behaviour"), max_length=24, choices=BEHAVIOUR_CHOICES, blank=True)
    urgent = models.BooleanField(_("urgent"), null=True, blank=True, help_text=_("Empty: both."))
    complex = models.BooleanField(_("complex"), null=True, blank=True, help_text=_("Empty: both."))
    amount = models.PositiveSmallIntegerField(_("limit"))
    unit = models.CharField(_("counted in"), max_length=12, choices=list(UNITS.items()), default=Unit.HOURS)
    gross = models.PositiveSmallIntegerField(
        _("second limit"), default=0, help_text=_("Gross overrun: told to the office above. 0: none.")
    )
    enabled = models.BooleanField(pgettext_lazy("rule", "switched on"), default=True)

    class Meta:
        verbose_name = _("limit of a step")
        verbose_name_plural = _("limits of steps")
        ordering = ["step", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(gross=0) | Q(gross__gte=F("amount")),
                name="second_limit_after_first",
                violation_error_message=_("The second limit lies behind the first one."),
            ),
            models.CheckConstraint(
                condition=Q(amount__gt=0),
                name="limit_takes_time",
                violation_error_message=_("A limit is at least one."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_step_display()} {self.amount} {self.get_unit_display()}"


class DutyShiftQuerySet(models.QuerySet["DutyShift"]):
    def visible_to(self, user: User) -> Self:
        """Shifts of the offices in the user's area."""
        return self.filter(office__in=Office.objects.visible_to(user))

    def on_duty(self, at: dt.datetime) -> Self:
        """Whoever is on duty at that instant."""
        return self.filter(starts_at__lte=at, ends_at__gt=at)


class DutyShift(models.Model):
    """Who is on duty at an office, day or night: urgent complaints are theirs to coordinate (P2)."""

    office = models.ForeignKey(
        Office, on_delete=models.PROTECT, related_name="shifts", verbose_name=_("office")
    )
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="shifts", verbose_name=_("on duty"))
    starts_at = models.DateTimeField(_("from"))
    ends_at = models.DateTimeField(_("until"))

    objects = DutyShiftQuerySet.as_manager()

    class Meta:
        verbose_name = _("duty")
        verbose_name_plural = _("duty roster")
        ordering = ["-starts_at"]
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_at__gt=F("starts_at")),
                name="shift_in_order",
                violation_error_message=_("The end lies behind the beginning."),
            )
        ]
        indexes = [models.Index(fields=["office", "ends_at"], name="shift_by_office")]

    def __str__(self) -> str:
        return f"{self.user} {self.starts_at:%m-%d %H:%M}"

    def clean(self) -> None:
        """Refuse a shift of more than a day, from which nobody goes home, and two of one person at a time."""
        if not (self.starts_at and self.ends_at):
            return
        if self.ends_at - self.starts_at > dt.timedelta(hours=24):
            raise ValidationError({"ends_at": _("A duty lasts at most 24 hours; enter the next one apart.")})
        meanwhile = DutyShift.objects.filter(
            user=self.user_id, starts_at__lt=self.ends_at, ends_at__gt=self.starts_at
        )
        if self.user_id and meanwhile.exclude(pk=self.pk).exists():
            raise ValidationError({"starts_at": _("This person is on duty at that time already.")})
