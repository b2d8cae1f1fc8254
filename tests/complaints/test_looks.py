"""Every look is written down, by whichever door, and before anything is shown."""

from collections.abc import Callable
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from accounts.models import Reveal
from complaints.models import Look
from complaints.rules.words import LookedAt
from tests.complaints.cast import Cast
from tests.complaints.matrix_world import World, world_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("on_the_day")]
Door = Callable[[Client, World], HttpResponse]


@pytest.fixture
def world(cast: Cast) -> World:
    """Everybody, and nobody has looked yet."""
    made = world_of(cast)
    Look.objects.all().delete()
    Reveal.objects.all().delete()
    return made


def _address(name: str, **names: Any) -> Callable[[World], str]:
    return lambda world: reverse(name, kwargs=world.filled(names))


def _get(name: str, **names: Any) -> Door:
    return lambda client, world: client.get(_address(name, **names)(world))  # type: ignore[return-value]


def _post(name: str, body: dict[str, str] | None = None, **names: Any) -> Door:
    kind = {"content_type": "application/json"} if name.startswith("api-") else {}
    return lambda client, world: client.post(_address(name, **names)(world), body or {}, **kind)  # type: ignore[return-value,arg-type]


def _admin(client: Client, world: World) -> HttpResponse:
    key = world.records.complaint.pk
    return client.get(reverse("admin:complaints_complaint_change", args=[key]))  # type: ignore[return-value]


KEY, NUMBER = "{complaint.pk}", "{complaint.number}"
DOORS: dict[str, tuple[Door, LookedAt]] = {
    "the page": (_get("complaint", pk=KEY), LookedAt.CASE),
    "a form that is refused": (_post("complaint-do", pk=KEY, verb="answer"), LookedAt.CASE),
    "the API": (_get("api-complaint", number=NUMBER), LookedAt.CASE),
    "a verb of the API": (_post("api-complaint-answer", {"text": "已拆除。"}, number=NUMBER), LookedAt.CASE),
    "the admin site": (_admin, LookedAt.CASE),
    "a file": (_get("complaint-file", pk=KEY, number="{file.pk}"), LookedAt.ATTACHMENT),
    "who complained": (_post("complaint-reveal", pk=KEY), LookedAt.IDENTITY),
    "the telephone": (_post("complaint-telephone", pk=KEY), LookedAt.IDENTITY),
}


@pytest.mark.parametrize("door", DOORS)
def test_whoever_may_look_is_written_down(world: World, door: str) -> None:
    come, what = DOORS[door]
    answer = come(world.browser("handler_boss", REMOTE_ADDR="203.0.113.9"), world)
    assert answer.status_code in (200, 303, 422)
    user = world.people["handler_boss"]
    looks = Look.objects.filter(complaint=world.records.complaint, what=what)
    assert [(look.by, look.office, look.address) for look in looks] == [
        (user, user.office, "203.0.113.9")  # type: ignore[union-attr]
    ]
    revealed = Reveal.objects.filter(subject=f"complaint:{world.records.complaint.pk}", by=user)
    assert revealed.exists() is (what == LookedAt.IDENTITY)


@pytest.mark.parametrize("door", DOORS)
def test_whoever_may_not_look_leaves_none(world: World, door: str) -> None:
    for who in ("anonymous", "recused", "street_boss", "branch_boss", "neighbour_boss", "community_boss"):
        assert DOORS[door][0](world.browser(who), world).status_code in (302, 401, 403, 404)
    assert not Look.objects.exists()
    assert not Reveal.objects.exists()


def test_the_file_that_is_handed_out_is_the_one_of_the_case(world: World) -> None:
    """A file of another complaint is not there, though the reader may see that one too."""
    address = reverse("complaint-file", args=[world.records.other.pk, world.records.file.pk])
    assert world.browser("handler").get(address).status_code == 404
