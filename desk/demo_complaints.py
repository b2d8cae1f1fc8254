"""The complaints of the demo town: three weeks of them, filed, handled and answered by the real verbs.

Each act happens at its own past instant, in the order of time over all of them, so that what comes back
within thirty days is known as such, a limit that passes is noted, and somebody on duty coordinates what is
urgent. What would lie in the future has not happened.
"""

import datetime as dt
import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial

from django.utils import timezone
from PIL import Image, ImageDraw

from accounts.models import Area, Office, User
from accounts.rules import Department
from complaints.actions import correcting, handling, publishing, supervising, sweeps, word
from complaints.actions.attaching import attach
from complaints.actions.auditing import audit_ourselves
from complaints.actions.filing import (
    ComplainantFacts,
    Filing,
    Receipt,
    file_complaint,
    secret_of,
    token_digest,
)
from complaints.actions.proposing import propose_namings
from complaints.files import clean_file
from complaints.models import Complaint, DutyShift, Entry, Publication, SupervisionOrder
from complaints.own_facts import own_facts
from complaints.places import locate
from complaints.rules.supervision import PublicationKind, PublicationState
from complaints.rules.words import EntryKind, Source
from desk.demo_stories import GOOD_PRACTICE, NAMED_REPLIES, RECEIPT, STORIES, Act, Step, Story
from policy.clock import midnight

COUNTY = "110105"
FARTHEST = 20
"""Days before today of the oldest complaint."""
SWEEP_EVERY = dt.timedelta(hours=8)


@dataclass(slots=True)
class Complaints:
    """All stories of the town, told in the order of time."""

    areas: dict[str, Area]
    users: dict[str, User]
    at: dt.datetime
    filed: dict[str, Complaint] = field(default_factory=dict)
    swept_at: dt.datetime | None = None

    def live(self) -> None:
        """Everything that has happened by now."""
        self._duty()
        for at, act in sorted([*self._acts(), *self._published()], key=lambda each: each[0]):
            if at <= self.at:
                self._sweep(at)
                act(at)
        self._sweep(self.at)
        audit_ourselves(at=self.at)

    def _acts(self) -> Iterator[tuple[dt.datetime, Callable[[dt.datetime], object]]]:
        for story in STORIES:
            begun = self._begun(story)
            yield begun, partial(self._file, story)
            for step in story.steps:
                yield begun + dt.timedelta(hours=step.after), partial(self._act, story, step)

    def _begun(self, story: Story) -> dt.datetime:
        if story.ago:
            return self._moment(story.ago, story.hour)
        return self.at - dt.timedelta(hours=story.hour)

    def _moment(self, ago: int, hour: float) -> dt.datetime:
        """That hour, so many days before today."""
        day = midnight(timezone.localdate(self.at) - dt.timedelta(days=ago))
        return day + dt.timedelta(minutes=round(hour * 60))

    def _sweep(self, at: dt.datetime) -> None:
        """What the tasks do, less often: the verbs know by themselves what is late."""
        if self.swept_at and at - self.swept_at < SWEEP_EVERY:
            return
        self.swept_at = at
        sweeps.sweep_late(at=at)
        sweeps.sweep_grossly_late(at=at)
        sweeps.sweep_words_over(at=at)
        sweeps.sweep_orders(at=at)
        sweeps.assign_coordinators(at=at)

    # ── the roster ──────────────────────────────────────────────────────────────────────────

    def _office(self, department: Department, area: str = COUNTY) -> Office:
        return Office.objects.select_related("area").get(area=self.areas[area], department=department)

    def _duty(self) -> None:
        """Day and night, from the first complaint to the day after tomorrow: 08:00 and 20:00.

        At night, and for branches without a roster, the task force coordinates what is urgent.
        """
        posts = (
            (Department.TRANSPORT, "tanglei", 8),
            (Department.TASK_FORCE, "zhoumin", 8),
            (Department.TASK_FORCE, "linyue", 20),
        )
        first = timezone.localdate(self.at) - dt.timedelta(days=FARTHEST + 1)
        half = dt.timedelta(hours=12)
        DutyShift.objects.bulk_create(
            DutyShift(
                office=self._office(department),
                user=self.users[name],
                starts_at=midnight(first + dt.timedelta(days=day)) + dt.timedelta(hours=hour),
                ends_at=midnight(first + dt.timedelta(days=day)) + dt.timedelta(hours=hour) + half,
            )
            for department, name, hour in posts
            for day in range(FARTHEST + 4)
        )

    # ── filing ──────────────────────────────────────────────────────────────────────────────

    def _file(self, story: Story, at: dt.datetime) -> None:
        where = locate(story.place, county=self.areas[COUNTY], at=at)
        since_on = timezone.localdate(at) - dt.timedelta(days=story.since) if story.since else None
        filing = Filing(
            behaviour=story.behaviour,
            area=where.area if where.compound and where.area else self.areas[story.community],
            what_happened=story.text,
            compound=where.compound,
            site=where.site,
            place=story.place,
            whom=story.whom,
            since_on=since_on,
            ordered=story.ordered,
            complainant=ComplainantFacts(name=story.name, phone=story.phone),
            source=story.source,
            external_id=f"12345-{story.key}" if story.source == Source.IMPORT else "",
            facts=own_facts(
                behaviour=story.behaviour,
                answer=where.answer,
                since_on=since_on,
                on=timezone.localdate(at),
            ),
        )
        if story.photo:
            attach(clean_file(picture(story.key), 1), token=token_of(story.key), at=at)
        by = self.users["sunli"] if story.source == Source.PHONE else None
        self.filed[story.key] = file_complaint(filing, token=token_of(story.key), by=by, at=at).complaint

    # ── handling ────────────────────────────────────────────────────────────────────────────

    def _act(self, story: Story, step: Step, at: dt.datetime) -> None:
        complaint = Complaint.objects.select_related(
            "handler__area", "respondent__area", "referred_by__area", "area", "compound", "site"
        ).get(pk=self.filed[story.key].pk)
        if step.act in _BY_COMPLAINANT:
            _BY_COMPLAINANT[step.act](complaint, step.text, at)
        elif step.act in (Act.ORDER, Act.REPORT, Act.ORDER_DONE):
            self._order(story, complaint, step, at)
        else:
            self._handle(complaint, step, at)

    def _desk(self, complaint: Complaint) -> User:
        """Who works at the desk that holds it; what has nobody of its own is the task force's business."""
        office = complaint.handler
        if office is None or office.area.code != COUNTY:
            return self.users["gaoyuan"]
        by_branch = {Department.EDUCATION: "fengyan", Department.TRANSPORT: "tanglei"}
        return self.users[by_branch.get(Department(office.department), "zhoumin")]

    def _handle(self, complaint: Complaint, step: Step, at: dt.datetime) -> None:
        by, boss = self._desk(complaint), self.users["gaoyuan"]
        match step.act:
            case Act.ACCEPT:
                handling.accept(complaint=complaint, by=by, at=at)
            case Act.DECLINE:
                handling.decline(complaint=complaint, reason=step.text, by=by, at=at)
            case Act.REFER:
                handling.refer(complaint=complaint, to=self._office(step.to), reason=step.text, by=by, at=at)
            case Act.BACK:
                handling.send_back(complaint=complaint, reason=step.text, by=by, at=at)
            case Act.ASK:
                handling.ask(complaint=complaint, text=step.text, by=by, at=at)
            case Act.ANSWER:
                handling.answer(complaint=complaint, text=step.text, by=by, at=at)
            case Act.VERIFY:
                handling.verify(complaint=complaint, outcome=step.outcome, how=step.text, by=boss, at=at)
            case Act.CLOSE:
                handling.close(complaint=complaint, by=by, at=at)
            case Act.MERGE:
                into = Complaint.objects.select_related("handler__area").get(pk=self.filed[step.text].pk)
                correcting.merge(complaint=complaint, into=into, by=by, at=at)

    def _order(self, story: Story, complaint: Complaint, step: Step, at: dt.datetime) -> None:
        """Issued by the county's task force; the street office answers it."""
        zhoumin = self.users["zhoumin"]
        order = SupervisionOrder.objects.filter(complaint=complaint).first()
        if step.act is Act.ORDER and complaint.respondent:
            supervising.issue_order(
                complaint=complaint,
                to=complaint.respondent,
                text=step.text,
                due_at=at + dt.timedelta(hours=step.within),
                token=f"demo-order-{story.key}",
                by=zhoumin,
                at=at,
            )
        elif step.act is Act.REPORT and order:
            supervising.report(order=order, text=step.text, by=self.users["wangjianping"], at=at)
        elif step.act is Act.ORDER_DONE and order:
            supervising.verify_order(order=order, text=step.text, by=zhoumin, at=at)

    # ── what is published ───────────────────────────────────────────────────────────────────

    def _published(self) -> Iterator[tuple[dt.datetime, Callable[[dt.datetime], object]]]:
        """A good practice, a naming from the app's own figures with its reply, and drafts that wait."""
        yield self._moment(11, 10), self._write_good_practice
        yield self._moment(10, 9), partial(self._approve, PublicationKind.GOOD_PRACTICE, "chenyan")
        yield self._moment(10, 11), partial(self._approve, PublicationKind.GOOD_PRACTICE, "gaoyuan")
        yield self._moment(3, 9), lambda at: propose_namings(at=at)
        yield self._moment(3, 15), self._hand_in
        yield self._moment(2, 9), partial(self._approve, PublicationKind.NAMING, "chenyan")
        yield self._moment(2, 10), partial(self._approve, PublicationKind.NAMING, "gaoyuan")
        yield self._moment(1, 16), self._reply_to_naming
        yield self.at, lambda at: propose_namings(at=at)

    def _write_good_practice(self, at: dt.datetime) -> None:
        draft = publishing.propose(
            kind=PublicationKind.GOOD_PRACTICE,
            office=self._office(Department.EDUCATION),
            behaviour="campus_supplies",
            title=GOOD_PRACTICE[0],
            text=GOOD_PRACTICE[1],
            token="demo-good-practice",  # noqa: S106 - no secret: it makes the form's sending unique
            by=self.users["zhoumin"],
            at=at,
        )
        publishing.submit(publication=draft, by=self.users["zhoumin"], at=at)

    def _hand_in(self, at: dt.datetime) -> None:
        """The rebound at 4号楼 is the typical case; whatever else was proposed stays a draft."""
        drafts = Publication.objects.filter(kind=PublicationKind.NAMING, state=PublicationState.DRAFT)
        if draft := drafts.filter(behaviour="not_unsealed").order_by("pk").first():
            publishing.submit(publication=draft, by=self.users["zhoumin"], at=at)

    def _approve(self, kind: PublicationKind, name: str, at: dt.datetime) -> None:
        waiting = Publication.objects.filter(kind=kind, state=PublicationState.SUBMITTED).first()
        if waiting:
            publishing.approve(
                publication=waiting, in_round=publishing.round_of(waiting), by=self.users[name], at=at
            )

    def _reply_to_naming(self, at: dt.datetime) -> None:
        named = Publication.objects.published().filter(kind=PublicationKind.NAMING).first()
        if named:
            publishing.reply(publication=named, text=NAMED_REPLIES, by=self.users["wangjianping"], at=at)


def _reply(complaint: Complaint, text: str, at: dt.datetime) -> None:
    question = Entry.objects.filter(complaint=complaint, kind=EntryKind.QUESTION, reply=None).first()
    if question:
        word.reply(complaint=complaint, question=question, text=text, at=at)


_BY_COMPLAINANT: dict[Act, Callable[[Complaint, str, dt.datetime], object]] = {
    Act.ADD: lambda complaint, text, at: word.add(complaint=complaint, text=text, at=at),
    Act.REPLY: _reply,
    Act.GLAD: lambda complaint, text, at: word.say_satisfied(complaint=complaint, text=text, at=at),
    Act.ANGRY: lambda complaint, text, at: word.say_dissatisfied(complaint=complaint, text=text, at=at),
    Act.WITHDRAW: lambda complaint, _text, at: word.withdraw(complaint=complaint, at=at),
}


# ── receipts and pictures ────────────────────────────────────────────────────────────────────────


def token_of(key: str) -> str:
    """The form's token of a demo complaint."""
    return f"demo-complaint-{key}"


def receipt_to_try() -> Receipt | None:
    """Number and secret of one complaint whose complainant is asked something; None outside the demo."""
    found = Complaint.objects.filter(submission=token_digest(token_of(RECEIPT))).first()
    return Receipt(found, found.number, secret_of(token_of(RECEIPT)), is_new=False) if found else None


def picture(key: str) -> bytes:
    """A small drawn photograph: a door behind a fence, its colours from the key."""
    shade = sum(key.encode()) % 80
    image = Image.new("RGB", (640, 480), (196 - shade // 2, 204 - shade // 2, 208))
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, 360, 640, 480), fill=(150 - shade // 2, 148 - shade // 2, 140))
    draw.rectangle((230, 130, 410, 400), fill=(92, 78 + shade // 3, 70), outline=(40, 40, 40), width=4)
    for left in range(20, 640, 46):
        draw.rectangle(
            (left, 220, left + 34, 420), fill=(64, 104, 168 - shade), outline=(30, 50, 90), width=3
        )
    draw.rectangle((0, 250, 640, 268), fill=(200, 60, 50))
    written = io.BytesIO()
    image.save(written, format="JPEG", quality=70)
    return written.getvalue()
