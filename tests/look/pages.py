"""Pages for the behaviour tests: a work list whose server can be told to fail. Urls of those tests only."""

from pathlib import Path

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template import RequestContext, Template
from django.urls import include, path

HERE = Path(__file__).parent
LIST = (HERE / "list.html").read_text(encoding="utf-8")
SAVED = (HERE / "saved.html").read_text(encoding="utf-8")

answers: list[int] = []
"""Statuses that the next saves answer with; an empty list saves."""
posts: list[str] = []


def page(request: HttpRequest) -> HttpResponse:
    """The list."""
    return HttpResponse(Template(LIST).render(RequestContext(request, {})))


def save(request: HttpRequest) -> HttpResponse:
    """Save, fail with the next status, or send to the login."""
    status = answers.pop(0) if answers else 200
    if status == 302:
        return redirect("/login/?next=/list/")
    if status != 200:
        return HttpResponse(f'<li id="row" class="late">refused {status}</li>', status=status)
    values = {"result": request.POST.get("result", ""), "ct": request.POST.get("ct", "")}
    return HttpResponse(Template(SAVED).render(RequestContext(request, values)))


def once(request: HttpRequest) -> HttpResponse:
    """Count the posts; answers without a page, so that the form stays."""
    posts.append(request.method or "")
    return HttpResponse(status=204)


urlpatterns = [
    path("list/", page),
    path("save/", save),
    path("once/", once),
    path("i18n/", include("django.conf.urls.i18n")),
    path("", include("policy.urls")),
    path("", include("accounts.urls")),
]
