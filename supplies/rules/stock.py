"""Stock: append-only movements whose sum is what is there, kits, expiry, and the demand of a sealed area."""

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class ItemCategory(StrEnum):
    """What an item is for (N二(十三), N二(十七))."""

    DAILY = "daily"
    DRUG = "drug"
    TCM = "tcm"
    FIRST_AID = "first_aid"
    DEVICE = "device"
    PROTECTION = "protection"


ITEM_CATEGORIES = {
    ItemCategory.DAILY: pgettext_lazy("item", "daily goods"),
    ItemCategory.DRUG: pgettext_lazy("item", "treatment drugs"),
    ItemCategory.TCM: pgettext_lazy("item", "traditional medicine"),
    ItemCategory.FIRST_AID: pgettext_lazy("item", "first-aid drugs"),
    ItemCategory.DEVICE: pgettext_lazy("item", "devices"),
    ItemCategory.PROTECTION: pgettext_lazy("item", "protection"),
}


class MovementKind(StrEnum):
    """Why stock moved; the sign follows from it."""

    RECEIPT = "receipt"
    ISSUE = "issue"
    RETURN = "return"
    TRANSFER_OUT = "transfer_out"
    TRANSFER_IN = "transfer_in"
    COUNT = "count"
    EXPIRED = "expired"
    INTO_KIT = "into_kit"
    PACKED = "packed"
    UNPACKED = "unpacked"
    OUT_OF_KIT = "out_of_kit"


MOVEMENT_KINDS = {
    MovementKind.RECEIPT: pgettext_lazy("movement", "received"),
    MovementKind.ISSUE: pgettext_lazy("movement", "issued"),
    MovementKind.RETURN: pgettext_lazy("movement", "came back"),
    MovementKind.TRANSFER_OUT: pgettext_lazy("movement", "sent to another store"),
    MovementKind.TRANSFER_IN: pgettext_lazy("movement", "came from another store"),
    MovementKind.COUNT: pgettext_lazy("movement", "difference found when counting"),
    MovementKind.EXPIRED: pgettext_lazy("movement", "expired, thrown away"),
    MovementKind.INTO_KIT: pgettext_lazy("movement", "went into a kit"),
    MovementKind.PACKED: pgettext_lazy("movement", "packed from its parts"),
    MovementKind.UNPACKED: pgettext_lazy("movement", "unpacked again"),
    MovementKind.OUT_OF_KIT: pgettext_lazy("movement", "came out of a kit"),
}
COMES_IN = frozenset(
    {
        MovementKind.RECEIPT,
        MovementKind.TRANSFER_IN,
        MovementKind.RETURN,
        MovementKind.PACKED,
        MovementKind.OUT_OF_KIT,
    }
)
GOES_OUT = frozenset(
    {
        MovementKind.ISSUE,
        MovementKind.TRANSFER_OUT,
        MovementKind.EXPIRED,
        MovementKind.INTO_KIT,
        MovementKind.UNPACKED,
    }
)
"""The sign of a movement follows from its kind; a difference found when counting may have either."""


MOST = Decimal("9999999999.99")
"""The greatest quantity that can be written down."""


def plain(quantity: Decimal) -> str:
    """A quantity as people write it: 4, not 4.00; 2.5, not 2.50."""
    text = f"{quantity:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


@dataclass(frozen=True, slots=True)
class LotLevel:
    """How much of one lot lies in a store."""

    lot: int
    quantity: Decimal
    expires_on: dt.date | None


def pick(levels: Iterable[LotLevel], wanted: Decimal, on: dt.date) -> list[tuple[int, Decimal]]:
    """From which lots to issue that quantity: what expires first goes first, what has expired never.

    Shorter than `wanted` when there is not enough; the caller refuses then.
    """
    usable = [
        each for each in levels if each.quantity > 0 and (each.expires_on is None or each.expires_on > on)
    ]
    usable.sort(key=lambda each: (each.expires_on or dt.date.max, each.lot))
    taken: list[tuple[int, Decimal]] = []
    left = wanted
    for level in usable:
        if left <= 0:
            break
        part = min(level.quantity, left)
        taken.append((level.lot, part))
        left -= part
    return taken


def enough_for(parts: Mapping[int, Decimal], there: Mapping[int, Decimal]) -> int:
    """For how many whole kits that is enough; `parts`: how much of each goes into one. 0 without parts."""
    return min((int(there.get(item, Decimal(0)) // quantity) for item, quantity in parts.items()), default=0)


@dataclass(frozen=True, slots=True)
class Shortage:
    """One item that a sealed area will run short of."""

    item: int
    daily: Decimal
    there: Decimal
    wanted: Decimal
    """Until the last unit opens."""
    short_by: Decimal
    lasts_until: dt.date | None
    """The last date for which there is enough; None: not even for today."""


def shortages(
    people_by_day: Mapping[dt.date, int], rates: Mapping[int, Decimal], there: Mapping[int, Decimal]
) -> list[Shortage]:
    """What people × days ask for beside what is there, by item; only those that do not last to the end.

    `rates`: per head and day. `people_by_day`: how many are behind a closed door on each date, from today.
    """
    days = sorted(day for day, people in people_by_day.items() if people)
    found = []
    for item, rate in sorted(rates.items()):
        left = there.get(item, Decimal(0))
        wanted = sum((rate * people_by_day[day] for day in days), Decimal(0))
        lasts = None
        remaining = left
        for day in days:
            remaining -= rate * people_by_day[day]
            if remaining < 0:
                break
            lasts = day
        if wanted > left:
            daily = rate * people_by_day[days[0]]
            found.append(Shortage(item, daily, left, wanted, wanted - left, lasts))
    return found


EXPIRES_SOON_DAYS = 30
"""So long before its date a lot is shown as expiring."""

REFUSALS = {
    "short": _("%(item)s: %(wanted)s wanted, %(there)s there."),
    "same_store": _("It lies in that store already."),
    "nothing": _("The quantity is more than nothing."),
    "moved_meanwhile": _("Something moved while you were counting. The lines are marked: please look again."),
    "nothing_to_issue": _("Please say what is issued: at least one item with a quantity."),
    "not_issued": _("So much of it was not issued for this need."),
    "no_kit": _("%(item)s is no kit: only a kit is packed from parts."),
    "no_parts": _("Please say what goes into one kit: at least one part with a quantity."),
    "kit_in_kit": _("%(item)s is a kit itself: a kit is packed from single items."),
    "not_packed_here": _(
        "This lot came packed: what is inside it is on no record, so it can't be unpacked into parts."
    ),
    "parts_are_out": _("Not so many kits of this lot were packed: %(n)s at most can be unpacked."),
}

ALERTS = {
    "below_minimum": _("below its minimum level"),
    "expires_soon": _("expires soon"),
    "expired": _("expired"),
}
