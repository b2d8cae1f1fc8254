"""Contacts through the page: what each obstacle says at its row, while the good rows go through."""

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from accounts.models import Area, User
from accounts.rules import Role
from cases.actions.infections import InfectionFacts, report_infection
from cases.actions.registration import list_person
from cases.models import Contact, Episode, Ground, ImportBatch, Infection, Person
from tests.builders import entry, episode, noon, resident_id, staff
from tests.cases import lists
from tests.cases.pages import reader
from zones.rules import FoundWhere

pytestmark = pytest.mark.django_db

TODAY = dt.date(2022, 11, 15)
DOUBTFUL = resident_id(5)[:17] + ("1" if resident_id(5)[17] != "1" else "2")


@pytest.fixture(autouse=True)
def _today(the_day: Callable[[dt.date], object]) -> None:
    the_day(TODAY)


@pytest.fixture
def infection(alice: User, home: Area) -> Infection:
    patient = list_person(entry(home, name="林小满", phone="13811110000").facts, by=alice, at=noon(TODAY))
    facts = InfectionFacts("病例1", TODAY, FoundWhere.COMMUNITY, person=patient)
    return report_infection(community=home, facts=facts, by=alice, at=noon(TODAY))


def send(user: User, infection: Infection, *rows: dict[str, Any], **shared: Any) -> HttpResponse:
    """Write these rows, as the page sends them after a paste."""
    form = {"last_exposure_on": "2022-11-14", "line-count": str(len(rows)), "act": "write"} | shared
    for number, row in enumerate(rows):
        form |= {f"line-{number}-{name}": value for name, value in row.items()}
    return reader(user).post(reverse("infection-contacts", args=[infection.pk]), form)  # type: ignore[return-value]


def text(answer: HttpResponse) -> str:
    return answer.content.decode()


GOOD = {"name": "王小明", "phone": "13822220001"}


# ── what a row may be refused for ────────────────────────────────────────────────────────────────


def test_the_infected_person_is_nobodys_contact_and_the_others_go_through(
    alice: User, infection: Infection
) -> None:
    answer = send(alice, infection, {"name": "林小满", "phone": "13811110000"}, GOOD)
    assert answer.status_code == 422
    assert "nobody is their own contact" in text(answer)
    assert [contact.person.name for contact in Contact.objects.all()] == ["王小明"]
    assert 'value="13811110000"' in text(answer), "the refused row stays as it was typed"
    assert 'value="13822220001"' not in text(answer), "what was written is not offered once more"
    assert not Episode.objects.filter(person=infection.person).exists()


def test_whom_another_community_holds_is_asked_for_and_not_shown(
    alice: User, bob: User, next_door: Area, infection: Infection
) -> None:
    held = episode(bob, name="钱多多", phone="13811112222", door="9909")
    answer = send(alice, infection, {"name": "钱多多", "phone": "13811112222"})
    assert answer.status_code == 422
    assert next_door.name in text(answer)
    assert f"{reverse('handover-offer')}?reference=" in text(answer)
    assert "9909" not in text(answer)
    assert f"/episodes/{held.pk}/" not in text(answer)
    assert not Contact.objects.exists()


def test_a_doubtful_number_is_written_once_it_was_compared(alice: User, infection: Infection) -> None:
    row = {"name": "李四", "id_number": DOUBTFUL}
    asked = send(alice, infection, row)
    assert asked.status_code == 422
    assert 'name="line-0-confirmed"' in text(asked)
    assert not Contact.objects.exists()
    assert send(alice, infection, row | {"confirmed": "on"}).status_code == 200
    assert Contact.objects.get().person.id_number == DOUBTFUL


def test_a_date_in_no_calendar_stays_at_its_row(alice: User, infection: Infection) -> None:
    answer = send(alice, infection, GOOD | {"on": "2022-11-31"}, {"name": "李四", "phone": "13822220002"})
    assert answer.status_code == 422
    assert 'value="2022-11-31"' in text(answer)
    assert [contact.person.name for contact in Contact.objects.all()] == ["李四"]


def test_without_a_date_nothing_is_written_and_nothing_lost(alice: User, infection: Infection) -> None:
    answer = send(alice, infection, GOOD, last_exposure_on="")
    assert answer.status_code == 422
    assert 'value="王小明"' in text(answer)
    assert not Contact.objects.exists()


def test_nobody_chosen_is_said(alice: User, infection: Infection) -> None:
    answer = send(alice, infection)
    assert answer.status_code == 422
    assert "Please tick somebody" in text(answer)


def test_whoever_only_reads_enters_nobody(home: Area, infection: Infection) -> None:
    assert send(staff("rita", home, Role.ANALYST), infection, GOOD).status_code == 403
    assert not Contact.objects.exists()


def test_the_neighbour_enters_nobody(bob: User, infection: Infection) -> None:
    assert send(bob, infection, GOOD).status_code == 404
    assert not Contact.objects.exists()


# ── what an exposure does ────────────────────────────────────────────────────────────────────────


def test_an_earlier_exposure_is_on_record_and_moves_nothing(alice: User, infection: Infection) -> None:
    held = episode(alice, name="王小明", phone="13822220001")
    answer = send(alice, infection, GOOD | {"on": "2022-11-10"})
    assert answer.status_code == 200
    contact = Contact.objects.get()
    assert (contact.person, contact.last_exposure_on, contact.ground) == (
        held.person,
        dt.date(2022, 11, 10),
        None,
    )
    before = held.release_on
    held.refresh_from_db()
    assert held.release_on == before
    assert Ground.objects.filter(episode=held).count() == 1


def test_the_same_rows_twice_are_one_contact(alice: User, infection: Infection) -> None:
    for _ in range(2):
        send(alice, infection, GOOD)
    assert Contact.objects.count() == Episode.objects.count() == Person.objects.filter(name="王小明").count()
    assert Contact.objects.count() == 1


def test_a_row_keeps_home_kind_and_remark(alice: User, infection: Infection) -> None:
    row = {"building": "5号楼", "unit": "2单元", "door": "301", "kind": "meal", "rest": "坐轮椅"}
    send(alice, infection, GOOD | row)
    contact = Contact.objects.get()
    assert (str(contact.person.unit), contact.person.door) == ("锦绣花园 5号楼2单元", "301")
    assert (contact.kind, contact.person.remarks) == ("meal", "坐轮椅")


# ── by a list ────────────────────────────────────────────────────────────────────────────────────


def upload(browser: Client, infection: Infection, rows: list[dict[str, Any]], **table: Any) -> ImportBatch:
    """The batch of a list that was begun from the page of the infection, taken over."""
    form = {"file": lists.uploaded(lists.workbook(lists.table(rows, **table))), "registered_on": "2022-11-15"}
    answer = browser.post(f"{reverse('import')}?infection={infection.pk}", form)
    assert answer.status_code == 302, answer.content.decode()
    batch = ImportBatch.objects.latest("pk")
    browser.post(reverse("import-commit", args=[batch.pk]))
    return batch


def test_a_list_begun_from_the_infection_names_it_where_a_row_names_nobody(
    alice: User, infection: Infection
) -> None:
    rows = [
        lists.person(1),
        lists.person(2, 关联感染者="病例7"),
        lists.person(3, 人员类别="入境人员", 末次暴露日期=None, 入境日期="2022-11-14"),
    ]
    upload(reader(alice), infection, rows)
    named = {
        ground.episode.person.name: ground.infection.label if ground.infection else ""
        for ground in Ground.objects.select_related("episode__person", "infection")
    }
    assert named == {lists.name(1): "病例1", lists.name(2): "病例7", lists.name(3): ""}
    assert infection.contacts.get().person.name == lists.name(1)


def test_a_list_without_the_column_gets_it(alice: User, infection: Infection) -> None:
    header = [heading for heading in lists.HEADER if heading != "关联感染者"]
    upload(reader(alice), infection, [lists.person(1)], header=header)
    assert infection.contacts.get().person.name == lists.name(1)


def test_the_page_of_the_import_says_whose_contacts_they_are(alice: User, infection: Infection) -> None:
    page = reader(alice).get(reverse("import"), {"infection": infection.pk}).content.decode()
    assert "病例1" in page
    assert reverse("infection-contacts", args=[infection.pk]) in page


def test_a_list_is_not_begun_from_a_neighbours_infection(bob: User, infection: Infection) -> None:
    assert reader(bob).get(reverse("import"), {"infection": infection.pk}).status_code == 404


def test_a_contacts_contact_is_refused_at_its_row(alice: User, infection: Infection) -> None:
    episode(alice, name="王小明", phone="13822220001")
    batch = upload(reader(alice), infection, [lists.person(1, 关联感染者="王小明"), lists.person(2)])
    batch.refresh_from_db()
    assert batch.counts["refused"] == 1
    page = reader(alice).get(reverse("import-preview", args=[batch.pk])).content.decode()
    assert "二(二)" in page
    assert [contact.person.name for contact in infection.contacts.all()] == [lists.name(2)]
