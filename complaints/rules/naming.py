"""When it keeps happening, and what may stand in a published text. Pure: values in, values out."""

import datetime as dt
import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from complaints.rules.auditing import first_key


@dataclass(frozen=True, slots=True)
class Said:
    """A complaint as it is counted. `lead` is the key of the self-audit's finding, "" for anybody else's."""

    key: int
    received_at: dt.datetime
    confirmed: bool = False
    """Closed as put right, in part or not: the desk found it so."""
    lead: str = ""
    compound: int | None = None


@dataclass(frozen=True, slots=True)
class Matter:
    """One matter, however often it was complained about."""

    first_at: dt.datetime
    complaints: tuple[Said, ...]

    @property
    def confirmed(self) -> bool:
        """Whether the desk found it so."""
        return any(each.confirmed for each in self.complaints)

    @property
    def is_ours(self) -> bool:
        """Whether nobody complained, and only the self-audit found it."""
        return all(each.lead for each in self.complaints)

    @property
    def is_verified(self) -> bool:
        """Whether it stands on more than what was said: found so by the desk, or by our own self-audit."""
        return self.confirmed or any(each.lead for each in self.complaints)


@dataclass(frozen=True, slots=True)
class Rests:
    """What a naming rests on now: how many matters (or late orders), how many verified, how many it takes."""

    total: int
    verified: int
    needed: int

    @property
    def is_enough(self) -> bool:
        """Whether it may be approved, as far as facts go."""
        return self.verified >= self.needed


def matters(said: Iterable[Said], same: Iterable[tuple[int, int]] = ()) -> list[Matter]:
    """The complaints about one office and behaviour as matters, the first one first.

    `same` are pairs that an officer judged to be one. A finding of the self-audit that was filed again is
    one matter with its first filing, and one with what others said of the same compound.
    """
    each = {one.key: one for one in said}
    root = {key: key for key in each}

    def find(key: int) -> int:
        while root[key] != key:
            key = root[key]
        return key

    def join(first: int, second: int) -> None:
        if first in root and second in root:
            root[find(second)] = find(first)

    for pair in same:
        join(*pair)
    leads: dict[str, int] = {}
    at_place = {one.compound: key for key, one in each.items() if not one.lead and one.compound}
    for key, one in each.items():
        if not one.lead:
            continue
        join(leads.setdefault(first_key(one.lead), key), key)
        if one.compound in at_place:
            join(at_place[one.compound], key)
    groups: dict[int, list[Said]] = {}
    for key, one in each.items():
        groups.setdefault(find(key), []).append(one)
    found = [Matter(min(one.received_at for one in those), tuple(those)) for those in groups.values()]
    return sorted(found, key=lambda matter: matter.first_at)


def hot_spot(found: Sequence[Matter], *, count: int, days: int) -> list[Matter]:
    """The first run of that many matters in so many days, with what else falls into them; else nothing."""
    for start, first in enumerate(found):
        until = first.first_at + dt.timedelta(days=days)
        within = [matter for matter in found[start:] if matter.first_at < until]
        if len(within) >= count:
            return within
    return []


# ── texts ────────────────────────────────────────────────────────────────────────────────────────

_JOINED = r"[\s\-－–—·.]?"
_ID = re.compile(rf"(?<!\d)[1-9](?:{_JOINED}\d){{16}}{_JOINED}[\dXx](?!\d)")
_OLD_ID = re.compile(r"(?<!\d)[1-9]\d{14}(?!\d)")
_MOBILE = re.compile(rf"(?<!\d)(?:\+?86{_JOINED}|0086{_JOINED})?1[3-9](?:{_JOINED}\d){{9}}(?!\d)")
_LANDLINE = re.compile(r"(?<!\d)(?:\(?0\d{2,3}\)?[\s\-]?)[2-9]\d{6,7}(?!\d)")
_COMPLAINT = re.compile(r"(?<!\d)\d{6}\s?[\-–—]\s?\d{8}(?!\d)")

_FORBIDDEN: tuple[tuple[re.Pattern[str], Promise], ...] = (
    (_COMPLAINT, _("The text holds the number of a complaint: whoever has it could be found out.")),
    (_ID, _("The text holds an ID number. Nothing about a person is published.")),
    (_MOBILE, _("The text holds a telephone number. Nothing about a person is published.")),
    (_LANDLINE, _("The text holds a telephone number. Nothing about a person is published.")),
    (_OLD_ID, _("The text holds an ID number. Nothing about a person is published.")),
)


def refusal_of(text: str) -> Promise | None:
    """Why a text can't be published: the number of a person's ID, telephone or complaint stands in it."""
    narrow = unicodedata.normalize("NFKC", text)
    return next((sentence for pattern, sentence in _FORBIDDEN if pattern.search(narrow)), None)
