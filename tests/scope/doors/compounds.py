"""Addresses of the drawing of a compound and of what is inside a zone."""

from tests.scope.doors.shapes import Door, Records

PUBLIC: dict[str, Door] = {}

PAGES: dict[str, Door] = {}

API: dict[str, Door] = {}

ADMIN: dict[str, Records] = {}
