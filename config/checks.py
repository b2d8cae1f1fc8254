"""What must hold of the settings as a whole, besides what Django checks itself."""

from typing import Any

from cryptography.fernet import Fernet
from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register

from config.celery import SCHEDULE, app


@register(Tags.security)
def no_demo_clock_in_production(**_: Any) -> list[CheckMessage]:
    """Nothing may shift "now" where real people are released by it."""
    if settings.PRODUCTION and settings.DEMO_CLOCK_FILE is not None:
        return [
            Error(
                "A demo clock is set in production: it would shift every release date.",
                hint="Set DEMO_CLOCK_FILE = None.",
                id="house.E001",
            )
        ]
    return []


@register(Tags.security)
def keys_can_encrypt(**_: Any) -> list[CheckMessage]:
    """Every field key is a Fernet key, and the index key is long enough to be one."""
    problems: list[CheckMessage] = []
    for position, key in enumerate(settings.FIELD_KEYS, start=1):
        try:
            Fernet(key)
        except ValueError:
            problems.append(
                Error(
                    f"FIELD_KEYS: key {position} is not a Fernet key (32 bytes in URL-safe base64).",
                    hint="Make one with: python -m config.keys",
                    id="house.E002",
                )
            )
    if len(settings.INDEX_KEY) < 32:
        problems.append(
            Error(
                "INDEX_KEY is shorter than 32 characters: its digests could be guessed.",
                hint="Make one with: python -m config.keys",
                id="house.E003",
            )
        )
    return problems


@register()
def every_scheduled_task_exists(**_: Any) -> list[CheckMessage]:
    """A name in the schedule that no app registers would be sent every minute and never run."""
    app.autodiscover_tasks(force=True)
    return [
        Error(
            f"The schedule names {row.task}, and no app has such a task.",
            hint="Mend the name in config/celery.py or write the task.",
            id="house.E004",
        )
        for row in SCHEDULE
        if row.task not in app.tasks
    ]
