"""Addresses of infections, their stays, contacts and assessments."""

from tests.scope.doors.shapes import SEE, SUPERVISE, WORK, Door, Records, act, read

PUBLIC: dict[str, Door] = {}

PAGES: dict[str, Door] = {
    "infections": Door(SEE, post=True, form={"q": "病例"}),
    "infection-new": Door(WORK, post=True, form={"found_on": "2022-11-15", "found_where": "community"}),
    "infection": read(SEE, "infection"),
    "infection-edit": Door(
        WORK,
        post=True,
        names="infection",
        form={"label": "病例9", "found_on": "2022-11-15", "found_where": "community"},
    ),
    "infection-retract": act(SUPERVISE, "infection"),
    "infection-stay-add": act(WORK, "infection", purpose="home", compound="锦绣花园", building="4号楼"),
    "infection-stay-remove": act(WORK, "stay"),
    "infection-contacts": Door(WORK, post=True, names="infection", form={"last_exposure_on": "2022-11-14"}),
    "infection-judged": act(WORK, "infection"),
    "assessment-take": act(WORK, "infection"),
    "assessment-close": act(WORK, "infection", conclusion="no_spread"),
}

API: dict[str, Door] = {}

ADMIN: dict[str, Records] = {}
