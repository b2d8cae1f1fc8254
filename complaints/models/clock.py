"""The clocks of a complaint: one row a step and round, whose lateness stands once it has happened."""

import datetime as dt
from typing import Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.models import Office
from complaints.models.complaint import Complaint
from complaints.rules.clocks import CLOCK_STEPS, OURS, UNITS, lateness


class ClockQuerySet(models.QuerySet["Clock"]):
    def running(self) -> Self:
        """Clocks that nobody has stopped."""
        return self.filter(stopped_at=None)

    def past_first(self, at: dt.datetime) -> Self:
        """Running past their first limit, and not noted yet."""
        return self.running().filter(due_at__lte=at, late_noted_at=None)

    def past_second(self, at: dt.datetime) -> Self:
        """Running past their second limit, and not noted yet."""
        return self.running().filter(gross_at__lte=at, gross_noted_at=None)


class Clock(models.Model):
    """What an office owes, since when and until when. Once stopped, its lateness never changes."""

    complaint = models.ForeignKey(Complaint, on_delete=models.CASCADE, related_name="clocks", db_index=False)
    step = models.CharField(_("step"), max_length=8, choices=list(CLOCK_STEPS.items()))
    office = models.ForeignKey(
        Office, null=True, on_delete=models.PROTECT, related_name="+", verbose_name=_("office")
    )
    began_at = models.DateTimeField(_("counts from"))
    due_at = models.DateTimeField(pgettext_lazy("limit", "due at"))
    gross_at = models.DateTimeField(_("second limit"), null=True)
    amount = models.PositiveSmallIntegerField(_("limit"))
    unit = models.CharField(_("counted in"), max_length=12, choices=list(UNITS.items()))
    stopped_at = models.DateTimeField(_("stopped at"), null=True)
    late_noted_at = models.DateTimeField(null=True, editable=False)
    gross_noted_at = models.DateTimeField(null=True, editable=False)

    objects = ClockQuerySet.as_manager()

    class Meta:
        verbose_name = _("clock")
        verbose_name_plural = _("clocks")
        ordering = ["began_at", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["complaint"], condition=Q(stopped_at=None), name="one_running_clock_per_complaint"
            )
        ]
        indexes = [
            models.Index(
                fields=["due_at"], condition=Q(stopped_at=None, late_noted_at=None), name="clock_late"
            ),
            models.Index(
                fields=["gross_at"],
                condition=Q(stopped_at=None, gross_noted_at=None, gross_at__isnull=False),
                name="clock_grossly_late",
            ),
            models.Index(fields=["complaint", "began_at"], name="clock_by_complaint"),
        ]

    def __str__(self) -> str:
        return f"{self.step} {self.due_at:%Y-%m-%d %H:%M}"

    @property
    def is_ours(self) -> bool:
        """Whether an office is late when it runs out, and not the complainant."""
        return self.step in OURS

    def late_by(self, at: dt.datetime) -> dt.timedelta:
        """By how much it is or was late; zero in time."""
        return lateness(self.due_at, self.stopped_at or at)
