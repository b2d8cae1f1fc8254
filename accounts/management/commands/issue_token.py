"""`manage.py issue_token`: a key for an outside system."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.models import ApiToken, User

LONGEST_NAME = 80
"""As the column has it."""


class Command(BaseCommand):
    """Prints the key of a new token; only its digest is stored."""

    help = "Issue an API key to an account. The key is printed once and can't be read again."

    def add_arguments(self, parser: CommandParser) -> None:
        """Whose, and for what."""
        parser.add_argument("username", help="the account whose area and roles the key has")
        parser.add_argument("name", help="the system that holds the key, for example 12345")

    def handle(self, *args: object, username: str, name: str, **options: Any) -> None:
        """The key alone on stdout, so that it can be piped into a secret store."""
        user = User.objects.filter(username=username, is_active=True).select_related("area").first()
        if user is None:
            raise CommandError(f"There is no active account named {username}.")
        if user.area is None:
            raise CommandError(f"The account {username} has no area; set it first.")
        name = name.strip()
        if not 0 < len(name) <= LONGEST_NAME:
            raise CommandError(f"The name of the system has 1 to {LONGEST_NAME} characters.")
        token, key = ApiToken.issue(user, name)
        self.stdout.write(key)
        self.stderr.write(f"Key {token.pk} for {name}, area {user.area.name}. It is not shown again.")
