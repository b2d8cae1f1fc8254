"""Which complaints this browser may follow: those whose number and secret were given in it lately.

The session keeps keys and instants, nothing else; so no address of a page carries number, secret or key. An
hour without a look, or the button "leave", forgets them: phones are shared.
"""

import datetime as dt

from django.http import HttpRequest

from complaints.models import Complaint

KEPT = "complaints"
SHOWN = "complaint_shown"
FOR = dt.timedelta(minutes=60)
MOST = 10
"""So many receipts one browser follows at once; the oldest is forgotten for the next."""
DEEPEST = 5
"""A part of a part of a part: so far up the way to the receipt is looked for."""


def remember(request: HttpRequest, complaint: Complaint, at: dt.datetime) -> None:
    """Number and secret were right: this browser follows the complaint from now on, and shows it."""
    request.session.cycle_key()
    kept = _kept(request, at)
    kept.pop(str(complaint.pk), None)
    kept[str(complaint.pk)] = at.timestamp()
    request.session[KEPT] = dict(list(kept.items())[-MOST:])
    request.session[SHOWN] = complaint.pk


def show(request: HttpRequest, complaint: Complaint) -> None:
    """Show this one of several from now on."""
    request.session[SHOWN] = complaint.pk


def remembered(request: HttpRequest, at: dt.datetime) -> list[int]:
    """The keys of the complaints whose receipts this browser has given within the hour."""
    return [int(key) for key in _kept(request, at)]


def forget(request: HttpRequest) -> None:
    """Forget all of them; whoever takes the phone next sees nothing."""
    if request.user.is_authenticated:
        request.session.pop(KEPT, None)
        request.session.pop(SHOWN, None)
    else:
        request.session.flush()


def followed(request: HttpRequest, key: int, at: dt.datetime) -> Complaint | None:
    """The complaint of that key, when this browser follows it or the one that it was split from.

    Each look makes the hour begin anew. None: not (or no more) followed, or its data have been deleted.
    """
    complaint = (
        Complaint.objects.select_related(
            "handler", "respondent", "area", "split_from", "merged_into__handler"
        )
        .filter(pk=key, purged_at=None)
        .first()
    )
    receipt = _receipt_of(complaint, remembered(request, at)) if complaint else None
    if receipt is None:
        return None
    kept = _kept(request, at)
    kept[str(receipt)] = at.timestamp()
    request.session[KEPT] = kept
    return complaint


def shown(request: HttpRequest, at: dt.datetime) -> Complaint | None:
    """The complaint that this browser looks at now: the chosen one, else the one given last."""
    keys = remembered(request, at)
    chosen = request.session.get(SHOWN)
    for key in [*([chosen] if chosen else []), *reversed(keys)]:
        found = followed(request, int(key), at)
        if found:
            return found
    return None


def _kept(request: HttpRequest, at: dt.datetime) -> dict[str, float]:
    """What the session holds, without what is older than an hour."""
    oldest = (at - FOR).timestamp()
    return {key: since for key, since in request.session.get(KEPT, {}).items() if since > oldest}


def _receipt_of(complaint: Complaint, keys: list[int]) -> int | None:
    """The key of the receipt under which it is followed: its own, or that of what it was split from."""
    found: Complaint | None = complaint
    for _step in range(DEEPEST):
        if found is None:
            return None
        if found.pk in keys:
            return found.pk
        found = found.split_from
    return None
