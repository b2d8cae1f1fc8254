"""What a line of the table of addresses says."""

from dataclasses import dataclass, field
from typing import Any

from accounts.rules import Ability

SEE, WORK, REVEAL = Ability.SEE_CASES, Ability.WORK_CASES, Ability.REVEAL_NUMBERS
EXPORT, SUPERVISE, FIGURES = Ability.EXPORT, Ability.SUPERVISE, Ability.SEE_FIGURES
CALLS, SUPPLY, STOCK = Ability.TAKE_CALLS, Ability.WORK_SUPPLIES, Ability.KEEP_STOCK
COUNSEL, HANDLE = Ability.COUNSEL, Ability.HANDLE_COMPLAINTS
Needs = Ability | tuple[Ability, ...]


@dataclass(frozen=True, slots=True)
class Door:
    """What one address asks of whoever comes."""

    needs: Ability | tuple[Ability, ...] | str | None
    """An ability, or any of several; "login": any account; None: open to everybody."""
    get: bool = True
    post: bool = False
    names: str = ""
    """The record of Alice's community that the address names, "" where it names none."""
    form: dict[str, Any] | None = None
    query: dict[str, str] | None = None
    api: bool = False
    post_needs: Ability | None = None
    """Where a POST asks for another ability than a GET."""
    path: dict[str, str] = field(default_factory=dict)
    """What else stands in the path; `{kind}` is the key of that record, or its text."""
    near: bool = False
    """The record serves the whole county: the neighbour sees it, too."""
    csrf: bool = True
    """Whether a form that was not drawn here is refused: behind a private link the address is the secret."""


def read(needs: Needs, names: str = "", **more: Any) -> Door:
    """A page that is read."""
    return Door(needs, names=names, **more)


def act(needs: Needs, names: str = "", **form: Any) -> Door:
    """A verb: POST only."""
    return Door(needs, get=False, post=True, names=names, form=form)


def both(needs: Needs, names: str = "", *, path: dict[str, str] | None = None, **form: Any) -> Door:
    """A page with a form."""
    return Door(needs, post=True, names=names, form=form, path=path or {})


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
    shared: bool = False
    """The record holds for every area: supervisors of another county see it."""
    above_all: bool = False
    """Only whoever stands above all communities writes it."""
