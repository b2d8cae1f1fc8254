"""The texts behind the clauses: quoted from the two source documents, addressed by their bare clause."""

import datetime as dt
import tomllib
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from django.urls import reverse

_FILE = Path(__file__).parent / "clauses.toml"


@dataclass(frozen=True, slots=True)
class Document:
    """Where clauses come from."""

    code: str
    name: str
    title: str
    issued_on: dt.date


@dataclass(frozen=True, slots=True)
class Clause:
    """One clause: `key` as editions and refusals name it ("二(一)"), `slug` in addresses ("2-1")."""

    key: str
    slug: str
    document: Document
    heading: str
    text: str
    """The quotation, a line a paragraph; "" where the document is not kept here (第九版)."""

    @property
    def anchor(self) -> str:
        """The id of the clause on the policy page."""
        return f"c-{self.slug}"

    @property
    def url(self) -> str:
        """Where the text stands on the policy page."""
        return f"{reverse('policy')}#{self.anchor}"

    @property
    def fragment_url(self) -> str:
        """Where the text alone is fetched from, to open it in place."""
        return reverse("clause", args=[self.slug])

    @property
    def paragraphs(self) -> list[str]:
        """The text in paragraphs."""
        return self.text.splitlines()


@cache
def clauses() -> Mapping[str, Clause]:
    """Every clause by its key, in the order of the documents."""
    table = tomllib.loads(_FILE.read_text(encoding="utf-8"))
    documents = {code: Document(code=code, **values) for code, values in table["documents"].items()}
    return {
        row["key"]: Clause(
            key=row["key"],
            slug=row["slug"],
            document=documents[row["document"]],
            heading=row.get("heading", ""),
            text=row["text"],
        )
        for row in table["clauses"]
    }


def clause_named(key: str) -> Clause | None:
    """The clause of that key; full-width brackets mean the same. None: no text is kept for it."""
    return clauses().get(unicodedata.normalize("NFKC", key).strip())


def clause_at(slug: str) -> Clause | None:
    """The clause of that address."""
    return next((clause for clause in clauses().values() if clause.slug == slug), None)
