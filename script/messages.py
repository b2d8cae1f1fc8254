"""Translations without the gettext tools: what the source says, what the catalogue says, what is missing.

    script/messages extract     print every message of the source
    script/messages merge       source + translations of django.po and locale/parts/*.po -> django.po
    script/messages check       fail with a list unless the catalogue is complete and sound
    script/messages compile     write the .mo files that Django reads

The source language is English; the one catalogue is locale/zh_Hans. Chinese has one plural form. Besides
our own messages the catalogue holds those of `BORROWED` packages that come without Chinese.
"""

import argparse
import ast
import os
import re
import sys
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path

import polib

ROOT = Path(__file__).resolve().parent.parent
CATALOGUE = Path("locale/zh_Hans/LC_MESSAGES/django.po")
PARTS = Path("locale/parts")
SOURCES = ("accounts", "cases", "config", "desk", "notices", "policy", "zones", "complaints", "supplies")
TEMPLATES = "templates"
SKIPPED = {"migrations", "tests", "__pycache__", "node_modules"}
BORROWED = ("unfold", "unfold.contrib.filters")
"""Packages whose own words our users read and which bring no Chinese of their own."""
HEADER = {
    "Project-Id-Version": "jiefeng",
    "Language": "zh_Hans",
    "MIME-Version": "1.0",
    "Content-Type": "text/plain; charset=UTF-8",
    "Content-Transfer-Encoding": "8bit",
    "Plural-Forms": "nplurals=1; plural=0;",
}

Key = tuple[str, str]
"""Context ("" without one) and English text."""


@dataclass(slots=True)
class Message:
    """One text of the source: its plural where it counts something, and the files that say it."""

    context: str
    text: str
    plural: str = ""
    files: set[str] = field(default_factory=set)

    @property
    def key(self) -> Key:
        """What the catalogue finds it by."""
        return self.context, self.text


class BadSource(Exception):
    """A call in the source that no tool can extract, such as a computed text."""


# -- Python ------------------------------------------------------------------------------------------------

# Function of django.utils.translation -> position of (context, text, plural).
_FUNCTIONS: dict[str, tuple[int | None, int, int | None]] = {
    "gettext": (None, 0, None),
    "gettext_lazy": (None, 0, None),
    "gettext_noop": (None, 0, None),
    "ngettext": (None, 0, 1),
    "ngettext_lazy": (None, 0, 1),
    "pgettext": (0, 1, None),
    "pgettext_lazy": (0, 1, None),
    "npgettext": (0, 1, 2),
    "npgettext_lazy": (0, 1, 2),
}


def messages_of_python(source: str, file: str) -> Iterator[Message]:
    """The messages of a Python module, under whatever name it imports the functions.

    Raises BadSource where an argument is not a plain text.
    """
    try:
        tree = ast.parse(source, file)
    except SyntaxError as error:
        raise BadSource(f"{file}:{error.lineno}: {error.msg}") from error
    names, modules = _imported_functions(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and (function := _called(node.func, names, modules)):
            yield _message_of_call(node, function, file)


def _imported_functions(tree: ast.AST) -> tuple[dict[str, str], set[str]]:
    names: dict[str, str] = {}
    modules: set[str] = set()
    for node in ast.walk(tree):
        if not isinstance(node, ast.ImportFrom):
            continue
        for alias in node.names:
            if node.module == "django.utils.translation" and alias.name in _FUNCTIONS:
                names[alias.asname or alias.name] = alias.name
            elif node.module == "django.utils" and alias.name == "translation":
                modules.add(alias.asname or alias.name)
    return names, modules


def _called(function: ast.expr, names: dict[str, str], modules: set[str]) -> str | None:
    if isinstance(function, ast.Name):
        return names.get(function.id)
    if isinstance(function, ast.Attribute) and isinstance(function.value, ast.Name):
        return function.attr if function.value.id in modules and function.attr in _FUNCTIONS else None
    return None


def _message_of_call(call: ast.Call, function: str, file: str) -> Message:
    def text_at(position: int | None) -> str:
        if position is None:
            return ""
        node = call.args[position] if position < len(call.args) else None
        if not isinstance(node, ast.Constant) or not isinstance(node.value, str):
            raise BadSource(f"{file}:{call.lineno}: {function}() needs a plain text, not an expression")
        return node.value

    context, text, plural = _FUNCTIONS[function]
    return Message(text_at(context), text_at(text), text_at(plural), {file})


# -- Templates -----------------------------------------------------------------------------------------------

_QUOTED = r"""(?:"[^"\\]*(?:\\.[^"\\]*)*"|'[^'\\]*(?:\\.[^'\\]*)*')"""
_LEADING_QUOTED = re.compile(_QUOTED)
_UNDERSCORE = re.compile(rf"_\(({_QUOTED})\)")


def messages_of_template(source: str, file: str) -> Iterator[Message]:
    """The messages of a Django template: translate, blocktranslate and `_("…")` in any expression."""
    from django.template.base import Lexer, TokenType

    tokens = iter(Lexer(source).tokenize())
    in_comment = False
    for token in tokens:
        if token.token_type not in (TokenType.BLOCK, TokenType.VAR):
            continue
        bits = token.split_contents()
        tag = bits[0] if token.token_type == TokenType.BLOCK else ""
        if in_comment or tag == "comment":
            in_comment = tag != "endcomment"
            continue
        for quoted in _UNDERSCORE.findall(token.contents):
            yield Message("", _as_looked_up(quoted), "", {file})
        if tag in ("translate", "trans"):
            if message := _message_of_tag(bits, file):
                yield message
        elif tag in ("blocktranslate", "blocktrans"):
            yield _message_of_block(bits, tokens, file)


def _unquoted(quoted: str) -> str:
    from django.utils.text import unescape_string_literal

    return unescape_string_literal(quoted)


def _as_looked_up(quoted: str) -> str:
    return _unquoted(quoted).replace("%", "%%")  # as django.template.base.Variable does


def _message_of_tag(bits: list[str], file: str) -> Message | None:
    quoted = _LEADING_QUOTED.match(bits[1]) if len(bits) > 1 else None
    if quoted is None:  # a variable: its value was marked where it was made
        return None
    return Message(_context_of(bits), _as_looked_up(quoted[0]), "", {file})


def _context_of(bits: list[str]) -> str:
    return _unquoted(bits[bits.index("context") + 1]) if "context" in bits else ""


def _message_of_block(bits: list[str], tokens: Iterator[object], file: str) -> Message:
    from django.template.base import Token, TokenType
    from django.utils.translation import trim_whitespace

    parts: list[list[str]] = [[]]
    for token in tokens:
        assert isinstance(token, Token)  # noqa: S101  (the iterator's type, for the reader's sake)
        if token.token_type == TokenType.TEXT:
            parts[-1].append(token.contents.replace("%", "%%"))
        elif token.token_type == TokenType.VAR:
            parts[-1].append(f"%({token.contents})s")
        elif token.token_type == TokenType.BLOCK:
            if token.contents.strip() != "plural":
                break
            parts.append([])
    texts = ["".join(part) for part in parts]
    if "trimmed" in bits:
        texts = [trim_whitespace(text) for text in texts]
    return Message(_context_of(bits), texts[0], texts[1] if len(texts) > 1 else "", {file})


# -- The whole source ----------------------------------------------------------------------------------------


def messages_of_source(root: Path = ROOT) -> dict[Key, Message]:
    """Every message of our own source, with those that `BORROWED` packages leave untranslated."""
    found: dict[Key, Message] = {}
    for file in _own_files(root):
        _add(found, _messages_of_file(file, str(file.relative_to(root))))
    for package in BORROWED:
        _add(found, _untranslated_messages_of(package))
    return found


def _own_files(root: Path) -> Iterator[Path]:
    for source in SOURCES:
        yield from _files_below(root / source, (".py", ".html", ".txt"))
    yield from _files_below(root / TEMPLATES, (".html", ".txt"))


def _files_below(folder: Path, endings: tuple[str, ...]) -> list[Path]:
    return sorted(
        file
        for file in folder.rglob("*")
        if file.suffix in endings and not SKIPPED.intersection(file.relative_to(folder).parts)
    )


def _messages_of_file(file: Path, name: str) -> Iterator[Message]:
    reader = messages_of_python if file.suffix == ".py" else messages_of_template
    return reader(file.read_text(encoding="utf-8"), name)


def _add(found: dict[Key, Message], messages: Iterable[Message]) -> None:
    for message in messages:
        if not message.text:
            continue
        known = found.setdefault(message.key, message)
        known.files |= message.files
        known.plural = known.plural or message.plural


def _untranslated_messages_of(package: str) -> Iterator[Message]:
    """What a package says and Django's own Chinese does not already cover."""
    spec = find_spec(package)
    if spec is None or spec.origin is None:
        return
    folder = Path(spec.origin).parent
    covered = _django_chinese()
    for file in _files_below(folder, (".py", ".html")):
        if "contrib" in file.relative_to(folder).parts:  # apps of their own, named above when installed
            continue
        for message in _messages_of_file(file, f"{package} (package)"):
            if message.key not in covered:
                yield message


def _django_chinese() -> set[Key]:
    import django

    covered: set[Key] = set()
    for file in Path(django.__file__).parent.rglob("locale/zh_Hans/LC_MESSAGES/django.po"):
        covered |= {
            (entry.msgctxt or "", entry.msgid) for entry in polib.pofile(str(file)).translated_entries()
        }
    return covered


# -- The catalogue -------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Merged:
    """A new catalogue, what it lacks, and where two parts disagree."""

    catalogue: polib.POFile
    missing: list[Message]
    conflicts: list[str]
    unused: list[str]


def merge(root: Path = ROOT) -> Merged:
    """Source and known translations as one sorted catalogue; a part wins over the old catalogue."""
    translations, conflicts = _known_translations(root)
    catalogue = polib.POFile(wrapwidth=100)
    catalogue.metadata = dict(HEADER)
    missing = []
    source = messages_of_source(root)
    for key in sorted(source):
        message = source[key]
        translated = translations.get(key, "")
        catalogue.append(_entry(message, translated))
        if not translated:
            missing.append(message)
    unused = [text for context, text in sorted(translations) if (context, text) not in source]
    return Merged(catalogue, missing, conflicts, unused)


def _known_translations(root: Path) -> tuple[dict[Key, str], list[str]]:
    known: dict[Key, str] = {}
    conflicts: list[str] = []
    if (root / CATALOGUE).exists():
        known.update(_translations_in(root / CATALOGUE))
    from_parts: dict[Key, tuple[str, str]] = {}
    for part in sorted((root / PARTS).glob("*.po")):
        for key, translated in _translations_in(part).items():
            first = from_parts.setdefault(key, (translated, part.name))
            if first[0] != translated:
                conflicts.append(f"{key[1]!r}: {first[0]} ({first[1]}) / {translated} ({part.name})")
    known.update({key: translated for key, (translated, _) in from_parts.items()})
    return known, conflicts


def _translations_in(file: Path) -> dict[Key, str]:
    return {
        (entry.msgctxt or "", entry.msgid): _translation(entry)
        for entry in polib.pofile(str(file), encoding="utf-8")
        if not entry.obsolete and not entry.fuzzy and _translation(entry)
    }


def _translation(entry: polib.POEntry) -> str:
    return entry.msgstr_plural.get(0, "") if entry.msgid_plural else entry.msgstr


def _entry(message: Message, translated: str) -> polib.POEntry:
    entry = polib.POEntry(
        msgid=message.text,
        msgctxt=message.context or None,
        occurrences=[(file, "") for file in sorted(message.files)],
    )
    if message.plural:
        entry.msgid_plural = message.plural
        entry.msgstr_plural = {0: translated}
    else:
        entry.msgstr = translated
    return entry


_NAMED = re.compile(r"%\((\w[^)]*)\)[#0\- +]*\d*(?:\.\d+)?[a-zA-Z]|(?<!\{)\{(\w*)[^{}]*\}(?!\})")
_POSITIONAL = re.compile(r"(?<!%)(?:%%)*%[sdrfx]")


def placeholders(text: str) -> list[str]:
    """The gaps that a text leaves for values, sorted: `%(name)s`, `{name}`, `%s`."""
    named = {a or f"{{{b}}}" for a, b in _NAMED.findall(text)}
    return sorted(named) + ["%s"] * len(_POSITIONAL.findall(text))


def problems(root: Path = ROOT) -> list[str]:
    """Everything that keeps the catalogue from being complete and sound, one line each."""
    file = root / CATALOGUE
    if not file.exists():
        return [f"{CATALOGUE}: missing; run script/messages merge"]
    source = messages_of_source(root)
    catalogue = polib.pofile(str(file), encoding="utf-8")
    found: list[str] = []
    seen: set[Key] = set()
    for entry in catalogue:
        key = (entry.msgctxt or "", entry.msgid)
        if key in seen:
            found.append(f"twice in the catalogue: {entry.msgid!r}")
        seen.add(key)
        found += _problems_of(entry, source.get(key))
    found += [f"not in the catalogue: {text!r}" for context, text in source if (context, text) not in seen]
    return sorted(found)


def _problems_of(entry: polib.POEntry, message: Message | None) -> list[str]:
    name = repr(entry.msgid)
    if entry.obsolete or message is None:
        return [f"obsolete: {name}"]
    if entry.fuzzy:
        return [f"fuzzy: {name}"]
    translated = _translation(entry)
    if not translated:
        return [f"untranslated: {name}"]
    found = []
    if (message.plural or "") != (entry.msgid_plural or ""):
        found.append(f"plural differs from the source: {name}")
    wanted = placeholders(message.plural or message.text)
    if placeholders(translated) != wanted:
        found.append(f"placeholders {placeholders(translated)} instead of {wanted}: {name}")
    if message.text.startswith("\n") != translated.startswith("\n"):
        found.append(f"begins or does not begin with a line break: {name}")
    return found


def compile_catalogues(root: Path = ROOT) -> list[Path]:
    """Write each .mo that is missing or older than its .po, atomically; returns what was written."""
    written = []
    for po in sorted((root / "locale").glob("*/LC_MESSAGES/*.po")):
        mo = po.with_suffix(".mo")
        if mo.exists() and mo.stat().st_mtime_ns >= po.stat().st_mtime_ns:
            continue
        handle, name = tempfile.mkstemp(dir=mo.parent, prefix=".mo-")
        os.close(handle)
        polib.pofile(str(po), encoding="utf-8").save_as_mofile(name)
        Path(name).chmod(0o644)
        Path(name).replace(mo)
        written.append(mo)
    return written


# -- Commands ------------------------------------------------------------------------------------------------


def _extract() -> int:
    for context, text in sorted(messages_of_source()):
        print(f"{context}|{text!r}" if context else repr(text))
    return 0


def _merge() -> int:
    merged = merge()
    target = ROOT / CATALOGUE
    target.parent.mkdir(parents=True, exist_ok=True)
    merged.catalogue.save(str(target))
    for conflict in merged.conflicts:
        print(f"two translations, the first was taken: {conflict}")
    for text in merged.unused:
        print(f"in a part, but no longer in the source: {text!r}")
    for message in merged.missing:
        print(f"missing: {message.text!r} ({', '.join(sorted(message.files))})")
    print(f"{len(merged.catalogue)} messages, {len(merged.missing)} missing.")
    return 0


def _check() -> int:
    found = problems()
    for problem in found:
        print(problem)
    print(f"{len(found)} problems." if found else "Every message is translated.")
    return 1 if found else 0


def _compile() -> int:
    for file in compile_catalogues():
        print(f"wrote {file.relative_to(ROOT)}")
    return 0


COMMANDS = {"extract": _extract, "merge": _merge, "check": _check, "compile": _compile}


def main() -> int:
    """Run the command that the argument names."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("command", choices=COMMANDS)
    try:
        return COMMANDS[parser.parse_args().command]()
    except BadSource as bad:
        print(bad)
        return 1


if __name__ == "__main__":
    sys.exit(main())
