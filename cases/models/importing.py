"""Uploaded line lists between their preview and their commit."""

from typing import Self

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.encryption import EncryptedTextField
from accounts.models import Area, User


class ImportBatchQuerySet(models.QuerySet["ImportBatch"]):
    def visible_to(self, user: User) -> Self:
        """The lists that the user uploaded: what others upload is not theirs to see."""
        return self.filter(uploaded_by=user)


class ImportBatch(models.Model):
    """One uploaded list. File and report are encrypted, and deleted some days after the upload."""

    uploaded_by = models.ForeignKey(
        User, on_delete=models.PROTECT, related_name="+", verbose_name=_("uploaded by")
    )
    uploaded_at = models.DateTimeField(_("uploaded at"), db_index=True)
    area = models.ForeignKey(Area, on_delete=models.PROTECT, related_name="+", verbose_name=_("area"))
    file_name = models.CharField(_("file"), max_length=200)
    file_digest = models.CharField(max_length=64, editable=False)
    content = EncryptedTextField(editable=False, blank=True, help_text="base64 of the file")
    registered_on = models.DateField(_("date of registration"))
    confirmed_rows = models.JSONField(default=list, editable=False)
    committed_at = models.DateTimeField(_("taken over at"), null=True)
    counts = models.JSONField(_("counts"), default=dict)
    left_over = EncryptedTextField(editable=False, blank=True, help_text="JSON of the rows given back")

    objects = ImportBatchQuerySet.as_manager()

    class Meta:
        verbose_name = _("import")
        verbose_name_plural = _("imports")
        ordering = ["-uploaded_at"]

    def __str__(self) -> str:
        return self.file_name
