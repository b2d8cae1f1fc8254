"""Addresses by which staff seal and open units."""

from tests.scope.doors.shapes import Door, Records

PUBLIC: dict[str, Door] = {}

PAGES: dict[str, Door] = {}

API: dict[str, Door] = {}

ADMIN: dict[str, Records] = {}
