"""Lines pasted from a phone: one person a line, in whatever order and with whatever marks between.

Text in, rows out; nothing is guessed that the line does not say, and nothing of it is lost.
"""

import datetime as dt
import re
import unicodedata
from dataclasses import dataclass

from cases.rules import ContactKind

MOST_LINES = 200

_KINDS = (
    (
        ContactKind.HOUSEHOLD,
        ("同住", "家人", "家属", "配偶", "妻", "丈夫", "儿子", "女儿", "父", "母"),
    ),
    (ContactKind.CLASS, ("同班", "同学", "同宿舍", "老师")),
    (ContactKind.WORK, ("同事", "同单位", "同办公室", "工友")),
    (ContactKind.MEAL, ("同桌", "就餐", "聚餐", "吃饭")),
    (ContactKind.TRANSPORT, ("同乘", "同车", "拼车", "司机")),
    (ContactKind.CARE, ("护理", "照护", "诊疗", "医生", "护工")),
    (ContactKind.ACTIVITY, ("同处", "同室", "棋牌", "同场")),
)
_SEPARATORS = re.compile(r"[,，;；、\t|/]+|\s+")
_DATE = re.compile(
    r"(?:(?P<year>20\d{2})\s*[-./年]\s*)?(?P<month>1[0-2]|0?[1-9])\s*[-./月]\s*(?P<day>3[01]|[12]\d|0?[1-9])\s*[日号]?(?!\d|楼|栋|幢|单元)"
)
_ID = re.compile(r"(?<!\d)\d{17}[\dXx](?![\dA-Za-z])")
_PHONE = re.compile(r"(?<!\d)(?:\+?86)?(1[3-9]\d[\s-]?\d{4}[\s-]?\d{4})(?!\d)")
_UNIT = re.compile(
    r"(?P<building>[0-9A-Za-z一二三四五六七八九十甲乙丙]{1,6}(?:号楼|栋|幢|座|号院))"
    r"\s*(?:(?P<unit>[0-9A-Za-z一二三四五六七八九十]{1,4}单元))?\s*(?P<door>\d{1,5})?\s*(?:室|号|房)?"
)


@dataclass(frozen=True, slots=True)
class PastedLine:
    """What a line says; empty where it does not. `rest` is what nobody understood."""

    name: str
    phone: str = ""
    id_number: str = ""
    on: dt.date | None = None
    kind: ContactKind | None = None
    building: str = ""
    unit: str = ""
    door: str = ""
    rest: str = ""


def read_lines(text: str, today: dt.date) -> list[PastedLine]:
    """One row for each line that has something on it, at most `MOST_LINES`; a bare number of the list,
    such as "1." or "2、", is left out. A date without a year is the latest one that is not in the future."""
    found = []
    for line in text.splitlines():
        tidy = unicodedata.normalize("NFKC", line).strip()
        tidy = re.sub(r"^[(\[]?\d{1,3}[)\].、](?!\d)\s*", "", tidy)
        if tidy:
            found.append(_read(tidy, today))
    return found[:MOST_LINES]


def _read(line: str, today: dt.date) -> PastedLine:
    id_number, line = _take(_ID, line)
    phone, line = _take(_PHONE, line)
    on, line = _date(line, today)
    building, unit, door, line = _address(line)
    words = [word for word in _SEPARATORS.split(line.replace(":", " ").replace("：", " ")) if word]
    words = [word for word in words if word not in _LABELS]
    kind = next(
        (kind for kind, hints in _KINDS if any(hint in word for word in words for hint in hints)), None
    )
    hints = tuple(hint for _, hints in _KINDS for hint in hints)
    names = [word for word in words if not any(hint in word for hint in hints) and not word.isdigit()]
    name = names[0] if names else ""
    rest = [word for word in words if word != name and not (kind and _says(word, kind))]
    return PastedLine(
        name=name,
        phone=re.sub(r"\D", "", phone)[-11:],
        id_number=id_number.upper(),
        on=on,
        kind=kind,
        building=building,
        unit=unit,
        door=door,
        rest=" ".join(rest),
    )


_LABELS = frozenset(
    {"姓名", "电话", "手机", "身份证", "身份证号", "住址", "地址", "末次接触", "末次暴露", "关系", "系"}
)


def _says(word: str, kind: ContactKind) -> bool:
    return any(hint in word for each, hints in _KINDS if each is kind for hint in hints)


def _take(pattern: re.Pattern[str], line: str) -> tuple[str, str]:
    """The first match, and the line without it."""
    found = pattern.search(line)
    if found is None:
        return "", line
    return found[0], f"{line[: found.start()]} {line[found.end() :]}"


def _date(line: str, today: dt.date) -> tuple[dt.date | None, str]:
    for found in _DATE.finditer(line):
        year = int(found["year"] or today.year)
        try:
            on = dt.date(year, int(found["month"]), int(found["day"]))
        except ValueError:
            continue
        if not found["year"] and on > today:
            on = on.replace(year=year - 1) if (on.month, on.day) != (2, 29) else on
        return on, f"{line[: found.start()]} {line[found.end() :]}"
    return None, line


def _address(line: str) -> tuple[str, str, str, str]:
    found = _UNIT.search(line)
    if found is None:
        return "", "", "", line
    rest = f"{line[: found.start()]} {line[found.end() :]}"
    return found["building"], found["unit"] or "", found["door"] or "", rest
