"""Filing for somebody on the telephone: the operator writes it down, the caller gets number and secret.

Both are read out once. By SMS goes the number; the secret goes along only when the caller says so.
"""

import datetime as dt
from dataclasses import replace

from django.db import transaction

from accounts.encryption import encrypt
from accounts.models import User
from complaints.actions.filing import Filing, Receipt, file_complaint
from complaints.models import Complainant, Complaint
from complaints.rules.words import Source
from notices.actions import Draft, enqueue
from notices.rules import Channel, MessageKind

TELL_WITHIN = dt.timedelta(days=2)


@transaction.atomic
def take_call(
    filing: Filing, *, token: str, track: str, secret_by_sms: bool = False, by: User, at: dt.datetime
) -> Receipt:
    """File what a caller says, and send the number by SMS where one was given and an SMS channel is on.

    `track` is the address at which it is followed, with neither number nor secret in it. The same form sent
    twice gives the same receipt, and one SMS. Raises what `file_complaint` raises.
    """
    receipt = file_complaint(replace(filing, source=Source.PHONE), token=token, by=by, at=at)
    if receipt.is_new:
        _tell_caller(receipt.complaint, track, receipt.secret if secret_by_sms else "", at=at)
    return receipt


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
    )
    enqueue([draft], at=at)
