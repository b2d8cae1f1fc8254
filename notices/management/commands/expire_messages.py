"""manage.py expire_messages [--dry-run]: what the task `notices.tasks.expire` does every ten minutes."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from notices.tasks import expire_unsent
from policy import clock


class Command(BaseCommand):
    """Close the messages whose time is over."""

    help = "Close the messages that nobody sent in time; they are not sent any more."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="only say how many there are")

    def handle(self, *args: Any, **options: Any) -> None:
        dry_run = options["dry_run"]
        number = expire_unsent(at=clock.now(), dry_run=dry_run)
        self.stdout.write(f"{number} {'would expire' if dry_run else 'expired'}")
