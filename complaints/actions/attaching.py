"""Pictures and documents: kept under the form's token as soon as they come, taken along when it is filed."""

import base64
import datetime as dt
import hashlib

from django.db import IntegrityError
from django.db.models import Max, QuerySet
from django.utils.translation import gettext as _

from complaints.actions.filing import token_digest
from complaints.files import MOST_FILES, CleanFile
from complaints.models import Attachment, Complaint
from policy.refusals import BadInput

KEPT_UNCLAIMED = dt.timedelta(days=1)
CHUNK = 200


def attached(token: str) -> QuerySet[Attachment]:
    """What was sent with the form of that token and waits to be filed with it, without the contents."""
    return Attachment.objects.filter(submission=token_digest(token), complaint=None).defer("content")


def attach(
    file: CleanFile, *, token: str, at: dt.datetime, complaint: Complaint | None = None
) -> Attachment | None:
    """Keep a file under the form's token; None: the form holds the very same one already.

    `complaint`: the one that the form adds to; its files are numbered on. Raises BadInput when the form
    holds as many files as it may.
    """
    submission = token_digest(token)
    held = Attachment.objects.filter(submission=submission)
    digest = hashlib.sha256(file.content).hexdigest()
    if held.filter(digest=digest).exists():
        return None
    if held.count() >= MOST_FILES:
        raise too_many()
    last = Attachment.objects.filter(complaint=complaint).aggregate(last=Max("number")) if complaint else {}
    last_held = held.aggregate(last=Max("number"))
    try:
        return Attachment.objects.create(
            submission=submission,
            number=max(last.get("last") or 0, last_held["last"] or 0) + 1,
            kind=file.kind,
            content=base64.b64encode(file.content).decode("ascii"),
            size=len(file.content),
            digest=digest,
            at=at,
        )
    except IntegrityError:
        return None  # the same form at the same moment


def too_many() -> BadInput:
    """The sentence about more files than a form may hold."""
    return BadInput("files", _("At most %(n)d files go with one form.") % {"n": MOST_FILES})


def detach(*, token: str, number: int) -> bool:
    """Take a file off the form again, as long as it has not been filed; whether it was there."""
    return bool(attached(token).filter(number=number).delete()[0])


def content_of(attachment: Attachment) -> bytes:
    """The file itself."""
    return base64.b64decode(attachment.content)


def delete_unclaimed_files(*, at: dt.datetime, dry_run: bool = False) -> int:
    """Delete files of forms that nobody filed within a day; how many."""
    unclaimed = Attachment.objects.filter(complaint=None, at__lt=at - KEPT_UNCLAIMED)
    if dry_run:
        return unclaimed.count()
    deleted = 0
    while keys := list(unclaimed.order_by("at").values_list("pk", flat=True)[:CHUNK]):
        # The condition stands in the deletion too: a form may be filed in between.
        deleted += Attachment.objects.filter(pk__in=keys, complaint=None).delete()[0]
    return deleted
