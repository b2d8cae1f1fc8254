"""The installation's secrets: from the environment, or made once for the embedded default.

`SECRET_KEY` signs sessions, `FIELD_KEYS` (Fernet keys, the first one encrypts, all of them decrypt) guard
ID numbers and phones, `INDEX_KEY` keys the digests by which those are found. Whoever loses `FIELD_KEYS`
loses the encrypted values, so the file under `var/` belongs into the backup, apart from the database.
"""

import base64
import fcntl
import hashlib
import hmac
import json
import os
import secrets
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Keys:
    """The three secrets as they stand in the settings."""

    secret_key: str
    field_keys: tuple[str, ...]
    index_key: str


def generate() -> Keys:
    """Fresh random secrets."""
    return Keys(
        secret_key=secrets.token_urlsafe(64),
        field_keys=(base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(),),
        index_key=secrets.token_urlsafe(32),
    )


def load_or_create(path: Path) -> Keys:
    """The secrets in that file, which is made (mode 0600) when there is none.

    Safe when several processes start at once: one at a time looks and makes, and the file appears in
    full or not at all. Raises ValueError with a sentence when the file is damaged: making new keys would
    orphan what the old ones encrypted.
    """
    if not path.exists():
        with path.with_suffix(".lock").open("w") as turn:
            fcntl.flock(turn, fcntl.LOCK_EX)
            if not path.exists():
                _write_new(path)
    try:
        stored = json.loads(path.read_text())
        return Keys(
            secret_key=stored["secret_key"],
            field_keys=tuple(stored["field_keys"]),
            index_key=stored["index_key"],
        )
    except (json.JSONDecodeError, UnicodeDecodeError, KeyError, TypeError) as damage:
        raise ValueError(
            f"{path} is damaged; restore it from the backup, it decrypts the stored ID numbers"
        ) from damage


def derived(secret_key: str, purpose: str) -> str:
    """A key of its own for one purpose: whoever learns it learns neither the secret nor another key."""
    return hmac.new(secret_key.encode(), purpose.encode(), hashlib.sha256).hexdigest()


def _write_new(path: Path) -> None:
    handle, name = tempfile.mkstemp(prefix=".keys-", dir=path.parent)  # mkstemp makes it 0600
    with os.fdopen(handle, "w") as file:
        json.dump(asdict(generate()), file, indent=1)
        file.flush()
        os.fsync(file.fileno())
    Path(name).replace(path)


def main() -> None:
    """Print fresh secrets as lines for the environment of a production installation."""
    fresh = generate()
    print(f"SECRET_KEY={fresh.secret_key}\nFIELD_KEYS={fresh.field_keys[0]}\nINDEX_KEY={fresh.index_key}")


if __name__ == "__main__":
    main()
