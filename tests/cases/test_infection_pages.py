"""The pages of infections: report, correct, place, contacts by tick and by paste, the judgement of spread."""

import datetime as dt
from collections.abc import Callable

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from accounts.models import Area, User
from cases.actions.infections import InfectionFacts, report_infection
from cases.actions.registration import list_person
from cases.models import Contact, Episode, Infection, InfectionStay, Person
from tests.builders import entry, episode, noon
from tests.cases import lists
from zones.models import Compound
from zones.rules import FoundWhere

pytestmark = pytest.mark.django_db

Login = Callable[[User], Client]


def november(day: int) -> dt.date:
    return dt.date(2022, 11, day)


@pytest.fixture(autouse=True)
def _today(the_day: Callable[[dt.date], object]) -> None:
    the_day(november(15))


@pytest.fixture
def patient(alice: User, home: Area) -> Person:
    return list_person(entry(home, name="林小满", phone="13811110000").facts, by=alice, at=noon(november(14)))


@pytest.fixture
def neighbour(alice: User, home: Area) -> Person:
    facts = entry(home, name="何同住", phone="13811110001").facts
    return list_person(facts, by=alice, at=noon(november(14)))


@pytest.fixture
def infection(alice: User, home: Area, patient: Person) -> Infection:
    facts = InfectionFacts("病例1", november(15), FoundWhere.COMMUNITY, person=patient)
    return report_infection(community=home, facts=facts, by=alice, at=noon(november(15)))


class TestReporting:
    def test_a_person_is_looked_up_and_nothing_typed_is_lost(
        self, as_user: Login, alice: User, patient: Person
    ) -> None:
        typed = {"who": "林小满", "found_on": "2022-11-15", "found_where": "community", "remarks": "发热"}
        looked = as_user(alice).post("/infections/new/", {**typed, "act": "find"})
        assert looked.status_code == 200
        assert f'value="{patient.pk}"' in looked.content.decode()
        assert "发热" in looked.content.decode()
        assert not Infection.objects.exists()
        saved = as_user(alice).post("/infections/new/", {**typed, "person": patient.pk, "sure": "1"})
        made = Infection.objects.get()
        assert saved.headers["Location"] == f"/infections/{made.pk}/"
        assert (made.person, made.label, made.remarks) == (patient, "20221115-1", "发热")
        assert made.stays.get().unit == patient.unit

    def test_times_in_the_wrong_order_stand_at_their_field(self, as_user: Login, alice: User) -> None:
        answer = as_user(alice).post(
            "/infections/new/",
            {
                "label": "病例7",
                "found_on": "2022-11-15",
                "found_where": "community",
                "sampled_at": "2022-11-15T09:00",
                "resulted_at": "2022-11-15T08:00",
            },
        )
        assert answer.status_code == 422
        assert "id_resulted_at_error" in answer.content.decode()
        assert 'value="病例7"' in answer.content.decode()

    def test_it_is_corrected_and_found_again(self, as_user: Login, alice: User, infection: Infection) -> None:
        client = as_user(alice)
        client.post(
            f"/infections/{infection.pk}/edit/",
            {
                "found_on": "2022-11-15",
                "found_where": "community",
                "ct": "31.5",
                "person": infection.person_id,
            },
        )
        infection.refresh_from_db()
        assert (str(infection.ct), infection.label) == ("31.5", "病例1")
        answer = client.post("/infections/", {"q": "林小满"}, follow=True)
        assert "林小满" not in answer.redirect_chain[0][0]
        assert "病例1" in answer.content.decode()

    def test_what_is_late_is_named_in_the_list(
        self,
        as_user: Login,
        alice: User,
        infection: Infection,
        the_day: Callable[[dt.date], object],
    ) -> None:
        client = as_user(alice)
        assert "病例1" not in client.get("/infections/?tab=late").content.decode()
        the_day(november(17))
        page = as_user(alice).get("/infections/?tab=late").content.decode()
        assert "病例1" in page
        assert "48" in page

    def test_the_neighbour_sees_nothing(self, as_user: Login, bob: User, infection: Infection) -> None:
        for path in ("", "edit/", "contacts/"):
            assert as_user(bob).get(f"/infections/{infection.pk}/{path}").status_code == 404
        assert "病例1" not in as_user(bob).get("/infections/?tab=all").content.decode()


class TestPlaces:
    def test_a_workplace_is_added_once_and_taken_back(
        self, as_user: Login, alice: User, infection: Infection
    ) -> None:
        form = {
            "purpose": "work",
            "compound": "云栖大厦",
            "building": "A座",
            "from_on": "2022-11-12",
            "to_on": "2022-11-14",
        }
        client = as_user(alice)
        for _ in range(2):
            assert client.post(f"/infections/{infection.pk}/stays/", form).status_code == 303
        stay = InfectionStay.objects.get(infection=infection, purpose="work")
        assert str(stay.unit) == "云栖大厦 A座"
        client.post(f"/infections/stays/{stay.pk}/remove/")
        assert not InfectionStay.objects.filter(pk=stay.pk).exists()

    def test_dates_in_the_wrong_order_keep_what_was_typed(
        self, as_user: Login, alice: User, infection: Infection
    ) -> None:
        form = {"purpose": "work", "compound": "云栖大厦", "building": "A座"}
        dates = {"from_on": "2022-11-14", "to_on": "2022-11-12"}
        answer = as_user(alice).post(f"/infections/{infection.pk}/stays/", form | dates)
        assert answer.status_code == 422
        assert 'value="云栖大厦"' in answer.content.decode()
        assert not Compound.objects.filter(name="云栖大厦").exists()

    def test_the_neighbour_removes_nothing(self, as_user: Login, bob: User, infection: Infection) -> None:
        stay = infection.stays.get()
        assert as_user(bob).post(f"/infections/stays/{stay.pk}/remove/").status_code == 404
        assert infection.stays.count() == 1


class TestContacts:
    def test_who_is_ticked_is_registered_with_the_shared_date(
        self, as_user: Login, alice: User, infection: Infection, neighbour: Person
    ) -> None:
        client = as_user(alice)
        page = client.get(f"/infections/{infection.pk}/contacts/").content.decode()
        assert f'name="person-{neighbour.pk}-ticked"' in page
        form = {"last_exposure_on": "2022-11-14", f"person-{neighbour.pk}-ticked": "on", "act": "write"}
        assert client.post(f"/infections/{infection.pk}/contacts/", form).status_code == 200
        contact = Contact.objects.get()
        assert (contact.person, contact.kind) == (neighbour, "household")
        saved = Episode.objects.get(person=neighbour)
        assert saved.release_on == november(23)
        assert saved.grounds.get().infection == infection
        client.post(f"/infections/{infection.pk}/contacts/", form)
        assert Contact.objects.count() == Episode.objects.count() == 1

    def test_pasted_lines_are_shown_first_and_the_good_ones_go_through(
        self, as_user: Login, alice: User, infection: Infection
    ) -> None:
        client = as_user(alice)
        lines = "1. 王小明 13822220001 4号楼1单元1204 11月13日 同事\n刘缺名,13822220002"
        shown = client.post(
            f"/infections/{infection.pk}/contacts/", {"last_exposure_on": "2022-11-14", "lines": lines}
        )
        page = shown.content.decode()
        assert 'value="王小明"' in page
        assert 'value="2022-11-13"' in page
        assert not Contact.objects.exists()
        form = {
            "last_exposure_on": "2022-11-14",
            "line-count": "2",
            "line-0-name": "王小明",
            "line-0-phone": "13822220001",
            "line-0-building": "4号楼",
            "line-0-unit": "1单元",
            "line-0-door": "1204",
            "line-0-on": "2022-11-13",
            "line-0-kind": "work",
            "line-1-phone": "13822220002",
            "act": "write",
        }
        answer = client.post(f"/infections/{infection.pk}/contacts/", form)
        contact = Contact.objects.get()
        assert (contact.person.name, contact.last_exposure_on, contact.kind) == (
            "王小明",
            november(13),
            "work",
        )
        assert answer.status_code == 422  # the line without a name stays, with a sentence
        assert 'value="13822220002"' in answer.content.decode()

    def test_a_line_is_left_out_and_what_is_too_much_stays_to_be_read(
        self, as_user: Login, alice: User, infection: Infection
    ) -> None:
        client = as_user(alice)
        address = f"/infections/{infection.pk}/contacts/"
        form = {
            "last_exposure_on": "2022-11-14",
            "line-count": "1",
            "line-0-name": "王小明",
            "line-0-phone": "13822220001",
            "line-0-left_out": "on",
            "act": "write",
        }
        assert client.post(address, form).status_code == 422
        assert not Contact.objects.exists()
        many = "\n".join(f"张三 139{number:08d}" for number in range(203))
        page = client.post(address, {"last_exposure_on": "2022-11-14", "lines": many}).content.decode()
        assert page.count('-name" value="张三"') == 200
        assert "13900000202" in page

    def test_a_later_exposure_moves_the_end_and_names_the_infection(
        self, as_user: Login, alice: User, infection: Infection
    ) -> None:
        held = episode(alice, name="王小明", phone="13822220001", anchor_on=november(12))
        form = {
            "last_exposure_on": "2022-11-14",
            "line-count": "1",
            "line-0-name": "王小明",
            "line-0-phone": "13822220001",
            "act": "write",
        }
        page = as_user(alice).post(f"/infections/{infection.pk}/contacts/", form).content.decode()
        assert "11-21" in page
        assert "11-23" in page
        held.refresh_from_db()
        assert held.release_on == november(23)
        assert held.events.filter(kind="ground_added", details__infection=infection.pk).count() == 1

    def test_a_list_taken_from_its_page_names_the_infection(
        self, as_user: Login, alice: User, bob: User, infection: Infection
    ) -> None:
        entrant = {"人员类别": "入境人员", "末次暴露日期": None, "入境日期": "2022-11-14"}
        rows = [lists.person(1), lists.person(2, 关联感染者="病例7"), lists.person(3, **entrant)]
        book = lists.workbook(lists.table(rows))
        name = "名单.xlsx"
        address = f"/import/?infection={infection.pk}"
        upload = {"file": SimpleUploadedFile(name, book), "registered_on": "2022-11-15"}
        assert as_user(bob).get(address).status_code == 404
        client = as_user(alice)
        preview = client.post(address, upload)
        client.post(f"{preview.headers['Location']}commit/")
        named = Contact.objects.values_list("person__name", "infection__label")
        assert dict(named) == {lists.name(1): "病例1", lists.name(2): "病例7"}
        assert Episode.objects.count() == 3

    def test_a_retracted_infection_has_no_contacts(
        self, as_user: Login, alice: User, carol: User, infection: Infection, neighbour: Person
    ) -> None:
        as_user(carol).post(f"/infections/{infection.pk}/retract/")
        form = {"last_exposure_on": "2022-11-14", f"person-{neighbour.pk}-ticked": "on", "act": "write"}
        answer = as_user(alice).post(f"/infections/{infection.pk}/contacts/", form)
        assert answer.status_code == 422
        assert "二(二)" in answer.content.decode()
        assert not Contact.objects.exists()

    def test_a_contact_who_lives_elsewhere_has_no_name_here(
        self, as_user: Login, alice: User, bob: User, next_door: Area, infection: Infection
    ) -> None:
        far = list_person(
            entry(next_door, name="远方人", phone="13833330000").facts, by=bob, at=noon(november(15))
        )
        Contact.objects.create(
            infection=infection,
            person=far,
            last_exposure_on=november(14),
            kind="work",
            judged_at=noon(november(15)),
        )
        page = as_user(alice).get(f"/infections/{infection.pk}/").content.decode()
        assert "远方人" not in page
        assert "11-14" in page

    def test_judged_is_ticked_once(self, as_user: Login, alice: User, infection: Infection) -> None:
        for _ in range(2):
            as_user(alice).post(f"/infections/{infection.pk}/judged/")
        infection.refresh_from_db()
        assert infection.contacts_judged_by == alice


class TestTheJudgementOfSpread:
    def test_found_at_home_it_is_answered_in_full(
        self, as_user: Login, alice: User, home: Area, patient: Person
    ) -> None:
        facts = InfectionFacts("病例2", november(15), FoundWhere.HOME, person=patient)
        found = report_infection(community=home, facts=facts, by=alice, at=noon(november(15)))
        client = as_user(alice)
        short = client.post(
            f"/infections/{found.pk}/spread/", {"shared_home": "父母", "conclusion": "spread"}
        )
        assert short.status_code == 422
        assert "父母" in short.content.decode()
        full = {"shared_home": "父母", "left_home": "从未", "conclusion": "spread"}
        assert client.post(f"/infections/{found.pk}/spread/", full).status_code == 303
        found.assessment.refresh_from_db()
        assert (found.assessment.conclusion, found.assessment.closed_by) == ("spread", alice)
