"""Addresses by which staff seal and open units."""

from tests.scope.doors.shapes import SEE, SUPERVISE, WORK, Door, Records, act, read

PUBLIC: dict[str, Door] = {}

PAGES: dict[str, Door] = {
    "zones": read(SEE),
    "zone": read(SEE, "zone"),
    "zone-designate": Door(
        SUPERVISE,
        post=True,
        names="infection",
        form={"infection": "{infection}", "unit": "{unit}", "step": "do"},
        query={"infection": "{infection}"},
    ),
    "zone-restart": Door(SUPERVISE, post=True, names="infection", form={"unit": "{unit}"}),
    "zone-end-early": Door(SUPERVISE, post=True, names="zone", form={"seal": "{seal}", "reason": "核查"}),
    "zone-round": act(WORK, "seal", on="2022-11-15", people="3", sampled="3", negative="3"),
    "zone-proposals": read(SEE),
    "zone-proposal": read(SEE, "proposal"),
    "zone-proposal-decide": act(SUPERVISE, "proposal", decision="refuse", reason="不必扩大"),
}

API: dict[str, Door] = {}

ADMIN: dict[str, Records] = {}
