"""Addresses of the statistics."""

from tests.scope.doors.shapes import FIGURES, Door, Records, read

PUBLIC: dict[str, Door] = {}

PAGES: dict[str, Door] = {
    "statistics": read(FIGURES),
    "statistics-xlsx": read(FIGURES),
}

API: dict[str, Door] = {}

ADMIN: dict[str, Records] = {}
