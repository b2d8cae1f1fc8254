"""Addresses of the drawing of a compound and of what is inside a zone."""

from tests.scope.doors.shapes import SEE, WORK, Door, Records, act, read

PUBLIC: dict[str, Door] = {}

PAGES: dict[str, Door] = {
    "compounds": read(SEE),
    "compound-new": Door(WORK, post=True, form={}),
    "compound": read(SEE, "compound"),
    "compound-edit": Door(
        WORK, post=True, names="compound", form={"name": "锦绣花园", "kind": "residential", "address": "x"}
    ),
    "compound-grid": Door(
        WORK,
        post=True,
        names="compound",
        form={"what": "odd", "odd-name": "门卫室", "odd-units_per_building": "0"},
    ),
    "unit": read(SEE, "unit"),
    "unit-edit": Door(WORK, post=True, names="unit", form={"name": "东单元"}),
    "unit-remove": act(WORK, "unit"),
    "building-edit": Door(WORK, post=True, names="building", form={"name": "甲4号楼"}),
    "building-remove": act(WORK, "building"),
    "zone-inside": read(SEE, "zone"),
    "zone-whereabouts": act(WORK, "zone", person="{person}", whereabouts="inside"),
    "zone-service": Door(
        WORK,
        post=True,
        names="zone",
        form={"person": "{person}", "kind": "food"},
        query={"person": "{person}"},
    ),
    "zone-spill-over": Door(WORK, post=True, names="zone", form={}),
    "service-done": act(WORK, "service"),
}

API: dict[str, Door] = {}

ADMIN: dict[str, Records] = {}
