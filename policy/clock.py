"""The one clock of the app: civil time of Asia/Shanghai, read once per request, task or command.

Everything below the edge takes `at` or `on` as an argument. In a demo the clock can be shifted by whole
days, for the web, the worker and beat alike, through a small file that each of them reads; production
settings name no such file, so nothing can shift it there (`config.checks` refuses it as well).
"""

import datetime as dt
from pathlib import Path

from django.conf import settings
from django.utils import timezone


def now() -> dt.datetime:
    """The present instant, aware."""
    return timezone.now() + dt.timedelta(days=shifted_days())


def today() -> dt.date:
    """The present civil date in Asia/Shanghai."""
    return timezone.localdate(now())


def shifted_days() -> int:
    """How many whole days the demo clock stands off the real one; 0 without a demo clock."""
    path: Path | None = settings.DEMO_CLOCK_FILE
    if path is None:
        return 0
    try:
        return int(path.read_text())
    except FileNotFoundError:
        return 0


def set_today(on: dt.date | None) -> None:
    """Move the demo clock to that date at the present time of day; None: back to real time.

    Raises PermissionError where the app has no demo clock.
    """
    path: Path | None = settings.DEMO_CLOCK_FILE
    if path is None:
        raise PermissionError("this installation has no demo clock")
    if on is None:
        path.unlink(missing_ok=True)
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    replacement = path.with_suffix(".new")
    replacement.write_text(str((on - timezone.localdate()).days))
    replacement.replace(path)


def midnight(on: dt.date) -> dt.datetime:
    """00:00 of that date in Asia/Shanghai: the instant at which a release takes effect."""
    return timezone.make_aware(dt.datetime.combine(on, dt.time.min))
