"""The translation tool on a small source tree of its own."""

from pathlib import Path

import polib
import pytest

from script import messages


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A source tree with nothing in it but the folders."""
    monkeypatch.setattr(messages, "BORROWED", ())
    (tmp_path / "cases").mkdir()
    (tmp_path / "templates").mkdir()
    (tmp_path / "locale" / "parts").mkdir(parents=True)
    (tmp_path / messages.CATALOGUE).parent.mkdir(parents=True)
    return tmp_path


def texts(found: dict[messages.Key, messages.Message]) -> dict[messages.Key, str]:
    return {key: message.plural for key, message in found.items()}


def save(tree: Path) -> messages.Merged:
    merged = messages.merge(tree)
    merged.catalogue.save(str(tree / messages.CATALOGUE))
    return merged


def test_python_is_read_under_whatever_name_it_imports_the_functions(tree: Path) -> None:
    (tree / "cases" / "a.py").write_text(
        "from django.utils import translation\n"
        "from django.utils.translation import gettext_lazy as _, ngettext as many, pgettext_lazy\n"
        "a = _('one ' 'text')\n"
        "b = many('%(n)d day', '%(n)d days', 3)\n"
        "c = pgettext_lazy('month', 'May')\n"
        "d = translation.gettext('plain')\n"
        "e = dict.get('not a message')\n"
    )
    assert texts(messages.messages_of_source(tree)) == {
        ("", "one text"): "",
        ("", "%(n)d day"): "%(n)d days",
        ("month", "May"): "",
        ("", "plain"): "",
    }


def test_a_computed_text_is_refused_with_its_line(tree: Path) -> None:
    (tree / "cases" / "a.py").write_text("from django.utils.translation import gettext as _\n_(f'x {1}')\n")
    with pytest.raises(messages.BadSource, match=r"cases/a\.py:2"):
        messages.messages_of_source(tree)


def test_templates_are_read_as_django_reads_them(tree: Path) -> None:
    (tree / "templates" / "a.html").write_text(
        '{% load i18n %}{% translate "Today" %}{% trans "May" context "month" as m %}'
        '{{ _("expression") }}{% include "x" with t=_("argument") %}{% translate variable %}'
        "{% blocktranslate trimmed count n=days %}\n  {{ n }} day left, 5%\n"
        "{% plural %}\n  {{ n }} days left, 5%\n"
        "{% endblocktranslate %}{% comment %}{% translate 'not this' %}{% endcomment %}"
        "{# {% translate 'nor this' %} #}"
    )
    assert texts(messages.messages_of_source(tree)) == {
        ("", "Today"): "",
        ("month", "May"): "",
        ("", "expression"): "",
        ("", "argument"): "",
        ("", "%(n)s day left, 5%%"): "%(n)s days left, 5%%",
    }


def test_merging_takes_the_parts_and_lists_what_is_missing(tree: Path) -> None:
    (tree / "templates" / "a.html").write_text('{% translate "Today" %}{% translate "Register" %}')
    (tree / "locale" / "parts" / "a.po").write_text(
        'msgid "Today"\nmsgstr "今日待办"\n\nmsgid "Gone"\nmsgstr "没了"\n'
    )
    merged = save(tree)
    assert [message.text for message in merged.missing] == ["Register"]
    assert merged.unused == ["Gone"]
    assert [(entry.msgid, entry.msgstr) for entry in merged.catalogue] == [
        ("Register", ""),
        ("Today", "今日待办"),
    ]


def test_merging_again_keeps_what_was_translated(tree: Path) -> None:
    (tree / "templates" / "a.html").write_text('{% translate "Today" %}')
    part = tree / "locale" / "parts" / "a.po"
    part.write_text('msgid "Today"\nmsgstr "今日待办"\n')
    save(tree)
    first = (tree / messages.CATALOGUE).read_text()
    part.unlink()
    save(tree)
    assert (tree / messages.CATALOGUE).read_text() == first


def test_two_parts_that_disagree_are_named(tree: Path) -> None:
    (tree / "templates" / "a.html").write_text('{% translate "Today" %}')
    (tree / "locale" / "parts" / "a.po").write_text('msgid "Today"\nmsgstr "今日"\n')
    (tree / "locale" / "parts" / "b.po").write_text('msgid "Today"\nmsgstr "今天"\n')
    (conflict,) = messages.merge(tree).conflicts
    assert "今日" in conflict
    assert "今天" in conflict


def catalogue(tree: Path, *entries: polib.POEntry) -> list[str]:
    """What the check says about a catalogue of these entries."""
    po = polib.POFile()
    po.metadata = dict(messages.HEADER)
    po.extend(entries)
    po.save(str(tree / messages.CATALOGUE))
    return messages.problems(tree)


def test_a_complete_catalogue_passes(tree: Path) -> None:
    (tree / "templates" / "a.html").write_text(
        "{% blocktranslate %}{{ n }} of {{ m }}{% endblocktranslate %}"
    )
    assert catalogue(tree, polib.POEntry(msgid="%(n)s of %(m)s", msgstr="共%(m)s，%(n)s")) == []


@pytest.mark.parametrize(
    ("entry", "problem"),
    [
        (polib.POEntry(msgid="%(n)s left", msgstr=""), "untranslated"),
        (polib.POEntry(msgid="%(n)s left", msgstr="剩%(n)s", flags=["fuzzy"]), "fuzzy"),
        (polib.POEntry(msgid="%(n)s left", msgstr="剩余"), "placeholders"),
        (polib.POEntry(msgid="%(n)s left", msgstr="剩%(x)s"), "placeholders"),
    ],
)
def test_an_unsound_entry_is_a_problem(tree: Path, entry: polib.POEntry, problem: str) -> None:
    (tree / "templates" / "a.html").write_text("{% blocktranslate %}{{ n }} left{% endblocktranslate %}")
    (found,) = catalogue(tree, entry)
    assert found.startswith(problem)


def test_what_the_source_no_longer_says_is_a_problem(tree: Path) -> None:
    (found,) = catalogue(tree, polib.POEntry(msgid="Gone", msgstr="没了"))
    assert found.startswith("obsolete")


def test_what_the_catalogue_has_never_seen_is_a_problem(tree: Path) -> None:
    (tree / "templates" / "a.html").write_text('{% translate "New" %}')
    assert catalogue(tree) == ["not in the catalogue: 'New'"]


def test_placeholders_of_every_kind_are_seen() -> None:
    assert messages.placeholders("%(n)d of {total} in %s, 5%% {{ not }}") == ["n", "{total}", "%s"]


def test_compiling_writes_what_django_reads_and_only_when_it_changed(tree: Path) -> None:
    (tree / "templates" / "a.html").write_text('{% translate "Today" %}')
    (tree / "locale" / "parts" / "a.po").write_text('msgid "Today"\nmsgstr "今日待办"\n')
    save(tree)
    (written,) = messages.compile_catalogues(tree)
    assert {entry.msgid: entry.msgstr for entry in polib.mofile(str(written))}["Today"] == "今日待办"
    assert messages.compile_catalogues(tree) == []
