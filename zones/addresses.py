"""What somebody means who writes where they live: building and unit in free text. Values in, values out."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from zones.rules import tidy_name

LONGEST = 120
"""No address is longer; what is written beyond it is not read."""

_MARKS = re.compile(r"[,;:。、，；：·()\[\]【】“”\"'?!?！/\\]")
_NUMERALS = {numeral: value for value, numeral in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2}
_WRITTEN = re.compile("[零〇一二两三四五六七八九十]{1,3}(?=号|栋|幢|座|楼|单元|门|层|室)")
_NUMBER = "[0-9]+[a-z]?|[a-z][0-9]*"
_BUILDING = re.compile(f"({_NUMBER})(号楼|号院|号|栋|幢|座|楼|#楼|#)", re.IGNORECASE)
_UNIT = re.compile(f"({_NUMBER})(单元|门洞|门|梯|座)", re.IGNORECASE)
_DASHES = re.compile("^([0-9]+)[-–—](?:([0-9]+)[-–—])?([0-9]+[a-z]?)(?:室|号)?$", re.IGNORECASE)
_LAST = re.compile("([0-9]+[a-z]?|[a-z][0-9]+)室?$", re.IGNORECASE)
_DASHED = re.compile("^([0-9]+)[-–—]([0-9]+)(?:[-–—][0-9]+)?(?:室|号)?$")


def read(written: str) -> str:
    """The text as it is searched: narrow digits, no blanks, no marks, 三号楼 as 3号楼."""
    tidied = _MARKS.sub("", tidy_name(written[:LONGEST]))
    return _WRITTEN.sub(lambda match: str(_number(match[0])), tidied)


def _number(numeral: str) -> int:
    """The value of a Chinese numeral below one hundred: 十二, 二十一."""
    tens, ten, ones = numeral.rpartition("十")
    if not ten:
        return int("".join(str(_NUMERALS[each]) for each in numeral))
    return (_NUMERALS[tens] if tens else 1) * 10 + (_NUMERALS[ones] if ones else 0)


@dataclass(frozen=True, slots=True)
class Stairs:
    """A building and a unit by their numbers, however the word behind them was written; "": not named."""

    building: str = ""
    unit: str = ""

    def __bool__(self) -> bool:
        return bool(self.building or self.unit)


def stairs_of(text: str) -> Stairs:
    """The building and the unit that a text (`read`) names, such as 3号楼1单元502 or 3-1-502."""
    dashed = _DASHED.match(text)
    if dashed:
        return Stairs(_plain(dashed[1]), _plain(dashed[2]))
    building = _BUILDING.search(text)
    unit = _UNIT.search(text, building.end() if building else 0)
    return Stairs(_plain(building[1]) if building else "", _plain(unit[1]) if unit else "")


def place_of(text: str) -> str:
    """The text before the building: the name of the compound, as far as it was written."""
    building = _BUILDING.search(text) or _UNIT.search(text)
    return text[: building.start()] if building else re.sub("[0-9][0-9–—-]*(室)?$", "", text)


@dataclass(frozen=True, slots=True)
class Door:
    """A door as somebody says it on the telephone: 锦绣花园5号楼1单元401, 5-1-401, 5栋401; "": not named."""

    compound: str = ""
    stairs: Stairs = Stairs()
    door: str = ""

    def __bool__(self) -> bool:
        return bool(self.compound or self.stairs or self.door)


def door_of(text: str) -> Door:
    """The door that a text (`read`) names. Of two dashed numbers the second is a unit or a door: a door."""
    compound = place_of(text)
    rest = text[len(compound) :] if text.startswith(compound) else text
    dashed = _DASHES.match(rest)
    if dashed:
        return Door(compound, Stairs(_plain(dashed[1]), _plain(dashed[2]) if dashed[2] else ""), dashed[3])
    door = _LAST.search(rest)
    return Door(compound, stairs_of(rest), door[1] if door else "")


def stairs_of_unit(building: str, unit: str) -> Stairs:
    """The same of a stored building and unit: 3号楼 and 3栋 are alike."""
    return Stairs(_loose(building), _loose(unit))


def _loose(name: str) -> str:
    """What of a name is its number; the name itself where it has none."""
    text = read(name)
    found = re.search(_NUMBER, text, re.IGNORECASE)
    return _plain(found[0]) if found else text


def _plain(number: str) -> str:
    """03 and 3 are one number, A and a one letter."""
    return number.lower().lstrip("0") or "0"


def longest_named(text: str, names: Iterable[str]) -> list[str]:
    """The names that stand in the text, without those that are only a part of another that stands there."""
    found = [name for name in names if name and name in text]
    return [name for name in found if not any(name != other and name in other for other in found)]
