"""How often number and secret may be tried: by the address that tries and by the number that is tried.

Only wrong attempts count. A number that somebody guesses at is closed for a while, and no other number with
it; an address that guesses is closed for a while, whatever number it tries. Without a cache nothing is
counted: sixteen digits hold by themselves.
"""

import datetime as dt
import math

import structlog
from django.core.cache import cache

from accounts.encryption import keyed_digest
from complaints.flood import CACHE_AWAY

log = structlog.get_logger("jiefeng.complaints")

ATTEMPTS = 10
WITHIN = dt.timedelta(minutes=15)


def seconds_to_wait(*, address: str | None, number: str, at: dt.datetime) -> int:
    """How long until this address may try this number again; 0: now."""
    waits = [_wait(each, at) for each in _keys(address, number)]
    return max(waits, default=0)


def count_wrong(*, address: str | None, number: str, at: dt.datetime) -> None:
    """Note that the pair was wrong."""
    for each in _keys(address, number):
        tried = [*_tried(each, at), at.timestamp()][-ATTEMPTS:]
        try:
            cache.set(each, tried, int(WITHIN.total_seconds()))
        except CACHE_AWAY:
            log.warning("cache away, attempt not counted")


def _keys(address: str | None, number: str) -> list[str]:
    """Where the attempts are kept; the cache learns neither address nor number."""
    digits = "".join(character for character in number if character.isdigit())
    named = [("address", address or ""), ("number", digits)]
    return [f"complaint-track:{keyed_digest(kind, value)}" for kind, value in named if value]


def _tried(key: str, at: dt.datetime) -> list[float]:
    oldest = (at - WITHIN).timestamp()
    try:
        return [when for when in cache.get(key, []) if when > oldest]
    except CACHE_AWAY:
        return []


def _wait(key: str, at: dt.datetime) -> int:
    tried = _tried(key, at)
    if len(tried) < ATTEMPTS:
        return 0
    return max(1, math.ceil(tried[0] + WITHIN.total_seconds() - at.timestamp()))
