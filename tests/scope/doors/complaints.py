"""Addresses of complaints: offices, receipts and keys decide here, not areas. `DESK` says who meets what.

`tests/complaints/test_matrix.py` goes through `DESK` person by person.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from accounts.rules import Ability
from tests.scope.doors.shapes import FIGURES, HANDLE, SEE, Door, Records, api

FILE, ANSWER = Ability.FILE_COMPLAINTS, Ability.ANSWER_ORDERS
REVEAL = Ability.REVEAL_COMPLAINANTS

OVERSEERS = frozenset({"handler", "handler_boss", "above", "county_boss"})
"""The office that handles the complaint, and those above it."""
RESPONDENTS = frozenset({"respondent", "street_boss"})
"""The office complained about."""
WRITERS = OVERSEERS | {"branch", "branch_boss", "recused"}
"""Who writes and reads drafts of namings of the street."""
HOLDERS = frozenset({"complainant"})
"""Whoever gave number and secret."""
OPERATOR = frozenset({"operator"})


@dataclass(frozen=True, slots=True)
class Line:
    """What one address of complaints asks of whoever comes, and who then finds something."""

    needs: tuple[Ability, ...] = ()
    """One of these abilities; none: open to everybody."""
    get: bool = True
    post: bool = False
    sees: frozenset[str] | None = None
    """Who finds the record that the address names; None: it names none."""
    otherwise: str = "404"
    """What everybody else meets: "track" is the question for number and secret."""
    other: str = ""
    """What whoever follows another complaint reads instead: their own."""
    names: dict[str, str] | None = None
    """The parts of the address, each a word or "{record.attribute}"."""
    form: dict[str, Any] | None = None
    api: bool = False
    without_token: bool = False
    """Whether a form without our token is taken: those of other systems, which bring a key."""


def page(*needs: Ability, sees: frozenset[str] | None = None, **names: str) -> Line:
    """What is read."""
    return Line(needs, sees=sees, names=names)


def verb(
    *needs: Ability, sees: frozenset[str] | None = None, form: dict[str, Any] | None = None, **names: str
) -> Line:
    """What is done: POST only."""
    return Line(needs, get=False, post=True, sees=sees, names=names, form=form or {})


def form(
    *needs: Ability,
    sees: frozenset[str] | None = None,
    form: dict[str, Any] | None = None,
    **names: str,
) -> Line:
    """A page with a form that comes back to it."""
    return Line(needs, post=True, sees=sees, names=names, form=form or {})


def word(**said: Any) -> Line:
    """Something that the complainant says."""
    told = {"complaint": "{complaint.pk}", **said}
    return Line(get=False, post=True, sees=HOLDERS, otherwise="track", form=told)


def called(
    *needs: Ability,
    sees: frozenset[str] | None = None,
    get: bool = True,
    body: dict[str, Any] | None = None,
    **names: str,
) -> Line:
    """An address for other systems."""
    return Line(needs, get, body is not None, sees, names=names, form=body, api=True)


def _open311(name: str, **names: str) -> tuple[str, Line]:
    return f"open311-{name}", Line(names={"form": "json", **names})


def _case(names: Iterable[str]) -> dict[str, Line]:
    return {name: verb(HANDLE, sees=OVERSEERS, pk="{complaint.pk}") for name in names}


INTAKE = {
    "complain": page(),
    "complain-new": form(form={"behaviour": "not_unsealed"}),
    "complain-facts": verb(form={"place": "锦绣花园4号楼"}),
    "complain-receipt": verb(form={"number": "x"}),
}

TRACKING = {
    "complain-track": Line(
        post=True,
        sees=frozenset(),
        otherwise="track",
        form={"number": "221116-12345678", "secret": "0000 0000 0000 0000"},
    ),
    "complain-mine": Line(sees=HOLDERS, otherwise="track", other="ok"),
    "complain-file": Line(sees=HOLDERS, otherwise="track", other="404", names={"number": "1"}),
    "complain-choose": verb(sees=HOLDERS, form={"complaint": "{complaint.pk}"}),
    "complain-add": word(text="又来催"),
    "complain-reply": word(text="下午拍的", question="{question.pk}"),
    "complain-satisfied": word(),
    "complain-dissatisfied": word(text="还没拆"),
    "complain-withdraw": Line(
        post=True, sees=HOLDERS, otherwise="track", other="ok", form={"complaint": "{complaint.pk}"}
    ),
    "complain-leave": Line(get=False, post=True, sees=frozenset(), otherwise="track", form={}),
}

FIGURES_AND_NAMES = {
    "complain-figures": page(),
    "complain-bulletin": page(),
    "complain-bulletin-month": page(month="2022-11"),
    "complain-bulletin-xlsx": page(month="2022-11"),
    "complaint-figures": page(FIGURES, HANDLE),
    "namings": page(),
    "namings-feed": page(),
    "naming": page(pk="{published.pk}"),
    "good-practice": page(),
    "audit": page(HANDLE),
    "publications": page(HANDLE),
    "publication-new": form(HANDLE),
    "publication": page(ANSWER, sees=WRITERS, pk="{draft.pk}"),
    "publication-do": form(HANDLE, sees=WRITERS, pk="{draft.pk}", verb="submit"),
    "publications-about-us": page(ANSWER),
    "publication-reply": form(ANSWER, sees=RESPONDENTS, pk="{published.pk}"),
}

CALLING = {
    "complaint-call": form(FILE, form={"behaviour": "not_unsealed", "place": "锦绣花园4号楼"}),
    "complaint-call-beside": verb(FILE, form={"behaviour": "not_unsealed", "place": "锦绣花园4号楼"}),
    "complaint-calls": page(FILE),
    "complaint-import": form(FILE),
    "complaint-import-preview": page(FILE, sees=OPERATOR, pk="{upload.pk}"),
    "complaint-import-choose": form(FILE, sees=OPERATOR, pk="{upload.pk}"),
    "complaint-import-commit": form(FILE, sees=OPERATOR, pk="{upload.pk}"),
    "complaint-import-left-over": page(FILE, sees=OPERATOR, pk="{upload.pk}"),
}

CASE = {
    "complaints": form(HANDLE, form={"q": "{complaint.number}"}),
    "complaints-answer": form(HANDLE, form={"pk": "{complaint.pk}", "text": "已拆除。"}),
    "complaints-accept": form(HANDLE, form={"pk": "{complaint.pk}"}),
    "complaint": page(HANDLE, sees=OVERSEERS, pk="{complaint.pk}"),
    "complaint-file": page(HANDLE, sees=OVERSEERS, pk="{complaint.pk}", number="{file.pk}"),
    "complaint-reveal": verb(REVEAL, sees=OVERSEERS, pk="{complaint.pk}"),
    "complaint-telephone": verb(REVEAL, sees=OVERSEERS, pk="{complaint.pk}"),
    **_case(("complaint-coordinator", "complaint-recuse")),
    "complaint-alike": verb(HANDLE, sees=OVERSEERS, pk="{complaint.pk}", link="{link.pk}"),
    "complaint-do": form(HANDLE, sees=OVERSEERS, pk="{complaint.pk}", verb="note", form={"text": "已看"}),
}

ORDERS = {
    "orders": page(ANSWER),
    "order": page(ANSWER, sees=OVERSEERS | RESPONDENTS, pk="{order.pk}"),
    "order-report": verb(ANSWER, sees=RESPONDENTS, form={"text": "已拆"}, pk="{order.pk}"),
    "order-verified": verb(HANDLE, sees=OVERSEERS, form={"text": "看过"}, pk="{order.pk}"),
    "order-again": verb(HANDLE, sees=OVERSEERS, form={"text": "没拆"}, pk="{order.pk}"),
}

MACHINES = {
    "api-complaint-behaviours": called(),
    "api-complaint-statistics": called(),
    "api-complaints": called(FILE, body={"behaviour": "not_unsealed", "text": "没解封"}),
    "api-complaint": called(FILE, sees=OVERSEERS, number="{complaint.number}"),
    "api-complaint-accept": called(HANDLE, sees=OVERSEERS, get=False, body={}, number="{complaint.number}"),
    "api-complaint-answer": called(
        HANDLE, sees=OVERSEERS, get=False, body={"text": "已拆除。"}, number="{complaint.number}"
    ),
    "api-complaint-send-back": called(
        HANDLE, sees=OVERSEERS, get=False, body={"reason": "不属本处"}, number="{complaint.number}"
    ),
    "api-complaint-close": called(HANDLE, sees=OVERSEERS, get=False, body={}, number="{complaint.number}"),
    "api-complaint-add": called(
        FILE, sees=OPERATOR, get=False, body={"text": "又来电"}, number="{call.number}"
    ),
    **dict(
        (
            _open311("discovery"),
            _open311("services"),
            _open311("service", code="not_unsealed"),
            _open311("request", number="{complaint.number}"),
            _open311("token", number="{complaint.number}"),
        )
    ),
    "open311-requests": Line(post=True, names={"form": "json"}, form={}, without_token=True),
    "open311-nothing": Line(
        post=True, sees=frozenset(), names={"rest": "nothing.json"}, form={}, without_token=True
    ),
}

DESK = INTAKE | TRACKING | FIGURES_AND_NAMES | CALLING | CASE | ORDERS | MACHINES

PUBLIC: dict[str, Door] = {}

PAGES: dict[str, Door] = {}

API: dict[str, Door] = {"api-offices": api(SEE)}

ADMIN: dict[str, Records] = {
    "accounts_office": Records("office", add=True, installer=True),
    "complaints_complaint": Records("complaint"),
    "complaints_look": Records("look"),
    "complaints_recusal": Records("recusal"),
    "complaints_supervisionorder": Records("order"),
    "complaints_publication": Records("publication"),
    "complaints_routingrule": Records("rule", add=True, installer=True),
    "complaints_steplimit": Records(installer=True, governed=True),
    "complaints_dutyshift": Records("shift", add=True, delete=True),
}
