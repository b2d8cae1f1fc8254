"""The shells, the fields and the error pages: what they promise, and what they must never contain."""

import datetime as dt
import gzip
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django import forms
from django.conf import settings
from django.contrib.staticfiles import finders
from django.template import Context, Template
from django.template.loader import render_to_string
from django.test import Client, RequestFactory
from django.utils import translation

TEMPLATES = settings.BASE_DIR / "templates"
CSS = sorted((settings.BASE_DIR / "static/css").glob("*.css"))
WIRE_LIMIT = 100_000
"""No page weighs more than this on the wire (gzip), whatever it shows."""


@pytest.fixture(autouse=True)
def _english() -> Iterator[None]:
    with translation.override("en"):
        yield


def weight(*names: str) -> int:
    total = 0
    for name in names:
        found = finders.find(name)
        assert found, name
        total += len(gzip.compress(Path(found).read_bytes()))
    return total


# -- a strict Content-Security-Policy and no outside -------------------------------------------------------


@pytest.mark.parametrize(
    "path", sorted(TEMPLATES.rglob("*.html")), ids=lambda p: str(p.relative_to(TEMPLATES))
)
def test_a_template_has_no_inline_style_script_or_handler(path: Path) -> None:
    source = path.read_text(encoding="utf-8")

    assert not re.search(r"<style|\sstyle=|javascript:|\son[a-z]+=", source)
    assert not re.search(r"<script(?![^>]*\ssrc=)", source)
    assert not re.search(r"""(?:src|action)=["'](?:https?:)?//""", source)
    assert not re.search(r"""<link[^>]+href=["'](?:https?:)?//""", source)


@pytest.mark.parametrize("path", CSS, ids=lambda p: p.name)
def test_a_style_sheet_fetches_nothing_and_works_in_an_old_browser(path: Path) -> None:
    source = re.sub(r"/\*.*?\*/", "", path.read_text(encoding="utf-8"), flags=re.S)

    assert not re.search(r"url\(|@import|@font-face", source)
    assert "&" not in source  # no nesting


def test_residents_load_little_and_no_page_grows_too_heavy() -> None:
    assert weight("css/base.css", "css/public.css", "js/app.js") < 14_000
    assert weight("css/base.css", "css/desk.css", "js/app.js", "django_htmx/htmx-2.min.js") < WIRE_LIMIT / 2


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/static/css/base.css", "/login/"])
def test_style_sheets_and_pages_go_compressed(path: str) -> None:
    answer = Client().get(path, headers={"accept-encoding": "gzip"})

    assert answer.headers["Content-Encoding"] == "gzip"
    assert "Accept-Encoding" in answer.headers["Vary"]


# -- error pages -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["400", "403", "404", "500", "403_csrf"])
@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_an_error_page_needs_no_context_and_shows_a_way_back(name: str, language: str) -> None:
    with translation.override(language):
        html = render_to_string(f"{name}.html")

    assert html.lstrip().startswith("<!doctype html>")
    assert f'<p class="error-code">{name[:3]}</p>' in html
    assert '<a class="btn main" href="/">' in html
    assert "{#" not in html
    assert "{%" not in html


@pytest.mark.django_db
def test_an_unknown_address_gets_the_page_in_the_readers_language() -> None:
    client = Client()
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = "en"
    answer = client.get("/no/such/page/")

    assert answer.status_code == 404
    assert b"There is nothing here for you" in answer.content


# -- the desk's shell --------------------------------------------------------------------------------------


def desk(**context: object) -> str:
    request = RequestFactory().get("/register/")
    return render_to_string("base.html", context, request)


def test_navigation_comes_from_data_and_says_where_one_is() -> None:
    html = desk(
        navigation=[
            {"glyph": "今", "label": "Today", "url": "/today/", "count": 19, "late": False, "current": True},
            {"glyph": "诉", "label": "Complaints", "url": "/c/", "count": 2, "late": True, "more": True},
        ]
    )

    assert '<a href="/today/" aria-current="page"><i aria-hidden="true">今</i><span>Today</span>' in html
    assert html.count('href="/c/"') == 2  # beside the others, and in the sheet of a phone
    assert 'class="n late">2<span class="vh"> overdue</span>' in html


def test_the_search_keeps_what_was_asked_for() -> None:
    assert 'name="q" value="李"' in desk(search_url="/register/search/", searched="李")
    assert 'role="search"' not in desk()


def test_the_skip_link_is_the_first_thing_to_focus() -> None:
    body = desk(navigation=[{"glyph": "今", "label": "Today", "url": "/"}]).split("<body", 1)[1]

    assert re.findall(r"<(?:a|button|input|summary)\b[^>]*", body)[0] == '<a class="skip btn" href="#main"'
    assert 'id="main" tabindex="-1"' in body


def test_the_live_region_is_there_before_any_message() -> None:
    assert (
        '<div class="toasts" id="toasts" role="status" aria-live="polite" aria-atomic="false"></div>'
        in desk()
    )


def test_the_demo_clock_says_which_day_it_is() -> None:
    assert "clock-bar" not in desk()
    html = desk(demo_clock={"today": dt.date(2022, 11, 15), "shifted": True, "url": "/clock/"})

    assert 'action="/clock/"' in html
    assert 'value="2022-11-15"' in html


# -- fields ------------------------------------------------------------------------------------------------


class RegisterForm(forms.Form):
    """A form with one field of every kind."""

    name = forms.CharField(help_text="as in the rule 〔二(二)〕")
    id_number = forms.CharField(required=False)
    result = forms.ChoiceField(choices=[("n", "negative"), ("p", "positive")], widget=forms.RadioSelect)
    home = forms.MultipleChoiceField(choices=[("r", "a room")], widget=forms.CheckboxSelectMultiple)
    sure = forms.BooleanField(label="I am sure")
    token = forms.CharField(widget=forms.HiddenInput, required=False)


def field(name: str, form: forms.Form | None = None) -> str:
    return str((form or RegisterForm())[name].as_field_group())


def test_a_field_has_its_label_and_its_help_with_the_clause_as_a_link() -> None:
    html = field("name")

    assert '<label for="id_name">Name</label>' in html
    assert 'aria-describedby="id_name_helptext"' in html
    assert re.search(
        r'id="id_name_helptext">as in the rule <a class="clause" href="[^"]+"[^>]*>二\(二\)</a>', html
    )


def test_what_may_be_left_out_says_so() -> None:
    assert "<small>optional</small>" in field("id_number")
    assert "<small>optional</small>" not in field("name")


def test_a_refusal_stands_at_its_field_with_its_clause() -> None:
    form = RegisterForm({"name": "x"})
    form.add_error("name", "No contacts of contacts.〔二(二)〕")
    html = field("name", form)

    assert html.startswith('<div class="field bad">')
    assert 'aria-invalid="true"' in html
    assert 'id="id_name_error"' in html
    assert re.search(r'<p class="error">No contacts of contacts\.<a class="clause"', html)


def test_a_doubt_is_a_note_and_no_error() -> None:
    form = RegisterForm()
    form.doubts = {"id_number": "The checksum does not fit."}  # type: ignore[attr-defined]

    assert '<p class="note">The checksum does not fit.</p>' in field("id_number", form)
    assert "bad" not in field("id_number", form)
    assert "note" not in field("name", form)


def test_radios_are_one_segmented_control_inside_a_fieldset() -> None:
    html = field("result")

    assert html.startswith('<fieldset class="field"><legend>Result</legend><div class="pick">')
    assert html.count('type="radio"') == 2
    assert re.search(r'<input type="radio"[^>]*><span>negative</span></label>', html)


def test_boxes_are_labels_that_can_be_tapped_whole() -> None:
    assert re.search(
        r'<div class="checks"><label for="id_home_0"><input type="checkbox"[^>]*><span>a room', field("home")
    )
    assert re.search(
        r'<label class="check" for="id_sure"><input type="checkbox"[^>]*><span>I am sure</span>',
        field("sure"),
    )


def test_a_hidden_field_has_no_label() -> None:
    assert field("token").strip() == '<input type="hidden" name="token" id="id_token">'


def test_a_form_counts_what_needs_correcting() -> None:
    form = RegisterForm({})

    assert "4 answers need correcting, see below." in str(form)
    form.add_error(None, "Not today.〔二(六)〕")
    assert re.search(r'role="alert"><p class="error">Not today\.<a class="clause"', str(form))


def test_a_field_may_ask_for_the_whole_width() -> None:
    form = RegisterForm()
    form.fields["name"].wide = True  # type: ignore[attr-defined]

    assert field("name", form).startswith('<div class="field wide">')


def test_a_message_shows_its_clause_and_can_be_undone() -> None:
    html = Template('{% include "parts/_toast.html" %}').render(
        Context(
            {"text": "Sampled <10:12>〔二(六)〕", "level": "success", "undo_url": "/undo/", "csrf_token": "x"}
        )
    )

    assert "Sampled &lt;10:12&gt;<a " in html
    assert '<form class="inline" method="post" action="/undo/"' in html
