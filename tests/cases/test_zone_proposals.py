"""Wider zones: proposed by one office, decided by one above it, sealed only then (N三(二))."""

import datetime as dt
from collections.abc import Callable

import pytest

from accounts.models import Area, User
from accounts.rules import Role
from tests.builders import staff
from tests.cases.pages import reader
from tests.cases.zone_places import infection, november, unit, wider
from zones.models import UnitSeal, ZoneProposal
from zones.rules import Decision

TheDay = Callable[[dt.date], None]
pytestmark = pytest.mark.django_db
LIST = "/zones/proposals/"


@pytest.fixture
def wei(county: Area) -> User:
    """The supervisor of the county, above the street."""
    return staff("wei", county, Role.SUPERVISOR, last_name="魏", first_name="国强")


@pytest.fixture
def proposal(home: Area, carol: User, wei: User, the_day: TheDay) -> ZoneProposal:
    """Carol's street asks for 5号楼, where nobody stayed; it lapses on the 18th; today is the 13th."""
    the_day(november(13))
    found = infection(carol, unit(home), label="病例1")
    made = wider(carol, found, unit(home, "5号楼"))
    assert made is not None
    return made


def page(proposal: ZoneProposal) -> str:
    return f"{LIST}{proposal.pk}/"


def decide(user: User, proposal: ZoneProposal, decision: str, reason: str = "") -> object:
    return reader(user).post(
        f"{page(proposal)}decide/", {"decision": decision, "reason": reason}, follow=True
    )


def test_it_waits_in_the_list_of_whoever_can_decide(
    alice: User, bob: User, carol: User, wei: User, proposal: ZoneProposal
) -> None:
    assert ">Decide</a>" in reader(wei).get(LIST).content.decode()
    for user in (alice, carol):
        text = reader(user).get(LIST).content.decode()
        assert "5号楼" in text
        assert ">Decide</a>" not in text
    assert "5号楼" not in reader(bob).get(LIST).content.decode()
    assert 'class="n late">1<' in reader(wei).get("/zones/").content.decode()


def test_the_page_shows_the_facts_and_to_whom_it_belongs(
    alice: User, bob: User, carol: User, wei: User, proposal: ZoneProposal
) -> None:
    text = reader(wei).get(page(proposal)).content.decode()
    for said in ("传播链不清", "the risk of transmission is unclear", "病例1", "王建平", "Approve and seal"):
        assert said in text, said
    told = reader(carol).get(page(proposal)).content.decode()
    assert "Approve and seal" not in told
    assert "Only a supervisor of an area above 锦绣街道 decides" in told
    assert "魏国强" in told
    assert reader(bob).get(page(proposal)).status_code == 404


def test_an_approval_seals_at_once_and_is_named(
    alice: User, wei: User, proposal: ZoneProposal, home: Area
) -> None:
    answer = decide(wei, proposal, "approve")
    proposal.refresh_from_db()
    assert proposal.decision == Decision.APPROVED
    assert proposal.zone is not None
    assert answer.redirect_chain[-1][0] == f"/zones/{proposal.zone_id}/"  # type: ignore[attr-defined]
    assert UnitSeal.objects.get().release_on == november(18)
    text = reader(alice).get(f"/zones/{proposal.zone_id}/").content.decode()
    assert "魏国强" in text
    assert "传播链不清" in text


def test_approving_twice_seals_once(wei: User, proposal: ZoneProposal) -> None:
    decide(wei, proposal, "approve")
    again = decide(wei, proposal, "approve")
    assert "decided already; nothing changed" in again.content.decode()  # type: ignore[attr-defined]
    assert UnitSeal.objects.count() == 1


def test_a_refusal_needs_a_reason_and_seals_nothing(wei: User, carol: User, proposal: ZoneProposal) -> None:
    refused = decide(wei, proposal, "refuse")
    assert refused.status_code == 422  # type: ignore[attr-defined]
    decide(wei, proposal, "refuse", "范围已清楚")
    proposal.refresh_from_db()
    assert proposal.decision == Decision.REFUSED
    assert not UnitSeal.objects.exists()
    assert "范围已清楚" in reader(carol).get(page(proposal)).content.decode()


def test_the_own_office_does_not_decide(
    alice: User, carol: User, next_door: Area, street: Area, proposal: ZoneProposal
) -> None:
    beside = staff("deputy", street, Role.SUPERVISOR)
    for user in (carol, beside):
        answer = decide(user, proposal, "approve")
        assert answer.status_code == 422  # type: ignore[attr-defined]
        assert "above that of the proposer" in answer.content.decode()  # type: ignore[attr-defined]
    assert decide(alice, proposal, "approve").status_code == 403  # type: ignore[attr-defined]
    neighbour = staff("boss", next_door, Role.SUPERVISOR)
    assert decide(neighbour, proposal, "approve").status_code == 404  # type: ignore[attr-defined]
    assert not UnitSeal.objects.exists()


def test_it_lapses_when_nothing_would_be_left_to_seal(
    wei: User, proposal: ZoneProposal, the_day: TheDay
) -> None:
    the_day(november(17))
    assert "Approve and seal" in reader(wei).get(page(proposal)).content.decode()
    the_day(november(18))
    text = reader(wei).get(page(proposal)).content.decode()
    assert "Lapsed on 11-18" in text
    assert "Approve and seal" not in text
    assert decide(wei, proposal, "approve").status_code == 422  # type: ignore[attr-defined]
    assert not UnitSeal.objects.exists()
    assert 'class="n late">1<' not in reader(wei).get("/zones/").content.decode()
