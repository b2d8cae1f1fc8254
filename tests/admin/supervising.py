"""How the tests of the admin site ask for a page, post a form and read what was told."""

from collections.abc import Callable
from typing import Any

from django.contrib.messages import get_messages
from django.test import Client
from django.urls import reverse

from accounts.models import User

Login = Callable[[User], Client]


def english(browser: Client) -> Client:
    browser.cookies["django_language"] = "en"
    return browser


def post(browser: Client, name: str, fields: dict[str, Any], *args: object) -> Any:
    """Post a form of the admin site; the fields' mistakes, or None when it was saved."""
    answer = english(browser).post(reverse(f"admin:{name}", args=args), fields)
    if answer.status_code == 200:
        return dict(answer.context["adminform"].form.errors)
    assert answer.status_code == 302, answer.status_code
    return None


def told(browser: Client, name: str) -> str:
    """What the next page tells."""
    answer = browser.get(reverse(f"admin:{name}"))
    return " | ".join(str(each) for each in get_messages(answer.wsgi_request)) or answer.content.decode()


def page(browser: Client, name: str, *args: object, **query: str) -> str:
    answer = english(browser).get(reverse(f"admin:{name}", args=args), query)
    assert answer.status_code == 200, answer.status_code
    return answer.content.decode()
