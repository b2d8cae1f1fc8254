"""What the commands of the sweeps have in common: a dry run, the language, one instant."""

import datetime as dt
from argparse import ArgumentParser
from collections.abc import Iterator
from typing import Any

from django.core.management.base import BaseCommand
from django.utils import translation

from policy import clock


class SweepCommand(BaseCommand):
    """Does once, now, what a task does by itself. Safe while the worker does the same."""

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="only count what is due, write nothing")
        parser.add_argument("--language", choices=["zh-hans", "en"], help="default: the installation's")

    def handle(self, *args: Any, **options: Any) -> None:
        """Sweep at the present instant, and print what was done (or is due) in the reader's language."""
        with translation.override(options["language"] or translation.get_language()):
            for line in self.sweep(at=clock.now(), **options):
                self.stdout.write(line)

    def sweep(self, *, at: dt.datetime, dry_run: bool, **options: Any) -> Iterator[str]:
        """Do it; yields the lines to print."""
        raise NotImplementedError
