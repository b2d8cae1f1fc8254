"""Proposals of public naming from our own figures."""

import datetime as dt


def propose_namings(*, at: dt.datetime, dry_run: bool = False) -> int:
    """See below; being written."""
    return 0
