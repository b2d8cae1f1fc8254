"""What happens to accounts, areas and the log of reveals."""

import datetime as dt
from collections.abc import Iterable

from accounts.models import Area, Reveal, User


def reveal(
    *,
    subject: str,
    fields_shown: Iterable[str],
    community: Area,
    by: User,
    at: dt.datetime,
    address: str | None,
) -> Reveal:
    """Write down that numbers of a record are being shown in full; call it before they are shown.

    `subject` is kind and number of the record ("person:12"), `fields_shown` the names of what is shown, in
    their order; never the numbers themselves. Each showing is a row of its own, also a repeated one.
    """
    return Reveal.objects.create(
        subject=subject,
        fields_shown=",".join(fields_shown),
        community=community,
        by=by,
        at=at,
        address=address or None,
    )
