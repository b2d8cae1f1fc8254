"""manage.py deliver_messages [--dry-run]: what the task `notices.tasks.deliver` does every minute."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from notices.tasks import deliver_due


class Command(BaseCommand):
    """Send the messages that are due, by every channel that is switched on."""

    help = "Send the messages that are due. Safe while the worker does the same."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="only say what would be sent")

    def handle(self, *args: Any, **options: Any) -> None:
        dry_run = options["dry_run"]
        delivery = deliver_due(dry_run=dry_run)
        for (channel, outcome), number in sorted(delivery.tally.items()):
            self.stdout.write(f"{channel}: {number} {'would be ' if dry_run else ''}{outcome}")
        if not delivery.tally:
            self.stdout.write("nothing is due")
