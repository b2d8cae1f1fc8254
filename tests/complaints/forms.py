"""What somebody types into the public form, and the proof of work that a browser would bring along."""

import base64
import hashlib
import html
import json
import re
from typing import Any

from django.http import HttpResponse
from django.test import Client

from accounts.models import Area

FORM = "/complaints/new/"


def page_value(page: str, name: str) -> str:
    """The value of a field of the page."""
    tag = re.search(rf'<input[^>]*name="{name}"[^>]*>', page)
    assert tag, f"no field {name}"
    value = re.search(r'value="([^"]*)"', tag[0])
    return html.unescape(value[1]) if value else ""


def solved(page: str) -> str:
    """The solution of the challenge that stands on the page."""
    found = re.search(r'data-challenge="([^"]*)"', page)
    assert found, "no challenge"
    challenge = json.loads(html.unescape(found[1]))
    for number in range(challenge["maxnumber"] + 1):
        text = f"{challenge['salt']}{number}".encode()
        if hashlib.sha256(text).hexdigest() == challenge["challenge"]:
            answer = {key: challenge[key] for key in ("algorithm", "challenge", "salt", "signature")}
            return base64.b64encode(json.dumps({**answer, "number": number}).encode()).decode()
    raise AssertionError("no solution")


def opened(client: Client, behaviour: str = "not_unsealed", *, proved: bool = True) -> dict[str, Any]:
    """The form as a browser opens it: its token, and its proof of work when it runs scripts."""
    page = client.get(FORM, {"behaviour": behaviour}).content.decode()
    return {
        "token": page_value(page, "token"),
        "altcha": solved(page) if proved else "",
        "behaviour": behaviour,
        "place": "锦绣花园4号楼",
        "what_happened": "楼门口的铁皮还没拆，保安说要等街道电话。",
        "whom": "street",
        "ordered": "oral",
        "ordered_by": "一位穿制服的人",
        "since_on": "2022-11-01",
    }


def send(client: Client, form: dict[str, Any], **changes: Any) -> HttpResponse:
    """The form, sent with these changes."""
    return client.post(FORM, form | changes)  # type: ignore[return-value]


def receipt_on(page: HttpResponse) -> tuple[str, str]:
    """Number and secret as the page shows them."""
    text = page.content.decode()
    number = re.search(r'id="receipt-number">([^<]+)<', text)
    secret = re.search(r'id="receipt-secret">([^<]+)<', text)
    assert number, f"no receipt: {page.status_code}"
    assert secret
    return number[1], secret[1]


def county_field(area: Area) -> dict[str, Any]:
    """Where an installation has several counties, the one of that area is chosen."""
    return {"county": area.line["county"].pk}
