"""What apps of higher floors add to the pages of people, without this app knowing them.

They register in their `ready()`; a page asks here. A piece is HTML that its maker vouches for.
"""

from collections.abc import Callable, Mapping, Sequence

from django.http import HttpRequest
from django.utils.safestring import SafeString

from cases.models import Person

Pieces = Callable[[HttpRequest, Sequence[Person]], Mapping[int, SafeString]]
"""Makes the pieces for some people at once; by the key of the person."""

_on_paper: list[Pieces] = []


def add_to_notices(pieces: Pieces) -> None:
    """Put these pieces at the top of each printed notice."""
    if pieces not in _on_paper:
        _on_paper.append(pieces)


def beside_notices(request: HttpRequest, people: Sequence[Person]) -> dict[int, list[SafeString]]:
    """What stands beside the notice of each of these people."""
    found: dict[int, list[SafeString]] = {person.pk: [] for person in people}
    for pieces in _on_paper:
        for key, piece in pieces(request, people).items():
            found[key].append(piece)
    return found
