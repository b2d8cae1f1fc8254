"""What was written, attached, done and looked at: all of it append-only."""

from typing import Self

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.encryption import EncryptedTextField
from accounts.models import Office, User
from complaints.models.complaint import Complaint
from complaints.rules.words import (
    ENTRY_KINDS,
    EVENT_KINDS,
    FILE_KINDS,
    HIDDEN_FROM_COMPLAINANT,
    LINK_STATES,
    LOOKED_AT,
    LinkState,
)


class EntryQuerySet(models.QuerySet["Entry"]):
    def for_complainant(self) -> Self:
        """Without the desk's internal notes."""
        return self.exclude(kind__in=HIDDEN_FROM_COMPLAINANT)


class Entry(models.Model):
    """One text of the exchange between the desk and the complainant. `by` is empty: the complainant."""

    complaint = models.ForeignKey(Complaint, on_delete=models.CASCADE, related_name="entries", db_index=False)
    kind = models.CharField(_("kind"), max_length=14, choices=list(ENTRY_KINDS.items()))
    text = models.TextField(_("text"), blank=True)
    at = models.DateTimeField(_("when"))
    by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+", verbose_name=_("who"))
    office = models.ForeignKey(Office, null=True, on_delete=models.PROTECT, related_name="+")
    replies_to = models.OneToOneField(
        "self", null=True, on_delete=models.PROTECT, related_name="reply", verbose_name=_("replies to")
    )

    objects = EntryQuerySet.as_manager()

    class Meta:
        verbose_name = _("entry")
        verbose_name_plural = _("entries")
        ordering = ["at", "pk"]
        indexes = [models.Index(fields=["complaint", "at"], name="entry_by_complaint")]

    def __str__(self) -> str:
        return f"{self.kind} {self.at:%Y-%m-%d %H:%M}"


class Attachment(models.Model):
    """A picture or document, re-encoded from what was sent: nothing of the original file is kept.

    Content is encrypted. Until the form is filed it hangs on the form's token alone (`submission`), and is
    deleted a day later when nobody filed it.
    """

    complaint = models.ForeignKey(
        Complaint, null=True, on_delete=models.CASCADE, related_name="attachments", db_index=False
    )
    entry = models.ForeignKey(Entry, null=True, on_delete=models.CASCADE, related_name="attachments")
    submission = models.CharField(max_length=64, editable=False, blank=True)
    number = models.PositiveSmallIntegerField(_("number"))
    kind = models.CharField(_("kind"), max_length=6, choices=list(FILE_KINDS.items()))
    content = EncryptedTextField(editable=False, help_text="base64 of the file")
    size = models.PositiveIntegerField(_("size in bytes"))
    digest = models.CharField(max_length=64, editable=False)
    at = models.DateTimeField(_("when"))

    class Meta:
        verbose_name = _("attachment")
        verbose_name_plural = _("attachments")
        ordering = ["number", "pk"]
        constraints = [
            # The same picture sent twice with one form is kept once.
            models.UniqueConstraint(
                fields=["submission", "digest"], condition=~Q(submission=""), name="one_file_per_form"
            )
        ]
        indexes = [
            models.Index(fields=["complaint", "number"], name="attachment_by_complaint"),
            models.Index(fields=["at"], condition=Q(complaint=None), name="attachment_unclaimed"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.number}"


class ComplaintEvent(models.Model):
    """One thing that happened to a complaint: who, when, from which state to which. Append-only.

    `details` carries codes, counts and keys of rows, never a name or anything about the complainant.
    """

    complaint = models.ForeignKey(Complaint, on_delete=models.CASCADE, related_name="events", db_index=False)
    kind = models.CharField(_("what"), max_length=14, choices=list(EVENT_KINDS.items()))
    at = models.DateTimeField(_("when"))
    by = models.ForeignKey(
        User,
        null=True,
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name=_("who"),
        help_text=_("Empty: the complainant or the clock."),
    )
    office = models.ForeignKey(
        Office, null=True, on_delete=models.PROTECT, related_name="+", verbose_name=_("office")
    )
    from_state = models.CharField(max_length=10, blank=True)
    to_state = models.CharField(max_length=10, blank=True)
    to_office = models.ForeignKey(
        Office, null=True, on_delete=models.PROTECT, related_name="+", verbose_name=_("to")
    )
    reason = models.CharField(_("reason"), max_length=500, blank=True)
    details = models.JSONField(_("details"), default=dict, blank=True)

    class Meta:
        verbose_name = _("event of a complaint")
        verbose_name_plural = _("events of complaints")
        ordering = ["-at", "-pk"]
        indexes = [
            models.Index(fields=["complaint", "at"], name="complaint_event_by_time"),
            models.Index(fields=["kind", "at"], name="complaint_event_by_kind"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.at:%Y-%m-%d %H:%M}"


class Look(models.Model):
    """Somebody opened a complaint, its attachment or the complainant's identity. Each look is a row."""

    complaint = models.ForeignKey(
        Complaint,
        on_delete=models.CASCADE,
        related_name="looks",
        db_index=False,
        verbose_name=_("complaint"),
    )
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", verbose_name=_("who"))
    office = models.ForeignKey(
        Office, null=True, on_delete=models.PROTECT, related_name="+", verbose_name=_("office")
    )
    at = models.DateTimeField(_("when"))
    what = models.CharField(
        _("what"),
        max_length=12,
        choices=list(LOOKED_AT.items()),
    )
    address = models.GenericIPAddressField(_("from"), null=True)

    class Meta:
        verbose_name = _("look at a complaint")
        verbose_name_plural = _("looks at complaints")
        ordering = ["-at", "-pk"]
        indexes = [models.Index(fields=["complaint", "-at"], name="look_by_complaint")]

    def __str__(self) -> str:
        return f"{self.what} {self.at:%Y-%m-%d %H:%M}"


class Recusal(models.Model):
    """A member of staff who must not see this complaint: related, involved, or named in it."""

    complaint = models.ForeignKey(
        Complaint, on_delete=models.CASCADE, related_name="recusals", verbose_name=_("complaint")
    )
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", verbose_name=_("who"))
    reason = models.CharField(_("reason"), max_length=300)
    at = models.DateTimeField(_("when"))
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", verbose_name=_("recorded by"))

    class Meta:
        verbose_name = _("recusal")
        verbose_name_plural = _("recusals")
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["complaint", "user"],
                name="one_recusal_per_user",
                violation_error_message=_("This person is recused already."),
            )
        ]

    def __str__(self) -> str:
        return f"{self.complaint_id} {self.user_id}"


class ComplaintLink(models.Model):
    """Two complaints that look alike: suggested by the app, judged by an officer. None is swallowed."""

    earlier = models.ForeignKey(Complaint, on_delete=models.CASCADE, related_name="later_links")
    later = models.ForeignKey(Complaint, on_delete=models.CASCADE, related_name="earlier_links")
    state = models.CharField(
        _("state"), max_length=10, choices=list(LINK_STATES.items()), default=LinkState.SUGGESTED
    )
    judged_at = models.DateTimeField(null=True)
    judged_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        verbose_name = _("similar complaint")
        verbose_name_plural = _("similar complaints")
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["earlier", "later"], name="one_link_per_pair"),
            models.CheckConstraint(condition=~Q(earlier=F("later")), name="link_of_two"),
        ]

    def __str__(self) -> str:
        return f"{self.earlier_id} {self.later_id}"
