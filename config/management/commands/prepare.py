"""What script/run does before the web starts, in one process: migrate, load the demo, name its accounts."""

import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management import BaseCommand, call_command


class Command(BaseCommand):
    """Brings the database up to date; accounts to log in with go to stdout, progress to stderr."""

    help = "Migrate, load the demo town into an empty database, and print the demo accounts."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """`--no-demo` stops after the migration."""
        parser.add_argument("--no-demo", action="store_true", help="leave the demo town out")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Do it; whatever was there is kept."""
        call_command("migrate", interactive=False, verbosity=0, stdout=sys.stderr)
        if options["no_demo"]:
            return
        call_command("demo_town", "--if-empty", stdout=sys.stderr)
        call_command("demo_town", "--accounts", stdout=self.stdout)
