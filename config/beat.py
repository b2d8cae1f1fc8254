"""The Celery app that beat runs: the schedule alone.

Beat sends tasks by their names and never runs one, so it does without Django's apps. That saves 40 MB of
the embedded default's memory (docs/decisions/0005-process-supervisor.md).
"""

import logging.config
from typing import Any

from celery import Celery
from celery.signals import setup_logging

from config.celery import fill_schedule

app = Celery("jiefeng", fixups=[])
app.config_from_object("django.conf:settings", namespace="CELERY")
app.on_after_configure.connect(fill_schedule)


@setup_logging.connect
def _log_as_the_others(**_: Any) -> None:
    from django.conf import settings

    logging.config.dictConfig(settings.LOGGING)
