"""The upload of a line list."""

import datetime as dt
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext_lazy as _

from cases.importing.reading import MAX_BYTES


class UploadForm(forms.Form):
    """The file and the date of registration of everybody in it."""

    file = forms.FileField(
        label=_("Line list"),
        allow_empty_file=True,  # the reader has a sentence for it
        help_text=_("Excel workbook (.xlsx) or CSV, up to 10 MB and 20,000 rows."),
        widget=forms.FileInput(attrs={"accept": ".xlsx,.xlsm,.csv,.txt"}),
    )
    registered_on = forms.DateField(
        label=_("Date of registration"),
        help_text=_(
            "Of everybody in this list. A later date never moves an end; tests of days before it are not "
            "made up."
        ),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        input_formats=["%Y-%m-%d"],
    )

    def __init__(self, data: Any = None, files: Any = None, *, today: dt.date) -> None:
        super().__init__(data, files, initial={"registered_on": today})
        self.fields["registered_on"].widget.attrs["max"] = today.isoformat()

    def clean_file(self) -> UploadedFile:
        """Refuse what is too large before it is read into memory."""
        file: UploadedFile = self.cleaned_data["file"]
        if (file.size or 0) > MAX_BYTES:
            raise ValidationError(
                _("The file is larger than 10 MB. Delete pictures and sheets that don't belong to the list.")
            )
        return file
