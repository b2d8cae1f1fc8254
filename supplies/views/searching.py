"""A search by name in a list of people: what was typed comes as a POST and stands in addresses sealed."""

from contextlib import suppress

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.http import urlencode

from accounts.encryption import decrypt, encrypt
from accounts.models import User
from cases.models import Person
from cases.models.person import PersonQuerySet

LONGEST = 80


def sealed_search(request: HttpRequest) -> HttpResponse:
    """The address of the answer: this page's own with its tab, and the words sealed."""
    words, tab = request.POST.get("q", "").strip()[:LONGEST], request.POST.get("tab", "")[:20]
    kept = {"tab": tab, "words": encrypt(words) if words else ""}
    query = urlencode({name: value for name, value in kept.items() if value})
    return HttpResponseRedirect(f"{request.path}?{query}", status=303)


def words_of(request: HttpRequest) -> str:
    """What was searched for; "" for an address of another installation, or one cut short."""
    sealed = request.GET.get("words", "")
    with suppress(ValueError):
        return decrypt(sealed).replace("\0", "") if sealed else ""  # PostgreSQL takes no NUL
    return ""


def people_found(user: User, words: str) -> PersonQuerySet:
    """People of the user's area by name, or by a whole number or its last four digits."""
    return Person.objects.visible_to(user).matching(words)
