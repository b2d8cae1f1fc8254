"""Public naming 通报曝光 and good practice: draft → approval by two → published, and then it stays.

Nobody is named on hearsay: something of what a naming rests on is verified before it is approved. Nobody
approves what they wrote, and nobody decides about their own office or one above it. What is published is
never edited and never deleted: corrections and the reply of the office named are appended beneath.
Every change repeats its state in the WHERE, so that of two at once one does it.
"""

import datetime as dt
import hashlib

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import Area, Office, User
from accounts.rules import Ability
from complaints.actions.matters import rests_on
from complaints.actions.proposing import deciding_office
from complaints.actions.telling import tell_of_publication
from complaints.models import Publication, PublicationStep
from complaints.naming_texts import not_verified
from complaints.rules.behaviours import BY_CODE
from complaints.rules.naming import refusal_of
from complaints.rules.supervision import (
    APPROVALS_NEEDED,
    Ground,
    PublicationKind,
    PublicationState,
    PublicationStepKind,
)
from notices.rules import MessageKind
from policy.refusals import BadInput, RuleViolation

TITLE_LENGTH = 120
TEXT_LENGTH = 6000
MOST = 60
"""So many offices are offered in a list; the others are found by their name."""

WROTE = (
    PublicationStepKind.PROPOSED,
    PublicationStepKind.EDITED,
    PublicationStepKind.SUBMITTED,
)
"""Who did one of these answers for the text, and can't approve it."""

REFUSALS = {
    "wrong_state": _("This can't be done any more: somebody was first, or it has moved on."),
    "changed_meanwhile": _("Somebody else has changed the text meanwhile; please compare it with yours."),
    "not_yours": _("This is not for your office to decide: it is about your office, or lies elsewhere."),
    "own_text": _("Whoever wrote or handed in the text does not approve it."),
    "needs_reason": _("Please write down the reason: it stays on record."),
    "not_named": _("Only the office that is named replies here."),
    "other_round": _("The text was sent back and handed in anew meanwhile; please read it again."),
}


def refused(code: str, field: str | None = None) -> RuleViolation:
    """The refusal of that code with its sentence."""
    return RuleViolation(code, "", REFUSALS[code], field=field)


# ── who may ──────────────────────────────────────────────────────────────────────────────────────


def may_write(user: User, publication: Publication) -> bool:
    """Whether the user may work on it at all: it is in their area and not about their office or one above."""
    return Publication.objects.visible_to(user).filter(pk=publication.pk).exists()


def may_decide(user: User, publication: Publication) -> bool:
    """Whether the user may approve, send back, drop and correct, as far as office and role go."""
    return user.may(Ability.SUPERVISE) and may_write(user, publication)


def writers_of(publication: Publication) -> set[int]:
    """The keys of whoever wrote the text or handed it in."""
    wrote = publication.steps.filter(kind__in=WROTE, by__isnull=False).values_list("by", flat=True)
    return {*wrote, *({publication.author_id} if publication.author_id else ())}


def round_of(publication: Publication) -> int:
    """Which round of approval it is in: each sending back begins the next one."""
    return publication.steps.filter(kind=PublicationStepKind.REFUSED).count() + 1


def version_of(publication: Publication) -> str:
    """Stands for the text as somebody read it, so that nobody writes over another's change."""
    return hashlib.sha256(f"{publication.title}\0{publication.text}".encode()).hexdigest()[:16]


# ── the draft ────────────────────────────────────────────────────────────────────────────────────


def propose(
    *,
    kind: PublicationKind | str,
    office: Office,
    behaviour: str = "",
    title: str,
    text: str,
    token: str,
    by: User,
    at: dt.datetime,
) -> Publication:
    """Begin a draft by hand. `token` is the form's own: sent twice, one draft.

    Raises RuleViolation `not_yours` for an office outside the area, the own one or one above it; BadInput at
    `title`, `text` or `behaviour`.
    """
    key = f"hand:{hashlib.sha256(token.encode()).hexdigest()[:40]}"
    if earlier := Publication.objects.filter(proposal_key=key).first():
        return earlier
    _check_office(PublicationKind(kind), office, by)
    if behaviour and behaviour not in BY_CODE:
        raise BadInput("behaviour", _("Please choose what happened."))
    if not behaviour and kind == PublicationKind.NAMING:
        raise BadInput("behaviour", _("For what is the office named?"))
    title, text = _checked(title, text)
    try:
        with transaction.atomic():
            made = Publication.objects.create(
                kind=kind,
                area=office.area,
                office=office,
                behaviour=behaviour,
                ground=Ground.BY_HAND if kind == PublicationKind.NAMING else "",
                proposal_key=key,
                title=title,
                text=text,
                proposed_at=at,
                author=by,
            )
            _step(made, PublicationStepKind.PROPOSED, by=by, at=at)
            return made
    except IntegrityError:  # the same form at the same moment
        return Publication.objects.get(proposal_key=key)


def _check_office(kind: PublicationKind, office: Office, by: User) -> None:
    own = by.own_office
    if own is None or not by.may(Ability.HANDLE_COMPLAINTS) or not own.area.covers(office.area):
        raise refused("not_yours", "office")
    if kind is PublicationKind.NAMING and office.pk in own.line:
        raise refused("not_yours", "office")


def _checked(title: str, text: str) -> tuple[str, str]:
    title, text = " ".join(title.split()), text.strip()
    if not title:
        raise BadInput("title", _("Please write a title."))
    if len(title) > TITLE_LENGTH:
        raise BadInput("title", _("The title is too long."))
    _check_text(text)
    return title, text


def _check_text(text: str) -> None:
    if not text:
        raise BadInput("text", _("Please write the text."))
    if len(text) > TEXT_LENGTH:
        raise BadInput("text", _("The text is too long."))


def _check_public(title: str, text: str) -> None:
    """Nothing about a person is published. Raises BadInput at `title` or `text`."""
    for field, written in (("title", title), ("text", text)):
        if sentence := refusal_of(written):
            raise BadInput(field, sentence)


@transaction.atomic
def edit(*, publication: Publication, title: str, text: str, seen: str, by: User, at: dt.datetime) -> bool:
    """Change the draft; returns whether that changed anything. `seen`: the version that was read.

    Raises RuleViolation `not_yours`, `wrong_state`, `changed_meanwhile`; BadInput at `title` or `text`.
    """
    if not may_write(by, publication):
        raise refused("not_yours")
    title, text = _checked(title, text)
    now = _locked(publication, PublicationState.DRAFT)
    if (title, text) == (now.title, now.text):
        return False
    if version_of(now) != seen:
        raise refused("changed_meanwhile", "text")
    Publication.objects.filter(pk=now.pk).update(title=title, text=text, author=now.author or by)
    _step(publication, PublicationStepKind.EDITED, by=by, at=at)
    publication.refresh_from_db()
    return True


@transaction.atomic
def submit(*, publication: Publication, by: User, at: dt.datetime) -> bool:
    """Hand the draft in for approval; returns whether we did it (False: it waits already).

    Raises RuleViolation `not_yours`, `wrong_state`; BadInput where a number of a person stands in the text.
    """
    if not may_write(by, publication):
        raise refused("not_yours")
    now = Publication.objects.get(pk=publication.pk)
    if now.state == PublicationState.SUBMITTED:
        return False
    now = _locked(publication, PublicationState.DRAFT)
    _check_public(now.title, now.text)
    Publication.objects.filter(pk=now.pk).update(state=PublicationState.SUBMITTED, author=now.author or by)
    _step(publication, PublicationStepKind.SUBMITTED, by=by, at=at)
    deciding = deciding_office(now.office) if now.kind == PublicationKind.NAMING else None
    if deciding:  # told once, whoever proposed it
        tell_of_publication(now, deciding, MessageKind.NAMING_PROPOSED, at=at)
    publication.refresh_from_db()
    return True


def _locked(publication: Publication, state: PublicationState) -> Publication:
    """The row as it is now, held by a write until the transaction ends; only in that state.

    Everybody who changes a publication writes the row first. So two approvals at once come one after the
    other on either database, and the second sees the first. Raises RuleViolation `wrong_state`.
    """
    if not Publication.objects.filter(pk=publication.pk, state=state).update(state=state):
        raise refused("wrong_state")
    return Publication.objects.select_related("office__area", "author").get(pk=publication.pk)


# ── approval by two ──────────────────────────────────────────────────────────────────────────────


@transaction.atomic
def approve(*, publication: Publication, in_round: int, by: User, at: dt.datetime) -> bool:
    """Approve the text as it was handed in for that round; the second approval publishes it.

    Returns whether we did it (False: this user has approved it in this round already). Raises RuleViolation
    `not_yours`, `own_text`, `other_round`, `wrong_state`, and `not_verified` while too little of what a
    naming rests on is verified; both approvals ask anew, for a complaint may be opened again in between.
    """
    if not may_decide(by, publication):
        raise refused("not_yours")
    approvals = publication.steps.filter(kind=PublicationStepKind.APPROVED, round=in_round)
    if approvals.filter(by=by).exists():
        return False
    now = _locked(publication, PublicationState.SUBMITTED)
    if approvals.filter(by=by).exists():  # the same tap twice at once
        return False
    if round_of(now) != in_round:
        raise refused("other_round")
    if by.pk in writers_of(now):
        raise refused("own_text")
    _check_verified(now, at)
    _step(publication, PublicationStepKind.APPROVED, by=by, at=at, in_round=in_round)
    if approvals.values("by").distinct().count() >= APPROVALS_NEEDED:
        _publish(now, in_round, at)
    publication.refresh_from_db()
    return True


def _check_verified(publication: Publication, at: dt.datetime) -> None:
    rests = rests_on(publication, at)
    if rests and not rests.is_enough:
        raise RuleViolation("not_verified", "", not_verified(rests))


def _publish(publication: Publication, in_round: int, at: dt.datetime) -> None:
    waiting = Publication.objects.filter(pk=publication.pk, state=PublicationState.SUBMITTED)
    rests = rests_on(publication, at)
    told = {"matters": rests.total, "verified": rests.verified} if rests else {}
    facts = {**publication.facts, **told}
    if not waiting.update(state=PublicationState.PUBLISHED, published_at=at, facts=facts):
        return
    _step(publication, PublicationStepKind.PUBLISHED, by=None, at=at, in_round=in_round)
    if publication.kind == PublicationKind.NAMING:
        tell_of_publication(publication, publication.office, MessageKind.NAMING_PUBLISHED, at=at)


@transaction.atomic
def refuse(*, publication: Publication, reason: str, by: User, at: dt.datetime) -> None:
    """Send what waits back to its author, with a reason: the approvals of this round are void.

    Whoever decides may, and whoever wrote it, to mend something. Raises RuleViolation `not_yours`,
    `needs_reason`, `wrong_state`.
    """
    if not (may_decide(by, publication) or (may_write(by, publication) and by.pk in writers_of(publication))):
        raise refused("not_yours")
    _check_reason(reason)
    now = _locked(publication, PublicationState.SUBMITTED)
    _step(publication, PublicationStepKind.REFUSED, by=by, at=at, text=reason.strip(), in_round=round_of(now))
    Publication.objects.filter(pk=now.pk).update(state=PublicationState.DRAFT)
    publication.refresh_from_db()


@transaction.atomic
def drop(*, publication: Publication, reason: str, by: User, at: dt.datetime) -> None:
    """Give it up before it is published, with a reason that stays. Raises RuleViolation as `refuse`.

    Whoever decides may; the author of a draft by hand may give up their own.
    """
    mine = publication.author_id == by.pk and publication.ground in ("", Ground.BY_HAND)
    if not (may_decide(by, publication) or (mine and may_write(by, publication))):
        raise refused("not_yours")
    _check_reason(reason)
    before = Publication.objects.filter(
        pk=publication.pk, state__in=[PublicationState.DRAFT, PublicationState.SUBMITTED]
    )
    if not before.update(state=PublicationState.DROPPED):
        raise refused("wrong_state")
    _step(publication, PublicationStepKind.DROPPED, by=by, at=at, text=reason.strip())
    publication.refresh_from_db()


def _check_reason(reason: str) -> None:
    if not reason.strip():
        raise refused("needs_reason", "reason")


# ── once published ───────────────────────────────────────────────────────────────────────────────


@transaction.atomic
def correct(*, publication: Publication, text: str, by: User, at: dt.datetime) -> bool:
    """Append a correction, dated and visible; what was published stays as it is.

    Returns whether we did it (False: the same correction stands there last). Raises RuleViolation
    `not_yours`, `wrong_state`; BadInput at `text`.
    """
    if not may_decide(by, publication):
        raise refused("not_yours")
    return _append(publication, PublicationStepKind.CORRECTED, text, by=by, at=at)


@transaction.atomic
def reply(*, publication: Publication, text: str, by: User, at: dt.datetime) -> bool:
    """The word of the office that is named; it is published beneath, as it was written.

    Returns whether we did it (False: the same reply stands there last). Raises RuleViolation `not_named`,
    `wrong_state`; BadInput at `text`.
    """
    if not Publication.objects.about(by).filter(pk=publication.pk).exists():
        raise refused("not_named")
    return _append(publication, PublicationStepKind.REPLIED, text, by=by, at=at)


def _append(
    publication: Publication, kind: PublicationStepKind, text: str, *, by: User, at: dt.datetime
) -> bool:
    text = text.strip()
    _check_text(text)
    _check_public("", text)
    now = _locked(publication, PublicationState.PUBLISHED)
    last = now.steps.filter(kind=kind).order_by("-at", "-pk").first()
    if last is not None and last.text == text:
        return False
    _step(publication, kind, by=by, at=at, text=text)
    return True


def _step(
    publication: Publication,
    kind: PublicationStepKind,
    *,
    by: User | None,
    at: dt.datetime,
    text: str = "",
    in_round: int | None = None,
) -> PublicationStep:
    return PublicationStep.objects.create(
        publication=publication,
        kind=kind,
        text=text,
        at=at,
        by=by,
        office=by.own_office if by else None,
        round=in_round or round_of(publication),
    )


def offices_to_name(user: User, kind: PublicationKind | str, name: str = "") -> list[Office]:
    """The offices that the user may write about whose name contains these words, from above; at most `MOST`.

    In the own area; for a naming neither the own office nor one above it.
    """
    own = user.own_office
    if own is None:
        return []
    offices = Office.objects.filter(area__in=Area.objects.within(own.area)).select_related("area")
    if kind == PublicationKind.NAMING:
        offices = offices.exclude(pk__in=own.line)
    if name:
        offices = offices.filter(name__icontains=name)
    return list(offices.order_by("path")[:MOST])
