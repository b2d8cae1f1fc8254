"""`manage.py revoke_token`: close the keys of an outside system."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.models import ApiToken
from policy import clock


class Command(BaseCommand):
    """Closes every open key of an account that has that name."""

    help = "Revoke the API keys that an account holds under a name; from now on they open nothing."

    def add_arguments(self, parser: CommandParser) -> None:
        """As they were given to issue_token."""
        parser.add_argument("username", help="the account")
        parser.add_argument("name", help="the system that holds the key")

    def handle(self, *args: object, username: str, name: str, **options: Any) -> None:
        """Say how many were closed; none is an error."""
        at = clock.now()
        tokens = ApiToken.objects.filter(user__username=username, name=name.strip(), revoked_at=None)
        closed = sum(token.revoke(at) for token in tokens)
        if not closed:
            raise CommandError(f"{username} has no open key named {name}.")
        self.stdout.write(f"Revoked: {closed}")
