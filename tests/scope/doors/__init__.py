"""The table of every address of the product: who may pass, and which record it names.

A new address without a line here fails `test_matrix`. One line says: the ability that the page asks for
(None: everybody), the methods it answers, and whose record its path or its form names.
"""

from typing import Any

from tests.scope.doors import (
    complaints,
    compounds,
    infections,
    machines,
    register,
    risk,
    statistics,
    supplies,
    zoning,
)
from tests.scope.doors.shapes import Door, Records

PARTS = (register, infections, zoning, compounds, risk, statistics, supplies, machines, complaints)


def _all(table: str) -> dict[str, Any]:
    return {name: line for part in PARTS for name, line in getattr(part, table).items()}


PUBLIC: dict[str, Door] = _all("PUBLIC")
PAGES: dict[str, Door] = _all("PAGES")
API: dict[str, Door] = _all("API")
ADMIN: dict[str, Records] = _all("ADMIN")
DOORS = PUBLIC | PAGES | API

BY_OFFICE = frozenset(complaints.DESK)
"""Addresses of complaints, which go by office and receipt: `tests/complaints/test_matrix.py` has them."""

ADMIN_VERBS = {
    "admin:cases_episode_end_early": "episode",
    "admin:cases_episode_withdraw": "episode",
    "admin:accounts_apitoken_revoke": "token",
    "admin:zones_zone_end_early": "zone",
    "admin:zones_zoneproposal_approve": "proposal",
    "admin:zones_zoneproposal_refuse": "proposal",
}
"""Dialogs of the admin site that act on one record."""

ADMIN_TOOLS = {
    "admin:accounts_office_make_usual": True,
    "admin:complaints_dutyshift_copy_a_week": False,
    "admin:complaints_routingrule_try_it": True,
}
"""Dialogs and pages of the admin site beside its lists: whether the account of the installation has them."""

ADMIN_PASSWORD = "admin:auth_user_password_change"

ADMIN_FRAME = {
    "admin:index",
    "admin:search",
    "admin:login",
    "admin:logout",
    "admin:password_change",
    "admin:password_change_done",
    "admin:autocomplete",
    "admin:jsi18n",
    "admin:view_on_site",
    "admin:app_list",
    "admin:",
}
"""The admin site's own frame; what of it shows records is asked for by a test of its own."""
