"""Areas, staff and systems, what each may see, and the log of every number that was revealed."""

import datetime as dt
import hashlib
import secrets
from typing import Self

from django.contrib.auth.models import AbstractUser, UserManager
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.rules import (
    CODE_LENGTH,
    DEPARTMENTS,
    LEVEL_NAMES,
    ROLE_NAMES,
    Ability,
    Department,
    Level,
    Role,
    abilities_of,
    codes_below,
    codes_upward,
    keys_in_line,
    stands_at_or_below,
)


class AreaQuerySet(models.QuerySet["Area"]):
    def within(self, area: "Area") -> Self:
        """That area and everything below it."""
        first, after = codes_below(area.code)
        return self.filter(code__gte=first, code__lt=after)

    def visible_to(self, user: "User") -> Self:
        """The areas in which the user sees anything at all."""
        return self.within(user.area) if user.area else self.none()

    def communities(self) -> Self:
        """The areas that hold people: the lowest level."""
        return self.filter(level=Level.COMMUNITY)


class Area(models.Model):
    """An administrative area. Its code begins with the code of the area above it, so the tree is the code."""

    name = models.CharField(_("name"), max_length=60)
    level = models.CharField(_("level"), max_length=10, choices=list(LEVEL_NAMES.items()))
    code = models.CharField(
        _("administrative code"),
        max_length=12,
        unique=True,
        help_text=_("Statistical code: 2 digits province, 4 city, 6 county, 9 street, 12 community."),
    )
    parent = models.ForeignKey(
        "self",
        verbose_name=_("area above"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="children",
    )
    duty_phone = models.CharField(
        _("duty telephone"),
        max_length=30,
        blank=True,
        help_text=_("Printed on notices: whom a resident calls."),
    )

    objects = AreaQuerySet.as_manager()

    class Meta:
        verbose_name = _("area")
        verbose_name_plural = _("areas")
        ordering = ["code"]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """Refuse a code that does not fit the level or the area above."""
        if self.level and len(self.code) != CODE_LENGTH[Level(self.level)]:
            raise ValidationError(
                {
                    "code": _("A %(level)s has a code of %(length)d digits.")
                    % {"level": LEVEL_NAMES[Level(self.level)], "length": CODE_LENGTH[Level(self.level)]}
                }
            )
        if not self.code.isdigit():
            raise ValidationError({"code": _("The code consists of digits only.")})
        if self.parent and not (
            self.code.startswith(self.parent.code) and len(self.code) > len(self.parent.code)
        ):
            raise ValidationError(
                {
                    "code": _("The code has to begin with %(code)s, the code of the area above.")
                    % {"code": self.parent.code}
                }
            )

    def covers(self, other: "Area") -> bool:
        """Whether the other area is this one or lies below it."""
        return other.code.startswith(self.code)

    @cached_property
    def line(self) -> dict[str, "Area"]:
        """This area and those above it, by level: one query for the whole line."""
        return {area.level: area for area in Area.objects.filter(code__in=codes_upward(self.code))}


class OfficeQuerySet(models.QuerySet["Office"]):
    def at_or_below(self, office: "Office") -> Self:
        """That office and everything under it."""
        first, after = codes_below(office.path)
        return self.filter(path__gte=first, path__lt=after)

    def visible_to(self, user: "User") -> Self:
        """The offices of the user's area and of those below it."""
        return self.filter(area__in=Area.objects.visible_to(user))

    def run_by(self, user: "User") -> Self:
        """The offices that a supervisor runs: the own one, those below it, and those of the areas below.

        Never one beside or above the own office, nor an outside desk: whoever staffed the office that judges
        the own one would judge themselves.
        """
        own = user.own_office
        if own is None:
            return self.visible_to(user)
        first, after = codes_below(own.path)
        deeper = ~Q(area=user.area_id) & ~Q(department=Department.OUTSIDE)
        return self.visible_to(user).filter(Q(path__gte=first, path__lt=after) | deeper)

    def of_area(self, area: Area) -> Self:
        """The offices that stand in exactly that area."""
        return self.filter(area=area)


class Office(models.Model):
    """An office of an area: its administration, its task force 专班, or a branch such as education.

    Offices form a tree of their own; `path` is the office's place in it and is written by
    `accounts.actions.place_office` alone.
    """

    name = models.CharField(pgettext_lazy("office", "name"), max_length=80)
    area = models.ForeignKey(Area, on_delete=models.PROTECT, related_name="offices", verbose_name=_("area"))
    department = models.CharField(_("department"), max_length=20, choices=list(DEPARTMENTS.items()))
    parent = models.ForeignKey(
        "self",
        verbose_name=_("office above"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="children",
        help_text=_("It handles complaints about this office; nobody handles one about themselves."),
    )
    path = models.CharField(max_length=180, editable=False, db_index=True, default="")
    duty_phone = models.CharField(_("duty telephone"), max_length=30, blank=True)

    objects = OfficeQuerySet.as_manager()

    class Meta:
        verbose_name = _("office")
        verbose_name_plural = _("offices")
        ordering = ["area__code", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["area", "name"],
                name="one_office_per_name",
                violation_error_message=_("This area already has an office of that name."),
            )
        ]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """Refuse a place in the tree below itself."""
        if self.parent and self.path and stands_at_or_below(self.parent.path, self.path):
            raise ValidationError({"parent": _("An office can't lie below itself.")})

    @property
    def line(self) -> list[int]:
        """The keys of this office and of those above it, from the top."""
        return keys_in_line(self.path)

    def is_at_or_below(self, other: "Office") -> bool:
        """Whether this is the other office, or lies below it."""
        return stands_at_or_below(self.path, other.path)


class StaffManager(UserManager["User"]):
    def get_queryset(self) -> models.QuerySet["User"]:
        """With the area, which every page asks for."""
        return super().get_queryset().select_related("area")


class User(AbstractUser):
    """A member of staff, or a system that calls the API: belongs to one area and sees its subtree."""

    area = models.ForeignKey(
        Area,
        verbose_name=_("area"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="staff",
        help_text=_("Sees and does everything inside this area, nothing outside it."),
    )
    office = models.ForeignKey(
        Office,
        verbose_name=_("office"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="staff",
        help_text=_("Empty: the administration of the area. Complaints are handled by office."),
    )
    phone = models.CharField(_("office telephone"), max_length=30, blank=True)

    objects = StaffManager()  # type: ignore[misc]

    class Meta:
        verbose_name = _("member of staff")
        verbose_name_plural = _("staff")

    def __str__(self) -> str:
        return self.display_name

    @property
    def display_name(self) -> str:
        """Family name first, as it is written in Chinese; the account name where none was given."""
        return f"{self.last_name}{self.first_name}".strip() or self.username

    def get_full_name(self) -> str:
        """The same name wherever Django asks for one."""
        return self.display_name

    def own_offices(self) -> OfficeQuerySet:
        """The office this user works in, as rows for a subquery: use the first one."""
        if self.office_id:
            return Office.objects.filter(pk=self.office_id)
        return Office.objects.filter(area=self.area_id, department=Department.GOVERNMENT)

    @cached_property
    def own_office(self) -> Office | None:
        """The office this user works in: the one named, else the administration of the own area.

        None where the area has no such office yet: then the user handles no complaint.
        """
        if self.office_id:
            return self.office
        if not self.area_id:
            return None
        return Office.objects.filter(area=self.area_id, department=Department.GOVERNMENT).first()

    @cached_property
    def roles(self) -> frozenset[Role]:
        """The roles held, read once per request."""
        return frozenset(Role(role) for role in self.posts.values_list("role", flat=True))

    @cached_property
    def abilities(self) -> frozenset[Ability]:
        """What the roles allow; nothing without an area, for there is no place to do it in."""
        if not self.area_id or not self.is_active:
            return frozenset()
        return abilities_of(self.roles)

    def may(self, ability: Ability | str) -> bool:
        """Whether a role of this user carries the ability (inside the own area)."""
        return Ability(ability) in self.abilities


def staff_run_by(user: User) -> Q:
    """The condition on accounts "works in an office that this supervisor runs", see `Office.run_by`."""
    inside = Q(area__in=Area.objects.visible_to(user), is_superuser=False)
    own = user.own_office
    in_no_office = Q(office=None)  # works at the administration of the area
    if own is not None and own.department != Department.GOVERNMENT:
        in_no_office &= ~Q(area=user.area_id)
    return inside & (in_no_office | Q(office__in=Office.objects.run_by(user)))


class Post(models.Model):
    """A role that a member of staff holds."""

    user = models.ForeignKey(
        User, on_delete=models.CASCADE, related_name="posts", verbose_name=_("member of staff")
    )
    role = models.CharField(_("role"), max_length=20, choices=list(ROLE_NAMES.items()))

    class Meta:
        verbose_name = _("role")
        verbose_name_plural = _("roles")
        constraints = [models.UniqueConstraint(fields=["user", "role"], name="one_post_per_role")]

    def __str__(self) -> str:
        return str(ROLE_NAMES[Role(self.role)])


def in_area(area: Area, path: str = "") -> Q:
    """The condition "inside that area" for rows that carry `community`, `street` and `county` themselves.

    From street level up the equality on the row's own column decides, so that an index that begins with
    it serves lists and counts. `path` is the way to those rows, such as "episode__".
    """
    if area.level in (Level.COMMUNITY, Level.STREET, Level.COUNTY):
        return Q(**{f"{path}{area.level}_id": area.pk})
    first, after = codes_below(area.code)
    return Q(**{f"{path}community__code__gte": first, f"{path}community__code__lt": after})


def around(area: Area, path: str = "") -> Q:
    """The condition "of that area, of one above it, or of one below it" for rows that name an area.

    `path` is the way from the rows to their area, such as "area__".
    """
    first, after = codes_below(area.code)
    upward = Q(**{f"{path}code__in": codes_upward(area.code)})
    return upward | Q(**{f"{path}code__gte": first, f"{path}code__lt": after})


class ApiToken(models.Model):
    """The key with which one outside system calls the API as its own account, in its own area."""

    user = models.ForeignKey(
        User, on_delete=models.PROTECT, related_name="api_tokens", verbose_name=_("account")
    )
    name = models.CharField(_("system"), max_length=80, help_text=_("Who holds this key, for example 12345."))
    digest = models.CharField(max_length=64, unique=True, editable=False)
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)
    last_used_on = models.DateField(_("last used on"), null=True, editable=False)
    revoked_at = models.DateTimeField(_("revoked at"), null=True, blank=True)

    class Meta:
        verbose_name = _("API key")
        verbose_name_plural = _("API keys")

    def __str__(self) -> str:
        return self.name

    @staticmethod
    def digest_of(key: str) -> str:
        """How a key is stored: it is long and random, so a plain hash is enough."""
        return hashlib.sha256(key.encode()).hexdigest()

    @classmethod
    def issue(cls, user: User, name: str) -> tuple["ApiToken", str]:
        """Make a key for a system; the clear key is returned here once and can't be read again."""
        key = secrets.token_urlsafe(32)
        return cls.objects.create(user=user, name=name, digest=cls.digest_of(key)), key

    def revoke(self, at: dt.datetime) -> bool:
        """Close the key from now on; returns whether it was open."""
        return bool(ApiToken.objects.filter(pk=self.pk, revoked_at=None).update(revoked_at=at))


class IdempotencyKey(models.Model):
    """What an outside system was answered the first time, so that a repeated call changes nothing."""

    user = models.ForeignKey(User, on_delete=models.CASCADE)
    key = models.CharField(max_length=200)
    request_digest = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField(null=True)
    answer = models.JSONField(null=True)
    created_at = models.DateTimeField(auto_now_add=True, db_index=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "key"], name="one_answer_per_idempotency_key")]

    def __str__(self) -> str:
        return self.key


class Reveal(models.Model):
    """A masked number that somebody had shown in full: who, when, whose, which. Never the number itself."""

    at = models.DateTimeField(_("when"))
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="reveals", verbose_name=_("who"))
    subject = models.CharField(
        _("whose"),
        max_length=40,
        help_text=_("Kind and number of the record; it stays when the person is purged."),
    )
    fields_shown = models.CharField(_("what"), max_length=60)
    community = models.ForeignKey(
        Area, on_delete=models.PROTECT, related_name="+", verbose_name=_("community")
    )
    address = models.GenericIPAddressField(_("from"), null=True)

    class Meta:
        verbose_name = _("revealed number")
        verbose_name_plural = _("log of reveals")
        ordering = ["-at", "-pk"]
        indexes = [
            models.Index(fields=["community", "-at"], name="reveal_by_community")
        ]  # the supervisor's log

    def __str__(self) -> str:
        return f"{self.subject} {self.fields_shown}"
