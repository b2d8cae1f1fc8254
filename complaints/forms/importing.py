"""The upload of a list of complaints."""

from django import forms
from django.utils.translation import gettext_lazy as _

from cases.forms.importing import ListFileField


class ListForm(forms.Form):
    """The file."""

    file = ListFileField(
        label=_("Export of 12345"),
        help_text=_("Excel workbook (.xlsx) or CSV, up to 10 MB and 5,000 rows."),
    )
