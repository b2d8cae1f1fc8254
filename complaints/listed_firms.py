"""Firms on the white list, known by the mark of a supplier: none of them may be told to stop (M19)."""

from collections.abc import Mapping, Sequence
from typing import Any

from accounts.models import Area
from accounts.rules import Level
from complaints.rules.behaviours import BY_CODE, Topic
from supplies.models import Supplier
from zones.addresses import longest_named, read
from zones.models import Site

CODE = "listed"
SHORTEST = 4
"""A part of a name has so many characters at least: "超市" names nobody."""
MOST = 5000


def listed_facts(
    *, behaviour: str, written: str, site: Site | None, area: Area | None
) -> list[dict[str, Any]]:
    """That the firm of that place stands on the white list, as a fact beside the complaint; else nothing.

    Only for what is done to firms. One query, of names that the list of suppliers keeps in and around the
    county; whether the firm delivers at this moment does not matter: it may just have been told to stop.
    """
    kind = BY_CODE.get(behaviour)
    if kind is None or kind.topic is not Topic.WORK or area is None:
        return []
    texts = [text for text in (read(site.name) if site else "", read(written)) if text]
    county = area.line.get(Level.COUNTY) or area
    listed = Supplier.objects.around(county).filter(white_listed=True) if texts else Supplier.objects.none()
    firms = {
        read(name): (name, number) for name, number in listed.values_list("name", "white_list_number")[:MOST]
    }
    for text in texts:
        named = longest_named(text, firms) or [
            name for name in firms if len(text) >= SHORTEST and text in name
        ]
        if named:
            name, number = firms[named[0]]
            return [{"code": CODE, "firm": name, "number": number, "clause": "二(十九)"}]
    return []


def is_about_listed(facts: Sequence[Mapping[str, Any]]) -> bool:
    """Whether these facts say that a listed firm is concerned."""
    return any(fact.get("code") == CODE for fact in facts)
