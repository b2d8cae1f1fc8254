"""The words of such lists, from `words.toml`, and the behaviours' own labels in both languages."""

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from django.utils import translation

from cases.importing.columns import bare
from complaints.rules.behaviours import BEHAVIOURS, BY_CODE

_SECTIONS: dict[str, dict[str, list[str]]] = tomllib.loads(
    Path(__file__).with_name("words.toml").read_text(encoding="utf-8")
)


def meanings(section: str) -> Mapping[str, str]:
    """What each word of a section means, by the word as `bare` leaves it."""
    return {bare(word): meaning for meaning, listed in _SECTIONS[section].items() for word in listed}


@cache
def kinds() -> Mapping[str, str]:
    """Every word that names one behaviour for certain, with the code of the behaviour."""
    found = dict(meanings("kinds"))
    for language in ("zh-hans", "en"):
        with translation.override(language):
            found |= {bare(str(each.label)): each.code for each in BEHAVIOURS}
    return found


def guessed(text: str) -> str:
    """The behaviour of whose words the most stand in the text; urgent ones win a tie; "" without any."""
    counted = {code: sum(word in text for word in words) for code, words in _SECTIONS["hints"].items()}
    best = max(counted.values(), default=0)
    found = [code for code, count in counted.items() if count == best]
    return min(found, key=lambda code: not BY_CODE[code].urgent) if best else ""
