"""Addresses of infections and zones for other systems and in the admin site."""

from tests.scope.doors.shapes import Door, Records

PUBLIC: dict[str, Door] = {
    "api-zones": Door(None, api=True),
    "api-zone": Door(None, names="zone", api=True),
}

PAGES: dict[str, Door] = {}

API: dict[str, Door] = {}

ADMIN: dict[str, Records] = {
    "cases_contact": Records("contact"),
    "cases_spreadassessment": Records("assessment"),
    "cases_doorservice": Records("service"),
}
