"""Three complaints with very special words, and everybody who may come to their doors."""

import datetime as dt
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

from django.conf import settings
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from accounts.models import User
from accounts.rules import Department, Role
from complaints.actions import handling, importing, supervising
from complaints.actions.attaching import attach
from complaints.actions.calling import take_call
from complaints.actions.correcting import recuse
from complaints.actions.filing import ComplainantFacts, Filing, Receipt
from complaints.files import CleanFile
from complaints.models import Attachment, Complaint, ComplaintLink, Entry, SupervisionOrder
from complaints.rules.words import EntryKind, FileKind
from tests.builders import noon, staff
from tests.complaints import naming_cast
from tests.complaints.cast import TODAY, Cast, filed, office, officer
from tests.complaints.tickets import ticket, workbook
from tests.scope.conftest import admitted
from tests.scope.doors.complaints import OVERSEERS, Line

NOON = noon(TODAY)


@dataclass(frozen=True)
class Case:
    """One complaint, the words that stand in it, and who may read them."""

    receipt: Receipt
    who: ComplainantFacts
    words: tuple[str, ...]
    sees: frozenset[str]

    @property
    def complaint(self) -> Complaint:
        """As it stands in the database now."""
        return Complaint.objects.get(pk=self.receipt.complaint.pk)

    @property
    def identity(self) -> list[re.Pattern[str]]:
        """Name, number (also masked) and e-mail."""
        phone = self.who.phone
        masked = rf"{phone[:3]}\W+{phone[-4:]}|\*{{2,}}{phone[-4:]}"
        return [re.compile(each) for each in (self.who.name, phone, masked, re.escape(self.who.email))]

    @property
    def said(self) -> list[re.Pattern[str]]:
        """Number, secret, and everything that the complainant wrote."""
        secret = self.receipt.secret
        key = self.receipt.complaint.pk
        rows = (rf"\bcomplaint:{key}\b", rf"complaints/complaint/{key}/change/")
        return [re.compile(each) for each in (*self.words, secret, secret.replace(" ", ""), *rows)]

    @property
    def number(self) -> re.Pattern[str]:
        """The receipt number."""
        return re.compile(self.receipt.number)


@dataclass
class World:
    """Records by name, people by name, and the browsers of those who hold a receipt."""

    records: SimpleNamespace
    people: dict[str, User | None]
    cases: dict[str, Case]
    cookies: dict[str, str] = field(default_factory=dict)

    def browser(self, who: str, **options: Any) -> Client:
        """A browser of that person."""
        client = Client(raise_request_exception=False, **options)
        user = self.people[who]
        if user is not None:
            client.force_login(user)
        if who in self.cookies:
            client.cookies[settings.SESSION_COOKIE_NAME] = self.cookies[who]
        return client

    def traces(self) -> list[object]:
        """The first complaint and its order in the database, as far as a verb could touch them."""
        complaint, order = self.records.complaint, self.records.order
        hanging = (complaint.entries, complaint.events, complaint.looks, complaint.recusals, order.steps)
        rows = (Complaint.objects.filter(pk=complaint.pk), SupervisionOrder.objects.filter(pk=order.pk))
        return [*(each.values().get() for each in rows), *(each.count() for each in hanging)]

    def filled(self, value: Any) -> Any:
        """A word with the record's attribute in the place of "{record.attribute}"."""
        if isinstance(value, dict):
            return {name: self.filled(each) for name, each in value.items()}
        return value.format(**vars(self.records)) if isinstance(value, str) else value

    def address(self, name: str, line: Line) -> str:
        """The address of a line of the table."""
        return reverse(name, kwargs=self.filled(line.names or {}))


def world_of(cast: Cast) -> World:
    """Everybody and everything, at noon of TODAY."""
    naming_cast.verified(cast, complainant=ComplainantFacts())
    desk = naming_cast.desk_of(cast)
    people = _people(cast, desk)
    cases = {
        "street": _case(cast, "甲", OVERSEERS, urgent=True),
        "county": _case(cast, "乙", {"above"}, respondent=office(cast.county), urgent=True),
        "branch": _case(
            cast,
            "丙",
            OVERSEERS | {"recused"},
            respondent=office(cast.county, Department.HEALTH),
            urgent=True,
        ),
    }
    other = filed(cast.home, complainant=ComplainantFacts(), place="别处")
    records = _records(cast, desk, cases["street"].complaint, other.complaint, people)
    for key in ("county", "branch"):
        _handled(cases[key].complaint, people["above" if key == "county" else "handler"])
    world = World(records, people, cases)
    for key, who in (("street", "handler"), ("branch", "handler"), ("county", "above")):
        world.browser(who).post(reverse("complaint-reveal", args=[cases[key].complaint.pk]))
    secret = cases["street"].receipt.secret
    world.cookies = {
        "complainant": _followed(cases["street"].receipt.number, secret),
        "wrong": _followed(cases["street"].receipt.number, other.secret),
        "other": _followed(other.number, other.secret),
    }
    return world


def _people(cast: Cast, desk: naming_cast.Desk) -> dict[str, User | None]:
    task_force = office(cast.county, Department.TASK_FORCE)
    health = office(cast.county, Department.HEALTH)

    def boss(name: str, of: Any) -> User:
        return admitted(officer(name, of, Role.SUPERVISOR))

    return {
        "anonymous": None,
        "complainant": None,
        "wrong": None,
        "other": None,
        "arealess": staff("arealess", None),
        "operator": cast.operator,
        "analyst": officer("analyst", task_force, Role.ANALYST),
        "handler": cast.task_force,
        "handler_boss": boss("taskforceboss", task_force),
        "recused": boss("recused", task_force),
        "respondent": cast.street,
        "street_boss": admitted(desk.named),
        "community": cast.community,
        "community_boss": admitted(desk.below),
        "branch": cast.health,
        "branch_boss": boss("healthboss", health),
        "county_boss": boss("countyboss", office(cast.county)),
        "above": admitted(cast.city),
        "neighbour": cast.neighbour,
        "neighbour_boss": admitted(desk.beside),
        "root": User.objects.create_superuser("root", password="a-long-passphrase-7"),
    }


def _case(cast: Cast, mark: str, sees: Iterable[str], **changes: Any) -> Case:
    """A complaint whose words carry that mark."""
    digit = str("甲乙丙".index(mark) + 1)
    who = ComplainantFacts(f"欧阳{mark}特殊", f"1387766553{digit}", f"very-special-{digit}@example.net")
    words = {
        "what_happened": f"铁皮没拆暗号{mark}一",
        "place": f"幽兰里暗号{mark}二",
        "respondent_text": f"某科长暗号{mark}三",
        "ordered_by": f"某主任暗号{mark}四",
    }
    receipt = filed(cast.home, complainant=who, **(words | changes))
    return Case(receipt, who, tuple(words.values()), frozenset(sees))


def _handled(complaint: Complaint, by: User | None) -> None:
    """Accepted, asked and answered, so that everything is told that is ever told."""
    assert by is not None
    handling.accept(complaint=complaint, by=by, at=NOON)
    handling.ask(complaint=complaint, text="哪一天起？", by=by, at=NOON)
    handling.answer(complaint=complaint, text="已拆除。", by=by, at=NOON)


def _records(
    cast: Cast,
    desk: naming_cast.Desk,
    complaint: Complaint,
    other: Complaint,
    people: dict[str, User | None],
) -> SimpleNamespace:
    by, boss = people["handler"], people["recused"]
    assert by is not None
    assert boss is not None
    token = "m" * 32
    attach(CleanFile(FileKind.IMAGE, b"\x89PNG"), token=token, at=NOON)
    Attachment.objects.update(complaint=complaint)
    handling.accept(complaint=complaint, by=by, at=NOON)
    handling.ask(complaint=complaint, text="哪一天起？", by=by, at=NOON)
    recuse(complaint=complaint, user=boss, reason="亲属", by=by, at=NOON)
    link, _new = ComplaintLink.objects.get_or_create(earlier=complaint, later=other)
    order = supervising.issue_order(
        complaint=complaint,
        to=office(cast.home.line["street"]),
        text="今天内拆除单元门口的铁皮。",
        due_at=NOON + dt.timedelta(days=1),
        token="an-order",
        by=by,
        at=NOON,
    )
    call = take_call(
        Filing(behaviour="not_unsealed", area=cast.home, what_happened="来电者说没解封"),
        token="a-call",
        track="/",
        by=cast.operator,
        at=NOON,
    )
    return SimpleNamespace(
        complaint=complaint,
        other=other,
        file=Attachment.objects.get(complaint=complaint),
        question=Entry.objects.get(complaint=complaint, kind=EntryKind.QUESTION),
        link=link,
        order=order,
        draft=naming_cast.draft(desk),
        published=naming_cast.published(desk, token="another"),
        call=call.complaint,
        upload=importing.upload(
            content=workbook([ticket()]), file_name="工单.xlsx", by=cast.operator, at=NOON
        ),
    )


def _followed(number: str, secret: str) -> str:
    """The cookie of a browser in which somebody gave number and secret."""
    client = Client()
    client.post(reverse("complain-track"), {"number": number, "secret": secret})
    cookie = client.cookies.get(settings.SESSION_COOKIE_NAME)
    return cookie.value if cookie else ""


def outcome(answer: HttpResponse) -> str:
    """What somebody met: the door, nothing, or something."""
    target = answer.headers.get("Location", "")
    if answer.status_code == 302 and target.startswith(("/login/", "/admin/login/")):
        return "login"
    asked = "complaints/public/track.html" in {each.name for each in getattr(answer, "templates", ())}
    if asked or (answer.status_code in (302, 303) and target == reverse("complain-track")):
        return "track"
    return (
        "ok" if answer.status_code < 400 or answer.status_code in (400, 409, 422) else str(answer.status_code)
    )
