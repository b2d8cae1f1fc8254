"""Filing for somebody on the telephone: the operator writes it down, the caller gets number and secret.

Both are read out once. By SMS goes the number; the secret goes along only when the caller says so.
"""

import datetime as dt
from dataclasses import replace

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.encryption import encrypt
from accounts.models import User
from complaints.actions.filing import Filing, Receipt, file_complaint
from complaints.actions.routing import respondent_for
from complaints.models import Complainant, Complaint
from complaints.rules.words import Source
from notices.actions import Draft, enqueue
from notices.rules import Channel, MessageKind
from policy.refusals import RuleViolation

TELL_WITHIN = dt.timedelta(days=2)


@transaction.atomic
def take_call(
    filing: Filing, *, token: str, track: str, secret_by_sms: bool = False, by: User, at: dt.datetime
) -> Receipt:
    """File what a caller says, and send the number by SMS where one was given and an SMS channel is on.

    `track` is the address at which it is followed, with neither number nor secret in it. The same form sent
    twice gives the same receipt, and one SMS. Raises what `file_complaint` raises, and RuleViolation
    `own_office` where it is about the operator's office or one above, and the caller's name comes along:
    whoever is complained about never knows who complained, so it is filed without.
    """
    _check_own_office(filing, by)
    receipt = file_complaint(replace(filing, source=Source.PHONE), token=token, by=by, at=at)
    if receipt.is_new:
        _tell_caller(receipt.complaint, track, receipt.secret if secret_by_sms else "", at=at)
    return receipt


def _check_own_office(filing: Filing, by: User) -> None:
    office = by.own_office
    respondent = filing.respondent or respondent_for(filing.whom, filing.area, filing.behaviour)
    who = filing.complainant
    if office is None or respondent is None or not (who.name or who.phone or who.email):
        return
    if respondent.pk in office.line:
        raise RuleViolation(
            "own_office",
            "二(十六)",
            _(
                "It is about your own office, which may not know who complains. File it without name and"
                " telephone: number and secret are enough. Or let the caller file it themselves, or call"
                " 12345."
            ),
            field="phone",
        )


def _tell_caller(complaint: Complaint, track: str, secret: str, *, at: dt.datetime) -> None:
    who = Complainant.objects.filter(complaint=complaint).exclude(phone="").first()
    if who is None:
        return
    context = {"number": complaint.number, "what": "filed", "track": track}
    draft = Draft(
        key=f"complaint-update:{complaint.pk}:filed",
        kind=MessageKind.COMPLAINT_UPDATE,
        channel=Channel.SMS,
        community_id=complaint.area_id,
        subject=f"complaint:{complaint.pk}",
        recipient=who.phone,
        context={**context, "sealed": encrypt(secret)} if secret else context,
        not_after=at + TELL_WITHIN,
        office_id=complaint.handler_id,
    )
    enqueue([draft], at=at)
