"""Personal numbers at rest: encrypted values, and keyed digests by which they can still be found.

The keys come from settings: `FIELD_KEYS` (Fernet keys; the first encrypts, all decrypt, so keys can be
rotated) and `INDEX_KEY` (for the digests). Losing them is losing the numbers; nothing else is encrypted.
"""

import hashlib
import hmac
from functools import cache
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.db import models

DIGEST_LENGTH = 32


@cache
def _cipher(keys: tuple[str, ...]) -> MultiFernet:
    return MultiFernet([Fernet(key) for key in keys])


def encrypt(clear: str) -> str:
    """The value as it is stored; the same value gives another text each time."""
    return _cipher(tuple(settings.FIELD_KEYS)).encrypt(clear.encode()).decode()


def decrypt(stored: str) -> str:
    """The clear value. Raises ValueError when no configured key opens it."""
    try:
        return _cipher(tuple(settings.FIELD_KEYS)).decrypt(stored.encode()).decode()
    except InvalidToken as error:
        raise ValueError("no configured key opens this value; was FIELD_KEYS changed?") from error


def keyed_digest(purpose: str, value: str) -> str:
    """A fixed-length text that is equal for equal values of one purpose, and tells nothing without the key.

    `purpose` separates indexes, so that a phone's digest never equals an ID's. An empty value has the
    digest "" and is never found.
    """
    if not value:
        return ""
    mac = hmac.new(settings.INDEX_KEY.encode(), f"{purpose}\0{value}".encode(), hashlib.sha256)
    return mac.hexdigest()[:DIGEST_LENGTH]


class EncryptedTextField(models.TextField[str, str]):
    """A text that is clear in Python and encrypted in the database; it can't be searched or sorted."""

    def get_prep_value(self, value: Any) -> Any:
        value = super().get_prep_value(value)
        return encrypt(value) if value else value

    def from_db_value(self, value: str | None, expression: object, connection: object) -> str | None:
        return decrypt(value) if value else value

    def get_lookup(self, lookup_name: str) -> Any:
        if lookup_name in ("isnull", "exact"):  # exact "" finds the rows without a value
            return super().get_lookup(lookup_name)
        raise TypeError(f"{self.name} is encrypted: look it up through its keyed digest")
