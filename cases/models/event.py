"""What happened, and every attempt to reach somebody: append-only."""

import datetime as dt

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from cases.models.episode import Episode
from cases.rules import CONTACT_OUTCOMES, EVENT_KINDS, EventKind


class EpisodeEvent(models.Model):
    """One thing that happened to an episode: who, when, what, under which clause.

    `details` carries dates, codes and numbers of rows, never a name, an ID or a phone.
    """

    episode = models.ForeignKey(Episode, on_delete=models.CASCADE, related_name="events", db_index=False)
    kind = models.CharField(_("what"), max_length=24, choices=list(EVENT_KINDS.items()))
    at = models.DateTimeField(_("when"))
    due_at = models.DateTimeField(
        _("due at"),
        null=True,
        help_text=_("For what the clock does: when it took effect, whenever it was done."),
    )
    by = models.ForeignKey(
        User,
        null=True,
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name=_("who"),
        help_text=_("Empty: the clock."),
    )
    clause = models.CharField(_("clause"), max_length=20, blank=True)
    edition = models.CharField(_("policy edition"), max_length=30, blank=True)
    reason = models.CharField(_("reason"), max_length=300, blank=True)
    details = models.JSONField(_("details"), default=dict, blank=True)

    class Meta:
        verbose_name = _("event")
        verbose_name_plural = _("events")
        ordering = ["-at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["episode"], condition=Q(kind=EventKind.RELEASED), name="one_release_per_episode"
            ),
            models.UniqueConstraint(
                fields=["episode", "due_at"],
                condition=Q(kind=EventKind.STAGE_BEGAN),
                name="one_event_per_stage_start",
            ),
        ]
        indexes = [models.Index(fields=["episode", "at"], name="event_by_episode")]  # the timeline

    def __str__(self) -> str:
        return f"{self.kind} {self.at:%Y-%m-%d %H:%M}"


class ContactAttempt(models.Model):
    """An attempt to reach a person 未联系上 / 查无此人 / 不在本地, with the time of the next one."""

    episode = models.ForeignKey(Episode, on_delete=models.CASCADE, related_name="contact_attempts")
    outcome = models.CharField(_("outcome"), max_length=16, choices=list(CONTACT_OUTCOMES.items()))
    at = models.DateTimeField(_("when"))
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", verbose_name=_("who"))
    note = models.CharField(_("note"), max_length=300, blank=True)
    try_again_at: "models.DateTimeField[dt.datetime | None, dt.datetime | None]" = models.DateTimeField(
        _("try again at"), null=True
    )

    class Meta:
        verbose_name = _("contact attempt")
        verbose_name_plural = _("contact attempts")
        ordering = ["-at"]

    def __str__(self) -> str:
        return f"{self.outcome} {self.at:%Y-%m-%d %H:%M}"
