"""manage.py send_reminders evening|morning [--dry-run]: what the two reminder tasks do at their hour."""

import datetime as dt
from argparse import ArgumentParser
from collections.abc import Iterator
from typing import Any

from django.utils.translation import ngettext

from cases.actions import reminders
from cases.actions.reminders import Reminder
from policy.management.sweeping import SweepCommand

SEND = {
    Reminder.EVENING: reminders.send_evening_reminders,
    Reminder.MORNING: reminders.send_morning_reminders,
}


class Command(SweepCommand):
    """Put the reminders into the outbox now, whatever the hour; nobody is written the same twice."""

    help = "Remind residents and staff of tomorrow's tests (evening) or of what today brings (morning)."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("reminder", choices=[str(each) for each in Reminder])
        super().add_arguments(parser)

    def sweep(self, *, at: dt.datetime, dry_run: bool, **options: Any) -> Iterator[str]:
        reminded = SEND[Reminder(options["reminder"])](at=at, dry_run=dry_run)
        residents, offices = {"n": reminded.residents}, {"n": reminded.offices}
        if dry_run:
            yield (
                ngettext(
                    "%(n)d resident is to be reminded.",
                    "%(n)d residents are to be reminded.",
                    reminded.residents,
                )
                % residents
            )
            return
        yield (
            ngettext("%(n)d resident reminded.", "%(n)d residents reminded.", reminded.residents) % residents
        )
        yield (
            ngettext("%(n)d message to staff written.", "%(n)d messages to staff written.", reminded.offices)
            % offices
        )
