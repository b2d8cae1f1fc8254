"""The words that lists are written in, from `words.toml`: each section maps a word to what it means."""

import tomllib
import unicodedata
from collections.abc import Mapping
from pathlib import Path

_SECTIONS: dict[str, dict[str, list[str]]] = tomllib.loads(
    Path(__file__).with_name("words.toml").read_text(encoding="utf-8")
)


def key(word: str) -> str:
    """A word as it is compared: narrow, in small letters, without blanks."""
    return "".join(unicodedata.normalize("NFKC", word).lower().split())


def meanings(section: str) -> Mapping[str, str]:
    """What each word of a section means, by its key."""
    return {key(word): meaning for meaning, listed in _SECTIONS[section].items() for word in listed}


def headings() -> list[tuple[str, str]]:
    """Every known heading of a column with the meaning of the column."""
    return [(word, meaning) for meaning, listed in _SECTIONS["columns"].items() for word in listed]
