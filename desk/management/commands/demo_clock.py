import datetime as dt
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _

from policy import clock


class Command(BaseCommand):
    help = "Show or move the demo clock: web, worker and beat follow at once. Production has none."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("date", nargs="?", type=dt.date.fromisoformat, help="YYYY-MM-DD; left out: show")
        parser.add_argument("--reset", action="store_true", help="back to real time")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            if options["reset"] or options["date"]:
                clock.set_today(None if options["reset"] else options["date"])
        except PermissionError as error:
            raise CommandError(_("This installation has no demo clock.")) from error
        self.stdout.write(_("Today is %(date)s.") % {"date": clock.today()})
