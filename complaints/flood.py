"""A flood of complaints is slowed down where it comes from, and never closes the form for others.

Everything here is counted in the cache, by hour or ten minutes. The counters are a help, not a rule: where
the cache is away or forgets, complaints are filed as ever.
"""

import datetime as dt
import pickle
import zlib
from dataclasses import dataclass
from typing import cast

import structlog
from django.conf import settings
from django.core.cache import cache
from redis.exceptions import RedisError

from accounts.encryption import keyed_digest

log = structlog.get_logger("jiefeng.complaints")

HOUR = 3600
TEN_MINUTES = 600
HARDEST = 16
"""So many times the usual work is the most that is asked of a browser."""

# What the two caches raise: a server that is away, a folder that is full, an entry that was cut short.
CACHE_AWAY = (OSError, RedisError, EOFError, pickle.UnpicklingError, zlib.error)


@dataclass(frozen=True, slots=True)
class Lane:
    """One way in with limits of its own; 0: none."""

    name: str
    from_address: int
    in_all: int = 0


def usual_lane() -> Lane:
    """With a proof of work: limited by address alone."""
    return Lane("proved", settings.COMPLAINTS_FROM_ADDRESS)


def slow_lane() -> Lane:
    """Without a proof, by a confirmation page: limited by address and in all."""
    return Lane(
        "confirmed", settings.COMPLAINTS_WITHOUT_SCRIPT_FROM_ADDRESS, settings.COMPLAINTS_WITHOUT_SCRIPT
    )


def files_lane() -> Lane:
    """Files that come along."""
    return Lane("files", settings.COMPLAINT_FILES_FROM_ADDRESS)


def facts_lane() -> Lane:
    """Questions about places while a form is written."""
    return Lane("facts", settings.COMPLAINT_QUESTIONS_FROM_ADDRESS)


def seconds_to_wait(lane: Lane, address: str | None, at: dt.datetime, *, more: int = 1) -> int:
    """Count one more (or several) from that address; 0: go on, else how long to wait."""
    window = int(at.timestamp()) // HOUR
    over = False
    # The address first: what it sends beyond its own limit does not use up what is left for all.
    if lane.from_address and address:
        key = f"complaint-{lane.name}:{keyed_digest('address', address)}:{window}"
        over = _count(key, HOUR, more) > lane.from_address
    if lane.in_all and not over:
        over = _count(f"complaint-{lane.name}:all:{window}", HOUR, more) > lane.in_all
    return HOUR - int(at.timestamp()) % HOUR if over else 0


def note_filed(at: dt.datetime) -> None:
    """One more complaint in all; many in ten minutes make the proof of work harder."""
    _count(_all_key(at), TEN_MINUTES, 1)


def hardness(at: dt.datetime) -> int:
    """How far a browser has to count at most for its proof of work now."""
    try:
        filed = cast(int, cache.get(_all_key(at), 0))
    except CACHE_AWAY:
        filed = 0
    times = 1
    while filed > settings.COMPLAINTS_CALM * times and times < HARDEST:
        times *= 2
    return settings.COMPLAINT_PROOF * times


def used_up(challenge: str, token_digest: str, seconds: int) -> bool:
    """Whether that challenge was solved for another form; the same form may send it again."""
    key = f"complaint-proof:{challenge}"
    try:
        return not cache.add(key, token_digest, seconds) and cache.get(key) != token_digest
    except CACHE_AWAY:
        log.warning("cache away, proof not remembered")
        return False


def _all_key(at: dt.datetime) -> str:
    return f"complaint-all:{int(at.timestamp()) // TEN_MINUTES}"


def _count(key: str, seconds: int, more: int) -> int:
    """The counter after one more; 0 where nothing can be counted."""
    try:
        cache.add(key, 0, seconds)
        return cache.incr(key, more)
    except (*CACHE_AWAY, ValueError):  # ValueError: forgotten in between
        log.warning("cache away, complaint not counted")
        return 0
