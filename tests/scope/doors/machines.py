"""Addresses of infections and zones for other systems and in the admin site."""

from tests.scope.doors.shapes import Door, Records

PUBLIC: dict[str, Door] = {}

PAGES: dict[str, Door] = {}

API: dict[str, Door] = {}

ADMIN: dict[str, Records] = {}
