"""Offices in the admin site: a tree that supervisors draw below themselves, and an outside desk above."""

from django.contrib.admin.models import LogEntry
from django.urls import reverse

from accounts.models import Area, Office, User
from accounts.rules import Department, Level
from tests.admin.supervising import Login, page, post
from tests.builders import area
from tests.complaints.cast import Cast, office


def test_an_office_is_placed_in_the_tree_and_what_lies_below_moves_along(
    dora: User, cast: Cast, as_user: Login
) -> None:
    street, community = office(cast.home.line[Level.STREET]), office(cast.home)
    health = office(cast.county, Department.HEALTH)
    fields = {"name": street.name, "parent": health.pk, "duty_phone": "010-1234"}
    assert post(as_user(dora), "accounts_office_change", fields, street.pk) is None
    for each in (street, community):
        each.refresh_from_db()
        assert each.is_at_or_below(health)
    assert LogEntry.objects.filter(user=dora).exists()


def test_an_office_can_not_lie_below_itself_nor_stand_alone(dora: User, cast: Cast, as_user: Login) -> None:
    street, community = office(cast.home.line[Level.STREET]), office(cast.home)
    before = street.path
    for parent in (community.pk, street.pk, ""):
        fields = {"name": street.name, "parent": parent}
        assert "parent" in post(as_user(dora), "accounts_office_change", fields, street.pk)
    street.refresh_from_db()
    assert street.path == before


def test_what_an_office_hangs_on_above_is_not_the_own_supervisors_to_change(
    dora: User, cast: Cast, as_user: Login
) -> None:
    top = office(cast.county)
    fields = {"name": "朝阳区人民政府", "parent": "", "area": cast.home.pk, "department": "outside"}
    assert post(as_user(dora), "accounts_office_change", fields, top.pk) is None
    found = Office.objects.get(pk=top.pk)
    assert (found.name, found.parent_id, found.path) == ("朝阳区人民政府", top.parent_id, top.path)
    assert (found.area, found.department) == (cast.county, "government")


def test_offices_of_the_next_county_are_not_there(dora: User, cast: Cast, as_user: Login) -> None:
    theirs = office(Area.objects.get(code="110108"))
    browser = as_user(dora)
    assert browser.get(reverse("admin:accounts_office_change", args=[theirs.pk])).status_code == 404
    assert theirs.name not in page(browser, "accounts_office_changelist")
    fields = {"name": "新设办", "area": cast.county.pk, "department": "health", "parent": theirs.pk}
    assert "parent" in post(browser, "accounts_office_add", fields)
    fields |= {"area": theirs.area_id, "parent": office(cast.county).pk}
    assert "area" in post(browser, "accounts_office_add", fields)


def test_an_outside_desk_is_set_up_by_whoever_supervises_everything(
    dora: User, boss: User, cast: Cast, as_user: Login
) -> None:
    fields = {"name": "外部受理台", "area": cast.county.pk, "department": "outside", "parent": ""}
    assert "department" in post(as_user(dora), "accounts_office_add", fields)
    assert post(as_user(boss), "accounts_office_add", fields) is None
    assert Office.objects.get(department="outside").parent is None


def test_the_usual_offices_are_made_once_where_there_are_none(dora: User, cast: Cast, as_user: Login) -> None:
    street = cast.home.line[Level.STREET]
    made = area("柳荫社区", Level.COMMUNITY, "110105001003", street)
    elsewhere = area("中关村街道", Level.STREET, "110108001", Area.objects.get(code="110108"))
    count = Office.objects.count()
    for _each in range(2):
        answer = as_user(dora).post(reverse("admin:accounts_office_make_usual"), {"_form_submitted": "1"})
        assert answer.status_code == 204
    assert Office.objects.count() == count + 1
    assert office(made).parent == office(street)
    assert not Office.objects.filter(area=elsewhere).exists()


def test_the_account_of_the_installation_makes_offices_too(cast: Cast, as_user: Login) -> None:
    root = User.objects.create_superuser("root", password="a-long-passphrase-7")
    area("中关村街道", Level.STREET, "110108001", Area.objects.get(code="110108"))
    browser = as_user(root)
    assert "锦绣街道" in page(browser, "accounts_office_changelist")
    browser.post(reverse("admin:accounts_office_make_usual"), {"_form_submitted": "1"})
    assert Office.objects.filter(area__code="110108001").count() == 1
    assert browser.get(reverse("admin:complaints_complaint_changelist")).status_code == 403


def test_an_account_works_in_an_office_of_its_own_area(dora: User, cast: Cast, as_user: Login) -> None:
    fields = {
        "username": cast.health.username,
        "area": cast.county.pk,
        "office": office(cast.home).pk,
        "is_active": "on",
        "posts-TOTAL_FORMS": "0",
        "posts-INITIAL_FORMS": "0",
    }
    browser = as_user(dora)
    assert "office" in post(browser, "accounts_user_change", fields, cast.health.pk)
    education = office(cast.county, Department.EDUCATION)
    fields["office"] = education.pk
    assert post(browser, "accounts_user_change", fields, cast.health.pk) is None
    assert User.objects.get(pk=cast.health.pk).office == education
