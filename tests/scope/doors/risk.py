"""Addresses of the public pages about zones."""

from tests.scope.doors.shapes import Door, Records

PUBLIC: dict[str, Door] = {
    "risk": Door(None),
    "risk-county": Door(None),
    "risk-zone": Door(None, names="zone"),
    "risk-zone-notice": Door(None, names="zone"),
    "risk-zone-qr": Door(None, names="zone"),
    "risk-search": Door(None, post=True, form={"q": "锦绣花园3号楼"}),
    "risk-history": Door(None, post=True, form={"q": "锦绣花园", "month": "2022-11"}),
    "risk-feed": Door(None),
    "risk-json": Door(None),
}

PAGES: dict[str, Door] = {}

API: dict[str, Door] = {}

ADMIN: dict[str, Records] = {}
