from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.models import Area
from accounts.rules import DEPARTMENTS, ROLE_NAMES
from desk import demo
from desk.demo_complaints import receipt_to_try
from desk.demo_supplies import link_to_try
from policy import clock


class Command(BaseCommand):
    help = "Load the demo town: areas, accounts and people at every point of a plan."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--if-empty", action="store_true", help="do nothing when there is data already")
        parser.add_argument("--accounts", action="store_true", help="only print the demo accounts")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["accounts"]:
            self._print_accounts()
            return
        if Area.objects.exists():
            if options["if_empty"]:
                return
            raise CommandError(_("There is data already; the demo town goes into an empty database only."))
        count = demo.build(at=clock.now(), on=clock.today())
        self.stdout.write(_("Demo town loaded: %(count)d people under a rule.") % {"count": count})

    def _print_accounts(self) -> None:
        areas = dict(Area.objects.values_list("code", "name"))
        for account in demo.ACCOUNTS:
            if account.area not in areas:
                return  # not the demo town
            roles = ", ".join(str(ROLE_NAMES[role]) for role in account.roles)
            office = f" ({DEPARTMENTS[account.office]})" if account.office else ""
            who = f"{''.join(account.name)} · {areas[account.area]}{office} · {roles}"
            self.stdout.write(f"  {account.username:<14}{demo.PASSWORD:<16}{who}")
        if receipt := receipt_to_try():
            words = _("a complaint to follow: number %(number)s, secret %(secret)s")
            self.stdout.write("  " + words % {"number": receipt.number, "secret": receipt.secret})
        if token := link_to_try():
            words = _("a resident's own page, without an account: %(path)s")
            self.stdout.write("  " + words % {"path": reverse("my-page", args=[token])})
