"""Uploaded lists of complaints (the export of 12345) between their preview and their commit."""

from typing import Self

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.encryption import EncryptedTextField
from accounts.models import Area, User


class ComplaintListQuerySet(models.QuerySet["ComplaintList"]):
    def visible_to(self, user: User) -> Self:
        """The lists that the user uploaded: what others upload is not theirs to see."""
        return self.filter(uploaded_by=user)


class ComplaintList(models.Model):
    """One uploaded list. Its rows are encrypted, and deleted some days after the upload."""

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
    claimed_at = models.DateTimeField(null=True, editable=False)
    committed_at = models.DateTimeField(_("taken over at"), null=True)
    counts = models.JSONField(_("counts"), default=dict)
    left_over = EncryptedTextField(editable=False, blank=True, help_text="JSON of the rows given back.")

    objects = ComplaintListQuerySet.as_manager()

    class Meta:
        verbose_name = _("list of complaints")
        verbose_name_plural = _("lists of complaints")
        ordering = ["-uploaded_at"]

    def __str__(self) -> str:
        return self.file_name
