"""What a line of the table of addresses says."""

from dataclasses import dataclass
from typing import Any

from accounts.rules import Ability

SEE, WORK, REVEAL = Ability.SEE_CASES, Ability.WORK_CASES, Ability.REVEAL_NUMBERS
EXPORT, SUPERVISE, FIGURES = Ability.EXPORT, Ability.SUPERVISE, Ability.SEE_FIGURES


@dataclass(frozen=True, slots=True)
class Door:
    """What one address asks of whoever comes."""

    needs: Ability | str | None
    """An ability; "login": any account; None: open to everybody."""
    get: bool = True
    post: bool = False
    names: str = ""
    """The record of Alice's community that the address names, "" where it names none."""
    form: dict[str, Any] | None = None
    query: dict[str, str] | None = None
    api: bool = False
    post_needs: Ability | None = None
    """Where a POST asks for another ability than a GET."""


def read(needs: Ability, names: str = "", **more: Any) -> Door:
    """A page that is read."""
    return Door(needs, names=names, **more)


def act(needs: Ability, names: str = "", **form: Any) -> Door:
    """A verb: POST only."""
    return Door(needs, get=False, post=True, names=names, form=form)


def api(
    needs: Ability, names: str = "", *, get: bool = True, post: Ability | None = None, **form: Any
) -> Door:
    """An address for other systems."""
    return Door(needs, get, post is not None, names, form, api=True, post_needs=post)


@dataclass(frozen=True, slots=True)
class Records:
    """The pages of one model in the admin site."""

    names: str = ""
    """The record of Alice's community whose pages are asked for; "" for what holds everywhere."""
    add: bool = False
    delete: bool = False
    installer: bool = False
    """Whether the account of the installation opens them."""
    governed: bool = False
    """Whether only whoever supervises everything adds one: it holds for everybody."""
