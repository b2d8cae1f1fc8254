"""What the header of any list has to keep to, and which of the rows below it say something."""

from collections.abc import Collection, Sequence

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from cases.importing.cells import text_of
from cases.importing.sheets import Column, Row, Sheet
from policy.refusals import BadInput


def check_unique(columns: Sequence[Column]) -> None:
    """Raise BadInput at "file" where two columns mean the same."""
    for column in columns:
        twins = [other for other in columns if other.meaning == column.meaning]
        if column.meaning and len(twins) > 1:
            named = [
                _("column %(letter)s “%(heading)s”") % {"letter": twin.letter, "heading": twin.heading}
                for twin in twins
            ]
            raise BadInput(
                "file",
                _("Several columns mean the same: %(columns)s. Keep one of them and delete the others.")
                % {"columns": pgettext("between items", ", ").join(named)},
            )


def rows_below(
    sheet: Sheet, header: int, columns: Sequence[Column], *, aside: Collection[str], none: str, most: int
) -> list[Row]:
    """The rows below the header that say something in a column whose meaning is not `aside`.

    Raises BadInput at "file" with the sentence `none` where there is no row, and where there are more than
    `most`.
    """
    telling = [column.place for column in columns if column.meaning not in aside]
    rows = [
        row
        for row in sheet.rows[header + 1 :]
        if any(text_of(row.cell(place)).strip() for place in telling)
        and row.cells != sheet.rows[header].cells  # a header that was printed again on each page
    ]
    if not rows:
        raise BadInput("file", none)
    if len(rows) > most or sheet.overfull:
        raise BadInput(
            "file",
            _("This list has more than %(limit)d rows. Divide it into several files.") % {"limit": most},
        )
    return rows
