"""What the tests of the staff's pages share: a logged-in browser that reads English."""

from django.test import Client

from accounts.models import User


def reader(user: User) -> Client:
    """A browser of that user; sentences are compared in the source language."""
    client = Client()
    client.force_login(user)
    client.cookies["django_language"] = "en"
    return client
