"""Lines pasted from a phone: one person a line, in whatever order and with whatever marks between.

Text in, rows out; nothing is guessed that the line does not say, and nothing of it is lost: what is not
understood comes back as `rest`.
"""

import datetime as dt
import re
import unicodedata
from dataclasses import dataclass

from cases.rules import ContactKind

MOST_LINES = 200

_KINDS = {
    ContactKind.HOUSEHOLD: (
        "同住|同户|同室居住|家人|家属|家庭成员|配偶|爱人|妻子|老婆|丈夫|老公|儿子|女儿|父亲|母亲|爸爸|妈妈"
        "|爷爷|奶奶|外公|外婆|姥爷|姥姥|岳父|岳母|公公|婆婆|室友|合租"
    ),
    ContactKind.CLASS: "同班同学|同班|同学|同宿舍|同寝室|老师",
    ContactKind.WORK: "同办公室|同事|同单位|同公司|工友|同班组",
    ContactKind.MEAL: "同桌就餐|同桌|就餐|聚餐|同餐|吃饭",
    ContactKind.TRANSPORT: "同乘车|同乘|同车|同航班|拼车|司机",
    ContactKind.CARE: "护理|照护|陪护|诊疗|医生|护士|护工",
    ContactKind.ACTIVITY: "同处一室|同处|同室|棋牌|同场|同空间",
}
_KIND = re.compile("|".join(f"(?P<{kind.value}>{words})" for kind, words in _KINDS.items()))
_FILLER = re.compile(r"与?病例|感染者|人员|关系|接触者?|密接|一起|共同|是|系|的|为")

_NUMBERED = re.compile(r"^(?:[(\[]?\d{1,3}[)\].、](?!\d)|\d{1,3}[,\s](?=\s*[^\d\s]))\s*")
_MARKS = re.compile(r"[\s,;、|/:()\[\]{}<>《》【】「」“”\"'。!?]+")
_LABELS = re.compile(
    r"^(?:姓名|(?:联系|手机)?(?:电话|号码|方式)|手机号?|(?:居民)?身份证(?:号码?)?|证件号码?|(?:现|家庭)?(?:住址|地址)"
    r"|末次(?:接触|暴露)(?:时间|日期)?|接触(?:方式|时间|日期)|与病例关系|关系|备注|性别|年龄|序号)$"
)
_PLACES = re.compile(
    r"(?:花园|小区|家园|公寓|大厦|广场|市场|超市|公司|学校|小学|中学|大学|幼儿园|医院|社区|街道|新村|新城"
    r"|[苑村院园里城庄])$"
)

_ID = re.compile(r"(?<![0-9A-Za-z])\d{17}[\dXx](?![0-9A-Za-z])")
_PAPER = re.compile(r"(?<![0-9A-Za-z])[A-Za-z]{1,2}\d{7,9}(?![0-9A-Za-z])")
_PHONE = re.compile(
    r"(?<!\d)(?:\+?86[\s-]?)?(1[3-9]\d[\s-]?\d{4}[\s-]?\d{4})(?!\d)|(?<!\d)(0\d{2,3}[\s-]?\d{7,8})(?!\d)"
)
_DATE = re.compile(
    r"(?<![\d./-])(?:(?P<year>20\d{2})\s*[-./年]\s*)?(?P<month>1[0-2]|0?[1-9])\s*[-./月]\s*"
    r"(?P<day>3[01]|[12]\d|0?[1-9])(?:[日号](?!楼)|(?![\d号])(?![-./]\d))"
)
_SOLID_DATE = re.compile(
    r"(?<!\d)(?P<year>20\d{2})(?P<month>0[1-9]|1[0-2])(?P<day>0[1-9]|[12]\d|3[01])(?!\d)"
)
_DAYS_AGO = {"大前天": 3, "前天": 2, "昨天": 1, "昨日": 1, "今天": 0, "今日": 0}
_NUMERAL = "0-9A-Za-z一二三四五六七八九十甲乙丙"
_HOME = re.compile(
    rf"(?P<building>[{_NUMERAL}]{{1,4}}(?:号楼|栋|幢|座))[\s-]*"
    rf"(?:(?P<unit>[{_NUMERAL}]{{1,3}}单元)[\s-]*)?(?P<door>[A-Za-z]?\d{{1,5}})?(?:室|号|房)?"
)
_HAN_NAME = re.compile(r"[\u3400-\u9fff](?:[\u3400-\u9fff·]{0,14}[\u3400-\u9fff])?")
_LATIN_NAME = re.compile(r"[A-Za-z][A-Za-z.'-]*")


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
    compound: str = ""


def lines_of(text: str) -> list[str]:
    """The lines that have something on them."""
    return [line for line in text.splitlines() if line.strip()]


def read_lines(text: str, today: dt.date) -> list[PastedLine]:
    """One row for each line that says anything, at most `MOST_LINES`.

    The number of a list ("1.", "2、") and a heading ("姓名 电话 住址") are left out. A date without a year
    is the latest one that is not in the future; 昨天 and the like count from `today`.
    """
    found = []
    for line in lines_of(text):
        tidy = unicodedata.normalize("NFKC", line).strip()
        read = _read(_NUMBERED.sub("", tidy), today)
        if read != PastedLine(""):
            found.append(read)
    return found[:MOST_LINES]


def _read(line: str, today: dt.date) -> PastedLine:
    id_number, line = _take(_ID, line)
    if not id_number:
        id_number, line = _take(_PAPER, line)
    phone, line = _take(_PHONE, line)
    compound, building, unit, door, line = _home(line)
    on, line = _date(line, today)
    words = [word for word in _MARKS.split(line) if word.strip("-.,+") and not _LABELS.match(word)]
    kind, words = _kind(words)
    name, rest = _name(words)
    if not name and _is_name(compound):
        name, compound = compound, ""
    return PastedLine(
        name=name,
        phone=_digits(phone),
        id_number=id_number.upper(),
        on=on,
        kind=kind,
        building=building,
        unit=unit,
        door=door,
        rest=" ".join(rest),
        compound=compound,
    )


def _take(pattern: re.Pattern[str], line: str) -> tuple[str, str]:
    """The first match, and the line without it."""
    found = pattern.search(line)
    if found is None:
        return "", line
    return found[0], f"{line[: found.start()]} {line[found.end() :]}"


def _digits(phone: str) -> str:
    """A mobile number as its eleven digits, a landline with its hyphen."""
    digits = re.sub(r"\D", "", phone)
    if digits.startswith("0"):
        return phone.strip()
    return digits[-11:]


def _home(line: str) -> tuple[str, str, str, str, str]:
    """Compound, building, unit, door, and the line without them; the compound stands right before."""
    found = _HOME.search(line)
    if found is None:
        return "", "", "", "", line
    before = line[: found.start()]
    compound = _compound(before)
    rest = f"{' '.join(before.rsplit(compound, 1)) if compound else before} {line[found.end() :]}"
    return compound, found["building"], found["unit"] or "", found["door"] or "", rest


def _compound(before: str) -> str:
    """The name that is written together with the building, or the word before it when that is a place's."""
    words = _MARKS.split(before)
    if words[-1]:
        letters = re.sub(r"\d+号?", "", words[-1])
        return words[-1] if _HAN_NAME.fullmatch(letters) and not re.match(r"\d+月", words[-1]) else ""
    last = words[-2] if len(words) > 1 else ""
    return last if len(last) > 2 and _PLACES.search(last) else ""


def _date(line: str, today: dt.date) -> tuple[dt.date | None, str]:
    for pattern in (_SOLID_DATE, _DATE):
        for found in pattern.finditer(line):
            if on := _on(found["year"], int(found["month"]), int(found["day"]), today):
                return on, f"{line[: found.start()]} {line[found.end() :]}"
    for word, days in _DAYS_AGO.items():
        if word in line:
            return today - dt.timedelta(days=days), line.replace(word, " ", 1)
    return None, line


def _on(year: str | None, month: int, day: int, today: dt.date) -> dt.date | None:
    """The date, without a year the latest that is not in the future; None where there is no such date."""
    years = [int(year)] if year else range(today.year, today.year - 9, -1)  # 29 February: every 4 or 8 years
    for each in years:
        try:
            on = dt.date(each, month, day)
        except ValueError:
            continue
        if year or on <= today:
            return on
    return None


def _kind(words: list[str]) -> tuple[ContactKind | None, list[str]]:
    """The first kind of contact that the words name, and the words that say more than that.

    张老师 stays a name and 王小明的母亲 a remark, though both say how they met.
    """
    kind: ContactKind | None = None
    left = []
    for word in words:
        found = _KIND.search(word)
        if found is None:
            left.append(word)
            continue
        kind = kind or ContactKind(str(found.lastgroup))
        more = _KIND.sub("", word)
        if not _FILLER.sub("", more):
            continue
        left.append(more if _is_name(more) and len(more) > 1 and "的" not in word else word)
    return kind, left


def _name(words: list[str]) -> tuple[str, list[str]]:
    """The first word that can be a name, and the others. Two single characters side by side are one name."""
    for place, word in enumerate(words):
        if _is_name(word):
            follower = words[place + 1] if place + 1 < len(words) else ""
            if len(word) == 1 and len(follower) == 1 and _is_name(follower):
                return word + follower, words[:place] + words[place + 2 :]
            return word, words[:place] + words[place + 1 :]
        if _LATIN_NAME.fullmatch(word):
            end = place + 1
            while end < len(words) and _LATIN_NAME.fullmatch(words[end]):
                end += 1
            return " ".join(words[place:end]), words[:place] + words[end:]
    return "", words


def _is_name(word: str) -> bool:
    """Whether a word of Chinese characters can be somebody's name: no place, not 男 or 女."""
    if not _HAN_NAME.fullmatch(word) or word in ("男", "女", "无"):
        return False
    return "的" not in word and not (len(word) > 2 and _PLACES.search(word))
