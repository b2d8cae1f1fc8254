"""A delivery list from Excel: its columns, what each row says, and why a row can't be taken over.

Reading the file is the business of `cases.importing.reading`, so that whatever is uploaded is answered with
a sentence. The rows travel from the preview to the taking over inside a signed text, not in a table.
"""

import datetime as dt
import hashlib
import json
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any

from django.core import signing
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import pgettext, pgettext_lazy

from accounts.models import User
from cases.importing import cells, reading
from cases.importing.cells import Unreadable
from cases.importing.columns import bare
from cases.importing.sheets import Row
from policy.refusals import BadInput
from supplies.models import Item, Movement, Supplier
from supplies.rules.stock import ITEM_CATEGORIES, MOST, ItemCategory, MovementKind

MAX_ROWS = 2_000
HEADER_WITHIN = 20
KEPT_FOR = dt.timedelta(days=1)
_SALT = "supplies.delivery-list"
HALF = 16
"""So many characters of the key of a list say which list it is."""

HEADINGS: Mapping[str, Promise] = {
    "name": pgettext_lazy("column of a delivery list", "Item"),
    "unit": pgettext_lazy("column of a delivery list", "Unit"),
    "category": pgettext_lazy("column of a delivery list", "Category"),
    "quantity": pgettext_lazy("column of a delivery list", "Quantity"),
    "lot": pgettext_lazy("column of a delivery list", "Lot"),
    "expires_on": pgettext_lazy("column of a delivery list", "Expires on"),
    "supplier": pgettext_lazy("column of a delivery list", "Supplier"),
}
WORDS = {
    "name": ("item", "name", "物资名称", "物品名称", "品名", "名称", "物资", "物品", "商品名称", "药品名称"),
    "unit": ("unit", "单位", "计量单位"),
    "category": ("category", "类别", "分类", "物资类别"),
    "quantity": ("quantity", "数量", "入库数量", "到货数量"),
    "lot": ("lot", "batch", "批号", "批次", "生产批号"),
    "expires_on": ("expires on", "expiry", "expires", "有效期", "有效期至", "失效日期", "到期日", "保质期至"),
    "supplier": ("supplier", "供应商", "供货单位", "供货商", "捐赠单位"),
}
_MEANINGS = {bare(word): meaning for meaning, listed in WORDS.items() for word in listed}
CATEGORY_WORDS = {
    ItemCategory.DAILY: ("daily goods", "daily", "生活物资", "生活用品", "食品", "日用品"),
    ItemCategory.DRUG: ("treatment drugs", "drug", "治疗药品", "治疗药物", "药品", "西药"),
    ItemCategory.TCM: ("traditional medicine", "tcm", "中医药", "中药", "中成药"),
    ItemCategory.FIRST_AID: ("first-aid drugs", "first aid", "急救药品", "急救药"),
    ItemCategory.DEVICE: ("devices", "device", "医疗器械", "器械", "医疗设备"),
    ItemCategory.PROTECTION: ("protection", "防护物资", "防护用品", "防疫物资"),
}
_CATEGORIES = {bare(word): category for category, listed in CATEGORY_WORDS.items() for word in listed}


@dataclass(slots=True)
class Line:
    """One row of the list: what it says, and what is wrong with it."""

    number: int
    name: str = ""
    unit: str = ""
    category: str = ""
    quantity: Decimal | None = None
    lot: str = ""
    expires_on: dt.date | None = None
    supplier: str = ""
    is_new: bool = False
    """The list of items has no such thing yet."""
    reasons: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def is_good(self) -> bool:
        """Whether it can be taken over."""
        return not self.reasons

    @property
    def category_label(self) -> str:
        """The category in words."""
        return str(ITEM_CATEGORIES[ItemCategory(self.category)]) if self.category else ""


Raw = list[Any]
"""A row as it travels: its number, then the seven columns as text."""


def read(content: bytes) -> list[Raw]:
    """The rows of an uploaded list. Raises BadInput at "file" with what to do."""
    for sheet in reading.read(content):
        for place, row in enumerate(sheet.rows[:HEADER_WITHIN]):
            columns = _columns(row)
            if "name" in columns and "quantity" in columns:
                rows = sheet.rows[place + 1 :]
                if len(rows) > MAX_ROWS:
                    raise BadInput("file", _("There are more than 2,000 rows. Please split the list."))
                if not rows:
                    raise BadInput("file", _("Nothing stands below the header of this list."))
                return [_raw(each, columns, serial_dates=sheet.serial_dates) for each in rows]
    raise BadInput(
        "file",
        _("No header was found. The list needs at least a column “%(item)s” and a column “%(quantity)s”.")
        % {"item": HEADINGS["name"], "quantity": HEADINGS["quantity"]},
    )


def _columns(row: Row) -> dict[str, int]:
    found: dict[str, int] = {}
    for place, value in enumerate(row.cells):
        meaning = _MEANINGS.get(bare(cells.text_of(value)))
        if meaning:
            found.setdefault(meaning, place)
    return found


def _raw(row: Row, columns: Mapping[str, int], *, serial_dates: bool) -> Raw:
    texts: Raw = [row.number]
    for meaning in HEADINGS:
        value = row.cell(columns[meaning]) if meaning in columns else None
        if meaning == "expires_on":
            try:
                day = cells.date_in(value, serial_dates=serial_dates)
                texts.append(day.isoformat() if day else "")
            except Unreadable:
                texts.append(cells.text_of(value))
        else:
            texts.append(cells.text_of(value).strip())
    return texts


def pack(rows: Sequence[Raw], *, store: int, key: str) -> str:
    """The rows, signed, as a form carries them from the preview to the taking over."""
    return signing.dumps({"rows": rows, "store": store, "key": key}, salt=_SALT, compress=True)


def key_of(rows: Sequence[Raw], *, store: int) -> str:
    """A key for taking these rows over: its first half is the same whenever the same list comes again."""
    return hashlib.sha256(json.dumps([store, rows]).encode()).hexdigest()[:HALF] + uuid.uuid4().hex[:HALF]


def received_before(key: str) -> Movement | None:
    """The first movement of a list that was just like this one and went into the same store."""
    same = Movement.objects.filter(key__startswith=key[:HALF], kind=MovementKind.RECEIPT)
    return same.select_related("by").order_by("pk").first()


def unpack(packed: str) -> tuple[list[Raw], int, str]:
    """Rows, store and key of what `pack` wrote. Raises BadInput at "file" when it is none, or too old."""
    try:
        whole = signing.loads(packed, salt=_SALT, max_age=KEPT_FOR)
    except signing.BadSignature as error:
        raise BadInput("file", _("This list is not kept any more. Please choose the file again.")) from error
    return whole["rows"], whole["store"], whole["key"]


# ── judging ──────────────────────────────────────────────────────────────────────────────────────


def judge(rows: Sequence[Raw], *, user: User, on: dt.date) -> list[Line]:
    """What each row says, and why it can't be taken over; two queries."""
    names = {_tidy(row[1]) for row in rows}
    items = {item.name: item for item in Item.objects.filter(name__in=names)}
    suppliers = {each.name: each for each in Supplier.objects.visible_to(user)}
    lines = [_line(row, items, suppliers, on) for row in rows]
    _agree(lines)
    return lines


def _tidy(text: str) -> str:
    return " ".join(text.split())


def _line(row: Raw, items: Mapping[str, Item], suppliers: Mapping[str, Supplier], on: dt.date) -> Line:
    number, name, unit, category, quantity, lot, expires_on, supplier = row
    line = Line(number, _tidy(name), _tidy(unit), lot=_tidy(lot), supplier=_tidy(supplier))
    item = items.get(line.name)
    line.is_new = bool(line.name) and item is None
    if not line.name:
        line.reasons.append(_("The item is missing."))
    elif len(line.name) > 80:
        line.reasons.append(_("The name is longer than 80 characters."))
    if len(line.lot) > 40:
        line.reasons.append(_("The lot is longer than 40 characters."))
    line.quantity = _quantity(quantity, item.unit if item else line.unit, line)
    line.expires_on = _expiry(expires_on, line, on)
    _check_item(line, item, category)
    if line.supplier and line.supplier not in suppliers:
        line.notes.append(_("No such supplier is on file: the name is kept as a note."))
    return line


def _quantity(text: str, unit: str, line: Line) -> Decimal | None:
    """The number; "300斤" is one where the unit is 斤."""
    if not text:
        line.reasons.append(_("The quantity is missing."))
        return None
    written = "".join(text.replace(",", "").replace("，", "").split())
    try:
        value = Decimal(written.removesuffix(unit) if unit else written)
    except InvalidOperation:
        line.reasons.append(_("“%(text)s” is no quantity.") % {"text": cells.quoted(text)})
        return None
    if not value.is_finite() or value <= 0 or value > MOST:
        line.reasons.append(_("The quantity is more than nothing."))
        return None
    if value != round(value, 2):
        line.reasons.append(_("At most two places behind the point."))
        return None
    return value


def _expiry(text: str, line: Line, on: dt.date) -> dt.date | None:
    if not text:
        return None
    try:
        day = dt.date.fromisoformat(text)
    except ValueError:
        line.reasons.append(
            _("“%(text)s” is no date that can be read. Write it like 2022-11-14.")
            % {"text": cells.quoted(text)}
        )
        return None
    if day <= on:
        line.reasons.append(_("It has expired already."))
    return day


def _check_item(line: Line, item: Item | None, category: str) -> None:
    known = _CATEGORIES.get(bare(category), "") if category else ""
    if category and not known:
        line.reasons.append(
            _("“%(text)s” is no category. Write one of: %(words)s.")
            % {"text": cells.quoted(category), "words": categories()}
        )
    if item is None:
        line.category = known
        if line.name and not line.unit:
            line.reasons.append(_("This item is new: please write its unit."))
        if line.name and not category:
            line.reasons.append(_("This item is new: please write its category."))
        if len(line.unit) > 12:
            line.reasons.append(_("The unit is longer than 12 characters."))
        return
    line.category = item.category
    if line.unit and line.unit != item.unit:
        line.reasons.append(
            _("The unit of this item is %(unit)s, not %(other)s.") % {"unit": item.unit, "other": line.unit}
        )
    line.unit = item.unit
    if known and known != item.category:
        line.notes.append(
            _("It stands under “%(category)s” here.")
            % {"category": ITEM_CATEGORIES[ItemCategory(item.category)]}
        )
    if item.keeps_expiry and not line.expires_on and not line.reasons:
        line.reasons.append(_("This item has an expiry date: please write it."))


def _agree(lines: Iterable[Line]) -> None:
    """Rows of one new item have to agree on its unit."""
    units: dict[str, str] = {}
    for line in lines:
        if line.is_new and line.is_good and units.setdefault(line.name, line.unit) != line.unit:
            line.reasons.append(
                _("The unit of this item is %(unit)s, not %(other)s.")
                % {"unit": units[line.name], "other": line.unit}
            )


def categories() -> str:
    """The categories in words, one after the other."""
    return pgettext("between items", ", ").join(str(label) for label in ITEM_CATEGORIES.values())
