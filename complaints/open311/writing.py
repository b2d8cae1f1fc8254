"""Answers in the two formats of Open311: JSON, and XML of the same shape (the Spark convention)."""

import json
import re
from typing import Any
from xml.etree import ElementTree

from django.http import HttpResponse

# What XML 1.0 can't carry, not even escaped.
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

ITEMS = {
    "services": "service",
    "service_requests": "request",
    "errors": "error",
    "attributes": "attribute",
    "values": "value",
    "endpoints": "endpoint",
    "formats": "format",
}
"""What one element of each list is called in XML; JSON leaves these names out."""


class Open311Error(Exception):
    """A question that is answered with errors: the status of HTTP, and what to mend."""

    def __init__(self, status: int, *sentences: object) -> None:
        super().__init__(status)
        self.status = status
        self.sentences = [str(sentence) for sentence in sentences]


def answer(root: str, body: Any, form: str, status: int = 200) -> HttpResponse:
    """`body`, a list or a dictionary, as JSON, or as XML below an element named `root`."""
    if form == "json":
        text = json.dumps(body, ensure_ascii=False)
        return HttpResponse(text, content_type="application/json; charset=utf-8", status=status)
    element = ElementTree.Element(root)
    _fill(element, body)
    content = ElementTree.tostring(element, encoding="utf-8", xml_declaration=True)
    return HttpResponse(content, content_type="text/xml; charset=utf-8", status=status)


def error_answer(error: Open311Error, form: str) -> HttpResponse:
    """All that is wrong with the question, each with its sentence."""
    body = [{"code": error.status, "description": sentence} for sentence in error.sentences]
    return answer("errors", body, form, error.status)


def _fill(element: ElementTree.Element, value: Any) -> None:
    """Write a value into an element: lists and dictionaries become children, None stays empty."""
    if isinstance(value, list):
        for each in value:
            _fill(ElementTree.SubElement(element, ITEMS[element.tag]), each)
    elif isinstance(value, dict):
        for name, each in value.items():
            _fill(ElementTree.SubElement(element, name), each)
    elif isinstance(value, bool):
        element.text = "true" if value else "false"
    elif value is not None:
        element.text = _NOT_XML.sub("", str(value))
