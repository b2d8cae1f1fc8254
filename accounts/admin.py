"""The admin site's doors, shared by every app, and the records of accounts."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group
from django.core.paginator import Paginator
from django.db.models import ForeignKey, Model, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin, TabularInline
from unfold.decorators import action
from unfold.forms import AdminPasswordChangeForm, BaseDialogForm, UserChangeForm, UserCreationForm

from accounts.actions import ensure_offices, place_office
from accounts.models import ApiToken, Area, Office, Post, Reveal, User, staff_run_by
from accounts.rules import Ability, Department
from policy import clock

MOST_COUNTED = 10_000


class CappedPaginator(Paginator[Any]):
    """Pages that never count a whole table: beyond ten thousand rows one searches, one doesn't leaf."""

    @cached_property
    def count(self) -> int:
        """How many rows, at most `MOST_COUNTED`."""
        rows: Any = self.object_list
        return int(rows.order_by()[:MOST_COUNTED].count())


def _supervises(request: HttpRequest) -> bool:
    user = request.user
    return isinstance(user, User) and user.is_staff and user.may(Ability.SUPERVISE)


def _installs(request: HttpRequest) -> bool:
    """The account of the installation, which makes the first areas and supervisors and sees no people."""
    user = request.user
    return isinstance(user, User) and user.is_superuser


def governs_all(request: HttpRequest) -> bool:
    """Whether what holds for everybody is theirs to set: nobody works outside the area they supervise.

    The account of the installation may as well. One query a request.
    """
    if _installs(request):
        return True
    if not _supervises(request):
        return False
    known: bool | None = getattr(request, "governs_all", None)
    if known is None:
        inside = Area.objects.visible_to(request.user)  # type: ignore[arg-type]
        elsewhere = User.objects.filter(is_active=True, area__isnull=False).exclude(area__in=inside)
        known = not elsewhere.exists()
        request.governs_all = known  # type: ignore[attr-defined]
    return known


class ScopedAdmin(ModelAdmin):
    """Records of the supervisor's own area; the neighbour's are as good as not there.

    The models' `visible_to` decides, for lists, pages, choices and searches alike.
    """

    show_full_result_count = False
    paginator = CappedPaginator
    list_per_page = 50
    for_installer = False
    """Whether the account of the installation, which has no area, may use it too."""

    def _may(self, request: HttpRequest) -> bool:
        return _supervises(request) or (self.for_installer and _installs(request))

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """What the supervisor's area holds."""
        rows = super().get_queryset(request)
        if self.for_installer and _installs(request):
            return rows
        return self.scoped(rows, request.user)  # type: ignore[arg-type]

    def scoped(self, rows: QuerySet[Any], user: User) -> QuerySet[Any]:
        """The rows that this user may see; a model without `visible_to` overrides this."""
        return rows.visible_to(user)  # type: ignore[attr-defined]

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Shown to supervisors."""
        return self._may(request)

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Open to supervisors; which rows is a matter of the queryset."""
        return self._may(request)

    has_change_permission = has_view_permission

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Open to supervisors."""
        return self._may(request)

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Nothing is deleted here: what is history stays."""
        return False

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Offer records of the own subtree only; a forged choice is refused as well."""
        choices = db_field.related_model._default_manager.all()
        if hasattr(choices, "visible_to") and not _installs(request):
            kwargs["queryset"] = choices.visible_to(request.user)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def _get_obj_does_not_exist_redirect(self, request: HttpRequest, opts: Any, object_id: str) -> Any:
        raise Http404


class HistoryAdmin(ScopedAdmin):
    """Records that are read, searched and acted on by verbs, never edited field by field."""

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """History is made by the verbs of the pages."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """History can't be edited."""
        return False


class ReadOnlyInline(TabularInline):
    """Rows of a record, to read."""

    extra = 0
    can_delete = False
    show_change_link = False

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Whoever sees the record sees its rows."""
        return True

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Rows are made by verbs."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Rows can't be edited."""
        return False

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> Any:
        """Every field."""
        return self.fields or [field.name for field in self.model._meta.fields]


@admin.register(Area)
class AreaAdmin(ScopedAdmin):
    for_installer = True
    list_display = ("name", "level", "code", "parent", "duty_phone")
    list_filter = ("level",)
    search_fields = ("name", "code")
    autocomplete_fields = ("parent",)
    fields = ("name", "level", "code", "parent", "duty_phone")

    def get_readonly_fields(self, request: HttpRequest, obj: Area | None = None) -> Any:
        """Code, level and place in the tree are fixed: people and episodes stand on them."""
        return ("level", "code", "parent") if obj else ()

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        """A supervisor adds areas below the own one only."""
        form = super().get_form(request, obj, change, **kwargs)
        if "parent" in form.base_fields and not _installs(request):
            form.base_fields["parent"].required = True
        return form


class OfficeForm(forms.ModelForm[Office]):
    """An office and its place in the tree."""

    governs_all = False
    """Set by the admin for each request: whether an outside desk is theirs to set up."""

    def clean(self) -> dict[str, Any] | None:
        """Only an outside desk stands alone; and only who governs all sets one up."""
        said = super().clean() or self.cleaned_data
        department = said.get("department") or self.instance.department
        is_outside = department == Department.OUTSIDE
        if "department" in said and is_outside and not self.governs_all:
            self.add_error(
                "department",
                _("An outside desk judges everybody: whoever supervises the whole installation sets it up."),
            )
        if "parent" in self.fields and said.get("parent") is None and not (is_outside or self.governs_all):
            self.add_error(
                "parent", _("Which office stands above it? Nobody handles a complaint about themselves.")
            )
        return said


_USUAL: Any = {
    "title": _("Make the usual offices"),
    "description": _(
        "For every area of yours that has no office yet: its administration, and from the county up a task "
        "force with the departments below it. What exists stays as it is."
    ),
    "form_class": BaseDialogForm,
    "form_submit_text": _("Make the usual offices"),
}


@admin.register(Office)
class OfficeAdmin(ScopedAdmin):
    """The tree of offices: who stands above whom, and so who handles complaints about whom."""

    for_installer = True
    form = OfficeForm
    list_display = ("in_the_tree", "area", "department", "parent", "duty_phone")
    list_filter = ("department", "area__level")
    list_select_related = ("area", "parent")
    search_fields = ("name", "area__name", "area__code")
    ordering = ("path",)
    autocomplete_fields = ("area", "parent")
    fields = ("name", "area", "department", "parent", "duty_phone")
    actions_list = ("make_usual",)

    def get_readonly_fields(self, request: HttpRequest, obj: Office | None = None) -> Any:
        """Area and department are fixed: complaints stand on them. So is what hangs on an office above."""
        if obj is None:
            return ()
        if _installs(request) or self._stands_above(request, obj):
            return ("area", "department")
        return ("area", "department", "parent")

    def _stands_above(self, request: HttpRequest, office: Office) -> bool:
        """Whether the own office stands above it: nobody moves the own one, nor one beside it."""
        own = request.user.own_office if isinstance(request.user, User) else None
        return own is not None and office.pk != own.pk and office.is_at_or_below(own)

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """An office is hung below the own one."""
        field = super().formfield_for_foreignkey(db_field, request, **kwargs)
        own = request.user.own_office if isinstance(request.user, User) else None
        if db_field.name == "parent" and own is not None and not _installs(request):
            field.queryset = Office.objects.at_or_below(own)
        return field

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        """The form that knows whether an outside desk may be set up."""
        form = super().get_form(request, obj, change, **kwargs)
        form.governs_all = governs_all(request)
        return form

    def save_model(self, request: HttpRequest, obj: Office, form: Any, change: bool) -> None:
        """Store it with its place in the tree; what lies below moves along."""
        place_office(obj)

    @admin.display(description=_("office"), ordering="path")
    def in_the_tree(self, office: Office) -> str:
        """The name, set in by how deep it lies."""
        return "\u3000" * (len(office.line) - 1) + office.name

    @action(description=_("Make the usual offices"), url_path="make-usual", dialog=_USUAL)
    def make_usual(self, request: HttpRequest, form: BaseDialogForm) -> HttpResponse:
        """Offices for the areas in sight that have none; told how many were made."""
        if self._may(request):
            areas = Area.objects.all() if _installs(request) else self._own_areas(request)
            without = areas.exclude(pk__in=Office.objects.values("area"))
            made = ensure_offices(without.select_related("parent__parent__parent__parent"))
            messages.success(request, _("Offices made: %(made)d.") % {"made": made})
        address = reverse("admin:accounts_office_changelist")
        return HttpResponse(status=204, headers={"HX-Redirect": address})

    def _own_areas(self, request: HttpRequest) -> QuerySet[Area]:
        return Area.objects.visible_to(request.user)  # type: ignore[arg-type]


class KeptInline(TabularInline):
    """Rows that are kept with their record: whoever keeps the record keeps them."""

    extra = 0
    tab = False

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """The record's own permission has decided."""
        return True

    has_add_permission = has_view_permission
    has_change_permission = has_view_permission
    has_delete_permission = has_view_permission


class PostInline(KeptInline):
    model = Post


class StaffCreationForm(UserCreationForm):
    class Meta(UserCreationForm.Meta):
        model = User
        fields = ("username", "area")


class StaffChangeForm(UserChangeForm):
    class Meta(UserChangeForm.Meta):
        model = User

    def clean(self) -> dict[str, Any] | None:
        """Refuse an office of another area: whoever works there would judge complaints of that area."""
        said = super().clean() or self.cleaned_data
        office = said.get("office")
        if office and said.get("area") and office.area_id != said["area"].pk:
            self.add_error("office", _("The office has to be one of the area of this account."))
        return said


admin.site.unregister(Group)


@admin.register(User)
class UserAdmin(DjangoUserAdmin, ScopedAdmin):  # type: ignore[misc]
    for_installer = True
    form = StaffChangeForm
    add_form = StaffCreationForm
    change_password_form = AdminPasswordChangeForm
    inlines = (PostInline,)
    list_display = ("username", "display_name", "area", "office", "is_active", "is_staff", "last_login")
    list_select_related = ("area", "office")
    list_filter = ("is_active", "posts__role")
    search_fields = ("username", "last_name", "first_name")
    autocomplete_fields = ("area", "office")
    readonly_fields = ("last_login", "date_joined")
    filter_horizontal = ()
    fieldsets = (
        (None, {"fields": ("username", "password")}),
        (_("Person"), {"fields": ("last_name", "first_name", "phone", "email")}),
        (_("Area and access"), {"fields": ("area", "office", "is_active", "is_staff")}),
        (_("Dates"), {"fields": ("last_login", "date_joined")}),
    )
    add_fieldsets = ((None, {"fields": ("username", "area", "usable_password", "password1", "password2")}),)

    def scoped(self, rows: QuerySet[User], user: User) -> QuerySet[User]:
        """Staff of the own subtree and of offices at or below the own one, without the installation's."""
        return rows.filter(staff_run_by(user))

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Offices that the supervisor runs: nobody joins the office that judges the own one."""
        field = super().formfield_for_foreignkey(db_field, request, **kwargs)
        if db_field.name == "office" and not _installs(request):
            field.queryset = Office.objects.run_by(request.user)  # type: ignore[arg-type,union-attr]
        return field

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        """Without an office it would work at the administration; not where that stands above the own one."""
        user = request.user
        if obj.office_id is None and isinstance(user, User) and obj.area_id == user.area_id:
            own = user.own_office
            obj.office = own if own and own.department != Department.GOVERNMENT else None
        super().save_model(request, obj, form, change)

    def get_form(  # type: ignore[override]
        self, request: HttpRequest, obj: Any = None, **kwargs: Any
    ) -> Any:
        """An account of a supervisor's making always has an area: without one it would see nothing."""
        form = super().get_form(request, obj, **kwargs)
        if "area" in form.base_fields and not _installs(request):
            form.base_fields["area"].required = True
        return form

    @admin.display(description=_("name"))
    def display_name(self, user: User) -> str:
        """Family name first."""
        return user.display_name


_REVOKE: Any = {
    "title": _("Revoke this key"),
    "description": _("The system that holds it can't call any more."),
    "form_class": BaseDialogForm,
    "form_submit_text": _("Revoke this key"),
}


@admin.register(ApiToken)
class ApiTokenAdmin(ScopedAdmin):
    list_display = ("name", "user", "created_at", "last_used_on", "revoked_at")
    list_select_related = ("user",)
    search_fields = ("name", "user__username")
    autocomplete_fields = ("user",)
    fields = ("name", "user", "created_at", "last_used_on", "revoked_at")
    actions_detail = ("revoke",)

    def scoped(self, rows: QuerySet[ApiToken], user: User) -> QuerySet[ApiToken]:
        """Keys of accounts that the supervisor runs."""
        return rows.filter(user__in=User.objects.filter(staff_run_by(user)).values("pk"))

    def get_fields(self, request: HttpRequest, obj: ApiToken | None = None) -> Any:
        """A new key has a name and an account; the rest comes by use."""
        return self.fields if obj else ("name", "user")

    def get_readonly_fields(self, request: HttpRequest, obj: ApiToken | None = None) -> Any:
        """A key is issued and revoked, never edited."""
        return self.fields if obj else ()

    def formfield_for_foreignkey(
        self, db_field: ForeignKey[Any, Any], request: HttpRequest, **kw: Any
    ) -> Any:
        """Accounts that the supervisor runs only: a key sees what its account sees."""
        if db_field.name == "user":
            kw["queryset"] = User.objects.filter(staff_run_by(request.user))  # type: ignore[arg-type]
        return super().formfield_for_foreignkey(db_field, request, **kw)

    def save_model(self, request: HttpRequest, obj: ApiToken, form: Any, change: bool) -> None:
        """Issue the key and show it this once; to save a key that exists makes no second one."""
        if change:
            return
        issued, key = ApiToken.issue(obj.user, obj.name)
        obj.pk = issued.pk
        text = _("The key of %(name)s, shown this once only: %(key)s")
        messages.warning(request, text % {"name": obj.name, "key": key})

    @action(description=_("Revoke this key"), url_path="revoke", dialog=_REVOKE)
    def revoke(self, request: HttpRequest, form: BaseDialogForm, object_id: int) -> HttpResponse:
        """Close the key from now on."""
        token = self.get_object(request, str(object_id))
        if token and token.revoke(clock.now()):
            messages.success(request, _("The key is revoked."))
        address = reverse("admin:accounts_apitoken_change", args=[object_id])
        return HttpResponse(status=204, headers={"HX-Redirect": address})


@admin.register(Reveal)
class RevealAdmin(HistoryAdmin):
    list_display = ("at", "by", "subject", "fields_shown", "community", "address")
    list_select_related = ("by", "community")
    search_fields = ("=by__username", "subject")

    def scoped(self, rows: QuerySet[Reveal], user: User) -> QuerySet[Reveal]:
        """What was revealed in the own subtree.

        Not of complainants: the office complained about would read that there is a complaint, and since
        when. Who looked at those stands among the looks, for whoever may see the complaint.
        """
        inside = rows.filter(community__in=Area.objects.visible_to(user))
        return inside.exclude(subject__startswith="complaint:")
