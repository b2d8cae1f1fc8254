"""When the self-audit ran, and what it found: one row a date."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class AuditRun(models.Model):
    """The self-audit of one date; it can run again the same day, and files nothing twice."""

    on = models.DateField(_("date"), unique=True)
    began_at = models.DateTimeField(_("began at"))
    ended_at = models.DateTimeField(_("ended at"), null=True)
    found = models.JSONField(_("findings"), default=dict, help_text="Findings by kind.")
    filed = models.PositiveIntegerField(_("filed as new"), default=0)

    class Meta:
        verbose_name = _("self-audit")
        verbose_name_plural = _("self-audits")
        ordering = ["-on"]

    def __str__(self) -> str:
        return str(self.on)
