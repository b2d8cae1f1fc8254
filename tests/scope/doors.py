"""The table of every address of the product: who may pass, and which record it names.

A new address without a line here fails `test_matrix`. One line says: the ability that the page asks for
(None: everybody), the methods it answers, and whose record its path or its form names.
"""

from dataclasses import dataclass
from typing import Any

from accounts.rules import Ability

SEE, WORK, REVEAL = Ability.SEE_CASES, Ability.WORK_CASES, Ability.REVEAL_NUMBERS
EXPORT, SUPERVISE, FIGURES = Ability.EXPORT, Ability.SUPERVISE, Ability.SEE_FIGURES


@dataclass(frozen=True, slots=True)
class Door:
    """What one address asks of whoever comes."""

    needs: Ability | str | None
    """An ability; "login": any account; None: open to everybody."""
    get: bool = True
    post: bool = False
    names: str = ""
    """The record of Alice's community that the address names, "" where it names none."""
    form: dict[str, Any] | None = None
    query: dict[str, str] | None = None
    api: bool = False
    post_needs: Ability | None = None
    """Where a POST asks for another ability than a GET."""


def read(needs: Ability, names: str = "", **more: Any) -> Door:
    """A page that is read."""
    return Door(needs, names=names, **more)


def act(needs: Ability, names: str = "", **form: Any) -> Door:
    """A verb: POST only."""
    return Door(needs, get=False, post=True, names=names, form=form)


def api(
    needs: Ability, names: str = "", *, get: bool = True, post: Ability | None = None, **form: Any
) -> Door:
    """An address for other systems."""
    return Door(needs, get, post is not None, names, form, api=True, post_needs=post)


PUBLIC = {
    "home": Door(None),
    "health": Door(None),
    "calculator": Door(None),
    "policy": Door(None),
    "clause": Door(None),
    "login": Door(None, post=True, form={}),
    "logout": Door(None, get=False, post=True, form={}),
    "set_language": Door(None, post=True, form={"language": "en"}),
    "api-schema": Door(None),
    "api-docs": Door(None),
    "api-policy-editions": Door(None, api=True),
    "api-policy-plan": Door(
        None,
        get=False,
        post=True,
        api=True,
        form={"category": "close_contact", "anchor_on": "2022-11-14"},
    ),
}

PAGES = {
    "password_change": Door("login", post=True, form={}),
    "demo-clock": Door("login", get=False, post=True, form={"reset": "1"}),
    "today": read(SEE),
    "sampling-list": read(SEE),
    "figures": read(FIGURES),
    "figures-xlsx": read(FIGURES),
    "inbox": read(SEE),
    "inbox-read-all": act(SEE, newest="1"),
    "inbox-read": act(SEE, "message"),
    "inbox-delivery": read(SUPERVISE),
    "inbox-retry-all": act(SUPERVISE),
    "inbox-retry": act(SUPERVISE, "outside"),
    "register": read(SEE),
    "register-search": act(SEE, q="李"),
    "register-bulk": act(WORK, act="sampled"),
    "register-export": read(EXPORT),
    "register-new": Door(WORK, post=True, form={"category": "close_contact"}),
    "register-family": Door(WORK, post=True, form={"category": "close_contact"}),
    "episode": read(SEE, "episode"),
    "episode-told": act(WORK, "episode"),
    "episode-place": act(WORK, "episode", place="home"),
    "episode-home-check": act(WORK, "episode", home_check="suitable"),
    "episode-hand-over": act(WORK, "episode", to="x"),
    "episode-contact": act(WORK, "episode", outcome="no_answer"),
    "episode-end-early": act(WORK, "episode", reason="核查"),
    "episode-withdraw": act(WORK, "episode", reason="误登"),
    "episode-correct-anchor": act(WORK, "episode", anchor_on="2022-11-13"),
    "episode-exposure": act(WORK, "episode", category="close_contact", anchor_on="2022-11-15"),
    "episode-mistaken-positive": act(WORK, "episode", reason="误报"),
    "person": read(SEE, "person"),
    "person-edit": Door(WORK, post=True, names="person", form={"name": "改名"}),
    "person-reveal": act(REVEAL, "person"),
    "person-call": act(REVEAL, "person"),
    "handovers": read(SEE),
    "handover-offer": Door(
        WORK, post=True, names="episode", form={"episode": "{episode}"}, query={"episode": "{episode}"}
    ),
    "handover-answer": act(WORK, "handover", answer="accept"),
    "notice-start": read(SEE, "episode"),
    "notice-release": read(SEE, "ended"),
    "notices-start": read(SEE, "episode", query={"ids": "{episode}"}),
    "notices-release": read(SEE, "ended", query={"ids": "{ended}"}),
    "test": read(SEE, "test"),
    "test-sampled": act(WORK, "test"),
    "test-result": act(WORK, "test", result="negative"),
    "test-undo": act(WORK, "test"),
    "tests-bulk-sampled": act(WORK, "test", tests="{test}"),
    "tests-bulk-negative": act(WORK, "test", tests="{test}"),
    "tests-bulk-undo": Door(
        WORK,
        get=False,
        post=True,
        form={},
        query={"what": "sampled", "at": "2022-11-15T12:00:00+08:00"},
    ),
    "codes-lifted": act(WORK, "episode", episode="{episode}"),
    "infection-judged": act(SUPERVISE, "infection", what="contacts"),
    "import": Door(WORK, post=True, form={}),
    "import-template": read(WORK),
    "import-preview": read(WORK, "batch"),
    "import-confirm": Door(WORK, post=True, names="batch", form={}),
    "import-commit": Door(WORK, post=True, names="batch", form={}),
    "import-left-over": read(WORK, "batch"),
}

API = {
    "api-areas": api(SEE),
    "api-compounds": api(SEE),
    "api-buildings": api(SEE),
    "api-units": api(SEE, post=WORK, compound="某小区", building="1号楼"),
    "api-sites": api(SEE),
    "api-rooms": api(SEE, post=WORK, site="某酒店", number="101"),
    "api-persons": api(SEE),
    "api-person": api(SEE, "person"),
    "api-episodes": api(
        SEE, post=WORK, name="郑新", category="close_contact", anchor_on="2022-11-14", phone="13900009999"
    ),
    "api-episode": api(SEE, "episode"),
    "api-episode-end-early": api(WORK, "episode", get=False, post=WORK, reason="核查"),
    "api-episode-withdraw": api(WORK, "episode", get=False, post=WORK, reason="误登"),
    "api-episode-place": api(WORK, "episode", get=False, post=WORK, place="home"),
    "api-episode-home-check": api(WORK, "episode", get=False, post=WORK, home_check="suitable"),
    "api-tests": api(SEE),
    "api-laboratory-results": api(
        WORK,
        "episode",
        get=False,
        post=WORK,
        episode="{episode}",
        on="2022-11-15",
        result="negative",
        external_id="L1",
    ),
    "api-test": api(SEE, "test"),
    "api-test-sampling": api(WORK, "test", get=False, post=WORK),
    "api-test-result": api(WORK, "test", get=False, post=WORK, result="negative"),
}

DOORS = PUBLIC | PAGES | API


@dataclass(frozen=True, slots=True)
class Records:
    """The pages of one model in the admin site."""

    names: str = ""
    """The record of Alice's community whose pages are asked for; "" for what holds everywhere."""
    add: bool = False
    delete: bool = False
    installer: bool = False
    """Whether the account of the installation opens them."""


ADMIN = {
    "accounts_area": Records("area", add=True, installer=True),
    "accounts_user": Records("user", add=True, installer=True),
    "accounts_apitoken": Records("token", add=True),
    "accounts_reveal": Records("reveal"),
    "policy_policyedition": Records(add=True),
    "policy_editionactivation": Records(),
    "cases_episode": Records("episode"),
    "cases_person": Records("person"),
    "cases_nucleicacidtest": Records("test"),
    "cases_episodeevent": Records("event"),
    "cases_infection": Records("infection"),
    "cases_handover": Records("handover"),
    "zones_compound": Records("compound", add=True),
    "zones_building": Records("building", add=True),
    "zones_unit": Records("unit", add=True),
    "zones_site": Records("site", add=True),
    "zones_room": Records("room", add=True),
    "notices_message": Records("message"),
    "notices_channeladdress": Records("channel", add=True, delete=True),
}

ADMIN_VERBS = {
    "admin:cases_episode_end_early": "episode",
    "admin:cases_episode_withdraw": "episode",
    "admin:accounts_apitoken_revoke": "token",
}
"""Dialogs of the admin site that act on one record."""

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
