"""Exports of 12345 and what one does with them, for the tests of the import."""

import datetime as dt
import io
from collections.abc import Sequence
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from openpyxl import Workbook, load_workbook

from complaints.models import Complaint, ComplaintList
from complaints.tasks import file_asked_lists

HEADER = (
    *(
        "工单编号",
        "诉求类型",
        "诉求内容",
        "区县",
        "街道",
        "社区",
        "地址",
        "被反映单位",
        "来电人",
        "联系电话",
        "来电时间",
    ),
)


def ticket(serial: int = 1, **cells: Any) -> dict[str, Any]:
    """A row that can be filed; `cells` replace its cells."""
    row = {
        "工单编号": f"BJ20221116{serial:05d}",
        "诉求类型": "到期不解封",
        "诉求内容": f"第{serial}件：楼门口的铁皮还没拆。\n要去上班。",
        "区县": "朝阳区",
        "街道": "锦绣街道",
        "社区": "锦绣社区",
        "地址": "锦绣花园4号楼",
        "被反映单位": "锦绣街道办事处",
        "来电人": "欧阳特殊",
        "联系电话": f"139{serial:08d}",
        "来电时间": dt.datetime(2022, 11, 15, 9, 30),
    }
    return row | cells


def workbook(rows: Sequence[dict[str, Any]], header: Sequence[str] = HEADER, title: str = "") -> bytes:
    """These rows as an Excel workbook, below a title where there is one."""
    book = Workbook()
    sheet = book.worksheets[0]
    if title:
        sheet.append([title])
    sheet.append(list(header))
    for row in rows:
        sheet.append([row.get(each) for each in header])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def send(client: Client, content: bytes, name: str = "工单导出.xlsx") -> HttpResponse:
    """Upload a file."""
    return client.post(reverse("complaint-import"), {"file": SimpleUploadedFile(name, content)})  # type: ignore[return-value]


def sent(client: Client, rows: Sequence[dict[str, Any]], **options: Any) -> ComplaintList:
    """Upload these rows; the list that was made of them."""
    answer = send(client, workbook(rows, **options))
    batch = ComplaintList.objects.latest("pk")
    assert answer.headers["Location"] == reverse("complaint-import-preview", args=[batch.pk])
    return batch


def page(client: Client, batch: ComplaintList, **query: Any) -> str:
    """The list's page."""
    answer = client.get(reverse("complaint-import-preview", args=[batch.pk]), query)
    assert answer.status_code == 200
    return answer.content.decode()


def press(client: Client, batch: ComplaintList, **fields: Any) -> None:
    """The button: it asks, and files nothing itself."""
    filed_before = Complaint.objects.count()
    answer = client.post(reverse("complaint-import-commit", args=[batch.pk]), fields)
    assert answer.status_code == 302
    assert Complaint.objects.count() == filed_before


def commit(client: Client, batch: ComplaintList, **fields: Any) -> str:
    """The button, then the task; the page after that."""
    press(client, batch, **fields)
    file_asked_lists()
    return page(client, batch)


def given_back(client: Client, batch: ComplaintList) -> list[tuple[Any, ...]]:
    """The rows that come back, with their header."""
    answer = client.get(reverse("complaint-import-left-over", args=[batch.pk]))
    assert "no-store" in answer.headers["Cache-Control"]
    return list(load_workbook(io.BytesIO(answer.content)).worksheets[0].iter_rows(values_only=True))
