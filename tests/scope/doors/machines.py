"""Addresses of infections and zones for other systems and in the admin site."""

from tests.scope.doors.shapes import SEE, SUPERVISE, WORK, Door, Records, api

PUBLIC: dict[str, Door] = {
    "api-zones": Door(None, api=True),
    "api-zone": Door(None, names="zone", api=True),
}

PAGES: dict[str, Door] = {}

API: dict[str, Door] = {
    "api-infections": api(SEE, post=WORK, found_on="2022-11-15"),
    "api-infection": api(SEE, "infection"),
    "api-infection-stays": api(
        SEE, "infection", post=WORK, purpose="work", unit="{unit}", from_on="2022-11-13", to_on="2022-11-14"
    ),
    "api-infection-stay-remove": api(WORK, "stay", get=False, post=WORK),
    "api-infection-contacts": api(
        SEE,
        "infection",
        post=WORK,
        contacts=[{"name": "郑新", "community": "110105001001", "last_exposure_on": "2022-11-14"}],
    ),
    "api-infection-judged": api(WORK, "infection", get=False, post=WORK),
    "api-infection-zones": api(
        SEE, "infection", post=SUPERVISE, units=[{"unit": 1, "purpose": "home"}], reason="核查"
    ),
    "api-infection-restart": api(SUPERVISE, "infection", get=False, post=SUPERVISE, units=[1], reason="核查"),
    "api-zone-end-early": api(SUPERVISE, "zone", get=False, post=SUPERVISE, reason="核查"),
    "api-zone-proposals": api(SEE),
    "api-zone-proposal-decide": api(
        SUPERVISE, "proposal", get=False, post=SUPERVISE, decision="refused", reason="核查"
    ),
}

ADMIN: dict[str, Records] = {
    "cases_contact": Records("contact"),
    "cases_spreadassessment": Records("assessment"),
    "cases_doorservice": Records("service"),
    "zones_zone": Records("zone"),
    "zones_unitseal": Records("seal"),
    "zones_unitround": Records("round"),
    "zones_zoneevent": Records("zone_event"),
    "zones_zoneproposal": Records("proposal"),
}
