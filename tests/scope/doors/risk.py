"""Addresses of the public pages about zones."""

from tests.scope.doors.shapes import Door, Records

PUBLIC: dict[str, Door] = {}

PAGES: dict[str, Door] = {}

API: dict[str, Door] = {}

ADMIN: dict[str, Records] = {}
