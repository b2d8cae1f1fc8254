"""No supervisor gets into the office that judges the own one: not by accounts, keys, nor the tree."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.actions import place_office, reveal
from accounts.models import ApiToken, Area, Office, User
from accounts.rules import Department, Level, Role
from complaints.actions import supervising
from complaints.models import Complaint
from tests.builders import area, noon
from tests.complaints.cast import TODAY, Cast, cast_of, filed, office, officer
from tests.scope.conftest import admitted

pytestmark = pytest.mark.django_db
Login = Callable[[User], Client]
NOON = noon(TODAY)
ROLES = {"posts-TOTAL_FORMS": "0", "posts-INITIAL_FORMS": "0"}
PASSWORD = {"usable_password": "true", "password1": "a-long-passphrase-7", "password2": "a-long-passphrase-7"}


@pytest.fixture
def cast(home: Area, next_door: Area, county: Area, the_day: Callable[..., Any]) -> Cast:
    """The offices of the county and of the next one, on the day of the complaints."""
    the_day(TODAY)
    assert county.parent is not None
    return cast_of(home, area("海淀区", Level.COUNTY, "110108", county.parent))


@pytest.fixture
def hanna(cast: Cast) -> User:
    """The supervisor of the county's health office, which the task force of the same county judges."""
    return admitted(officer("hanna", office(cast.county, Department.HEALTH), Role.SUPERVISOR))


def change(browser: Client, user: User, **fields: Any) -> Any:
    facts = {
        "username": user.username,
        "area": user.area_id,
        "office": user.office_id or "",
        "is_active": "1",
    }
    address = reverse("admin:accounts_user_change", args=[user.pk])
    return browser.post(address, facts | {"is_staff": "1"} | ROLES | fields)


def test_nobody_joins_the_office_that_judges_the_own_one(cast: Cast, hanna: User, as_user: Login) -> None:
    browser, own = as_user(hanna), hanna.office
    task_force = office(cast.county, Department.TASK_FORCE)
    for wanted in (task_force.pk, office(cast.county).pk):
        answer = change(browser, hanna, office=wanted)
        assert answer.status_code == 200
        assert "office" in answer.context["adminform"].form.errors
    assert change(browser, hanna, office="").status_code == 302  # it would be the county's administration
    hanna.refresh_from_db()
    assert hanna.office == own
    offered = browser.get(reverse("admin:accounts_user_change", args=[hanna.pk])).content.decode()
    assert task_force.name not in offered


def test_a_new_account_of_the_own_area_works_at_the_own_office(
    cast: Cast, hanna: User, as_user: Login
) -> None:
    facts = {"username": "newcomer", "area": cast.county.pk} | PASSWORD | ROLES
    as_user(hanna).post(reverse("admin:accounts_user_add"), facts)
    assert User.objects.get(username="newcomer").office == hanna.office


def test_accounts_and_keys_of_offices_beside_and_above_are_not_there(
    cast: Cast, hanna: User, as_user: Login
) -> None:
    browser = as_user(hanna)
    above = officer("government", office(cast.county))
    above.office = None  # works at the administration without its being named
    above.save()
    for user in (cast.task_force, above):
        for name in ("admin:accounts_user_change", "admin:auth_user_password_change"):
            assert browser.get(reverse(name, args=[user.pk])).status_code == 404
        answer = browser.post(reverse("admin:accounts_apitoken_add"), {"user": user.pk, "name": "x"})
        assert answer.status_code == 200
    assert not ApiToken.objects.exists()
    token = ApiToken.issue(cast.task_force, "12345")[0]
    assert browser.get(reverse("admin:accounts_apitoken_change", args=[token.pk])).status_code == 404
    for user in (cast.health, cast.street, cast.community):  # the own one, and the areas below
        assert browser.get(reverse("admin:accounts_user_change", args=[user.pk])).status_code == 200


def test_the_tree_can_not_be_turned_over(cast: Cast, hanna: User, as_user: Login) -> None:
    browser, own = as_user(hanna), office(cast.county, Department.HEALTH)
    task_force, street = office(cast.county, Department.TASK_FORCE), office(cast.home.line[Level.STREET])
    before = list(Office.objects.order_by("pk").values_list("path", flat=True))
    for moved, parent in (
        (task_force, own),
        (own, office(cast.county)),
        (street, own),
        (office(cast.county, Department.EDUCATION), own),
    ):
        fields = {"name": moved.name, "parent": parent.pk, "duty_phone": ""}
        browser.post(reverse("admin:accounts_office_change", args=[moved.pk]), fields)
    assert list(Office.objects.order_by("pk").values_list("path", flat=True)) == before


def test_the_outside_desk_is_staffed_by_the_installation_alone(cast: Cast, as_user: Login) -> None:
    outside = Office(name="外部受理台", area=cast.county, department=Department.OUTSIDE)
    place_office(outside)
    boss = admitted(officer("boss", office(cast.county), Role.SUPERVISOR))
    assert change(as_user(boss), boss, office=outside.pk).status_code == 200
    boss.refresh_from_db()
    assert boss.office == office(cast.county)
    root = User.objects.create_superuser("root", password="a-long-passphrase-7")
    assert change(as_user(root), cast.neighbour, area=cast.county.pk, office=outside.pk).status_code == 302
    cast.neighbour.refresh_from_db()
    assert cast.neighbour.office == outside


def test_the_log_of_reveals_does_not_tell_that_there_is_a_complaint(cast: Cast, as_user: Login) -> None:
    complaint = filed(cast.home).complaint
    reveal(
        subject=f"complaint:{complaint.pk}",
        fields_shown=["name"],
        community=complaint.area,
        by=cast.task_force,
        at=NOON,
        address=None,
    )
    boss = admitted(officer("streetboss", office(cast.home.line[Level.STREET]), Role.SUPERVISOR))
    page = as_user(boss).get(reverse("admin:accounts_reveal_changelist")).content.decode()
    assert "complaint:" not in page


def test_the_addressee_of_an_order_reads_no_more_in_the_admin_site_than_on_its_page(
    cast: Cast, as_user: Login
) -> None:
    complaint = filed(cast.home).complaint
    street = office(cast.home.line[Level.STREET])
    cast.task_force.last_name = "欧阳承办"
    cast.task_force.save()
    order = supervising.issue_order(
        complaint=Complaint.objects.get(pk=complaint.pk),
        to=street,
        text="今天内拆除。",
        due_at=NOON.replace(hour=20),
        token="an-order",
        by=cast.task_force,
        at=NOON,
    )
    supervising.report(order=order, text="已拆除。", by=cast.street, at=NOON)
    supervising.verify_order(order=order, text="回访住户，确已拆除。", by=cast.task_force, at=NOON)
    address = reverse("admin:complaints_supervisionorder_change", args=[order.pk])
    read = as_user(admitted(officer("streetboss", street, Role.SUPERVISOR))).get(address).content.decode()
    for word in ("回访住户", "欧阳承办", complaint.number):
        assert word not in read
    assert "已拆除。" in read
    above = admitted(officer("county", office(cast.county), Role.SUPERVISOR))
    read = as_user(above).get(address).content.decode()
    for word in ("回访住户", "欧阳承办", complaint.number):
        assert word in read
