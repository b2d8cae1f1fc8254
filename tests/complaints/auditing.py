"""What the tests of the self-audit ask of it."""

import datetime as dt

from complaints.actions.auditing import audit_ourselves
from complaints.models import Complaint
from complaints.rules.words import Source


def found(at: dt.datetime) -> dict[str, int]:
    """What an audit at that instant finds, by kind, without filing it."""
    return dict(audit_ourselves(at=at, dry_run=True).found)


def leads() -> list[Complaint]:
    """The leads that were filed, oldest first."""
    return list(Complaint.objects.filter(source=Source.SELF_AUDIT).order_by("pk"))
