"""The upload of a list of complaints."""

from django import forms
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext_lazy as _

from cases.importing.reading import MAX_BYTES


class ListForm(forms.Form):
    """The file."""

    file = forms.FileField(
        label=_("Export of 12345"),
        allow_empty_file=True,  # the reader has a sentence for it
        help_text=_("Excel workbook (.xlsx) or CSV, up to 10 MB and 5,000 rows."),
        widget=forms.FileInput(attrs={"accept": ".xlsx,.xlsm,.csv,.txt"}),
    )

    def clean_file(self) -> UploadedFile:
        """Refuse what is too large before it is read into memory."""
        file: UploadedFile = self.cleaned_data["file"]
        if (file.size or 0) > MAX_BYTES:
            raise ValidationError(
                _("The file is larger than 10 MB. Delete pictures and sheets that don't belong to the list.")
            )
        return file
