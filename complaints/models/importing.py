"""Uploaded lists of complaints (the export of 12345) between their preview and their commit."""

import datetime as dt
from typing import Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.encryption import EncryptedTextField
from accounts.models import Area, User

CLAIM_HOLDS = dt.timedelta(minutes=2)
"""How long a claim holds without a sign of life; whoever was killed while filing lost it after that."""


class ComplaintListQuerySet(models.QuerySet["ComplaintList"]):
    def visible_to(self, user: User) -> Self:
        """The lists that the user uploaded: what others upload is not theirs to see."""
        return self.filter(uploaded_by=user)

    def previewed(self) -> Self:
        """Looked at; nobody has asked yet that their rows be filed."""
        return self.filter(asked_at=None, committed_at=None)

    def to_file(self) -> Self:
        """Somebody asked that the good rows be filed, and not all of them are."""
        return self.filter(committed_at=None).exclude(asked_at=None)

    def in_hand(self, at: dt.datetime) -> Self:
        """Those at which a worker is just now."""
        return self.to_file().filter(claimed_at__gt=at - CLAIM_HOLDS).exclude(claim="")

    def unclaimed(self, at: dt.datetime) -> Self:
        """To be filed, and in nobody's hands, or in those of one who gave no sign of life for too long."""
        return self.to_file().filter(Q(claim="") | Q(claimed_at__lte=at - CLAIM_HOLDS))


class ComplaintList(models.Model):
    """One uploaded list. Its rows are encrypted, gone once they are filed, and some days after the upload.

    previewed → asked for → filed by a worker, chunk by chunk → committed. `counts` has `rows`; from the
    asking on `to_file` and `filed`; at the end also the rows by verdict.
    """

    uploaded_by = models.ForeignKey(
        User, on_delete=models.PROTECT, related_name="+", verbose_name=_("uploaded by")
    )
    uploaded_at = models.DateTimeField(_("uploaded at"), db_index=True)
    area = models.ForeignKey(Area, on_delete=models.PROTECT, related_name="+", verbose_name=_("area"))
    file_name = models.CharField(_("file"), max_length=200)
    file_digest = models.CharField(max_length=64, editable=False)
    content = EncryptedTextField(editable=False, blank=True, help_text="The packed rows of the list.")
    chosen = models.JSONField(
        default=dict, editable=False, help_text="Behaviours that somebody chose, by the number of the row."
    )
    asked_at = models.DateTimeField(
        null=True,
        editable=False,
        help_text="When somebody asked to file the good rows; they count from then.",
    )
    language = models.CharField(
        max_length=10, blank=True, editable=False, help_text="In which the rows given back say what to mend."
    )
    claim = models.CharField(max_length=32, blank=True, editable=False)
    claimed_at = models.DateTimeField(null=True, editable=False)
    committed_at = models.DateTimeField(_("taken over at"), null=True)
    counts = models.JSONField(_("counts"), default=dict)
    left_over = EncryptedTextField(editable=False, blank=True, help_text="JSON of the rows given back.")

    objects = ComplaintListQuerySet.as_manager()

    class Meta:
        verbose_name = _("list of complaints")
        verbose_name_plural = _("lists of complaints")
        ordering = ["-uploaded_at"]
        indexes = [
            # The sweep that files, several times a minute: hardly ever is there one.
            models.Index(
                fields=["asked_at"],
                condition=Q(asked_at__isnull=False, committed_at=None),
                name="complaint_list_to_file",
            ),
        ]

    def __str__(self) -> str:
        return self.file_name

    @property
    def is_being_filed(self) -> bool:
        """Somebody asked for it, and it is not done."""
        return self.asked_at is not None and self.committed_at is None
