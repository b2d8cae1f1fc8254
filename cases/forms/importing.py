"""The upload of a line list."""

import datetime as dt
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from cases.importing.reading import MAX_BYTES


class ListFileField(forms.FileField):
    """A workbook or CSV; what is too large is refused before it is read into memory."""

    widget = forms.FileInput(attrs={"accept": ".xlsx,.xlsm,.csv,.txt"})

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(allow_empty_file=True, **kwargs)  # the reader has a sentence for an empty one

    def clean(self, data: Any, initial: Any = None) -> Any:
        """The file as it came. Raises ValidationError with what to do about one over 10 MB."""
        file = super().clean(data, initial)
        if file and (file.size or 0) > MAX_BYTES:
            raise ValidationError(
                _("The file is larger than 10 MB. Delete pictures and sheets that don't belong to the list.")
            )
        return file


class UploadForm(forms.Form):
    """The file and the date of registration of everybody in it."""

    file = ListFileField(
        label=_("Line list"),
        help_text=_("Excel workbook (.xlsx) or CSV, up to 10 MB and 20,000 rows."),
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
