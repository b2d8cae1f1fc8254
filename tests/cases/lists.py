"""Builds line lists as an office would receive them: tables, workbooks and CSV files of invented people."""

import csv
import datetime as dt
import io
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from openpyxl import Workbook

from tests.builders import resident_id

HEADER = (
    *("序号", "姓名", "性别", "证件类型", "证件号码", "联系电话", "所属社区", "小区", "楼栋", "单元", "房号"),
    *("人员类别", "关联感染者", "末次暴露日期", "离开高风险区日期", "闭环结束日期", "入境日期"),
    *("第一入境点已解除隔离", "是否具备居家隔离条件", "重点人群", "备注"),
)
FAMILY = "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨"
GIVEN = "安邦国泰民康年丰春秋日月山川林泉"


def name(serial: int) -> str:
    """An invented name; equal serials give equal names."""
    return FAMILY[serial % 16] + GIVEN[serial // 16 % 16] + GIVEN[serial // 256 % 16]


def person(serial: int = 1, **cells: Any) -> dict[str, Any]:
    """A row that can be taken over: a close contact last exposed on 2022-11-14. `cells` replace its cells."""
    row = dict.fromkeys(HEADER)
    row |= {
        "序号": serial,
        "姓名": name(serial),
        "性别": "男" if int(_number(serial)[16]) % 2 else "女",
        "证件类型": "居民身份证",
        "证件号码": _number(serial),
        "联系电话": f"139{serial:08d}",
        "小区": "锦绣花园",
        "楼栋": f"{serial % 9 + 1}号楼",
        "单元": f"{serial % 3 + 1}单元",
        "房号": f"{serial % 12 + 1}02",
        "人员类别": "密切接触者",
        "末次暴露日期": "2022-11-14",
        "是否具备居家隔离条件": "是",
    }
    return row | cells


def _number(serial: int) -> str:
    born = dt.date(1960, 1, 1) + dt.timedelta(days=serial // 1000 * 365 + serial % 365)
    return resident_id(serial % 1000, born=f"{born:%Y%m%d}")


def table(
    rows: Iterable[Mapping[str, Any]], header: Sequence[str] = HEADER, *, titles: Sequence[str] = ()
) -> list[list[Any]]:
    """Titles, header and rows as lines of cells; a heading may be written otherwise: `header` decides."""
    return [[title] for title in titles] + [list(header)] + [[row.get(h) for h in header] for row in rows]


def workbook(lines: Iterable[Sequence[Any]], *, before: Sequence[str] = ()) -> bytes:
    """An .xlsx with these lines on one sheet; `before` names sheets that stand before it."""
    book = Workbook()
    sheet = book.worksheets[0]
    for title in before:
        sheet.title = title
        sheet.append(["说明", "请填写第二张表"])
        sheet = book.create_sheet()
    for line in lines:
        sheet.append(list(line))
    return saved(book)


def saved(book: Workbook) -> bytes:
    """The bytes of a workbook."""
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def text(lines: Iterable[Sequence[Any]], *, separator: str = ",") -> str:
    """The lines as CSV."""
    out = io.StringIO()
    csv.writer(out, delimiter=separator).writerows(
        [["" if cell is None else cell for cell in line] for line in lines]
    )
    return out.getvalue()


def uploaded(content: bytes, file_name: str = "名单.xlsx") -> SimpleUploadedFile:
    """The file as a browser sends it."""
    return SimpleUploadedFile(file_name, content)
