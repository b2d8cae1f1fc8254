"""Places: compounds with their buildings and units, and the sites that take people in."""

from typing import Self, TypeVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import Area, User
from accounts.rules import codes_below
from zones.addresses import Door
from zones.rules import PLACE_KINDS, SITE_KINDS, TAKE_IN, PlaceKind, SiteKind

P = TypeVar("P", bound=models.Model)


class PlaceQuerySet(models.QuerySet[P]):
    """Places hang below a community; `community_path` says by which way."""

    community_path = "community"

    def visible_to(self, user: User) -> Self:
        """Places inside the area of the user."""
        return self.within(user.area) if user.area else self.none()

    def within(self, area: Area) -> Self:
        """Places inside that area."""
        first, after = codes_below(area.code)
        path = self.community_path
        return self.filter(**{f"{path}__code__gte": first, f"{path}__code__lt": after})


class BuildingQuerySet(PlaceQuerySet["Building"]):
    community_path = "compound__community"


class UnitQuerySet(PlaceQuerySet["Unit"]):
    community_path = "building__compound__community"

    def named_by(self, door: Door) -> Self:
        """The units that a door as it is said names: 5号楼, 5栋 and 05号楼 are one building."""
        found = self
        if door.compound:
            found = found.filter(building__compound__name__icontains=door.compound)
        if door.stairs.building:
            found = found.filter(building__name__iregex=_numbered(door.stairs.building))
        if door.stairs.unit:
            found = found.filter(name__iregex=_numbered(door.stairs.unit))
        return found


def _numbered(number: str) -> str:
    """A name that begins with this number, not with a longer one; of digits and letters, as it was read."""
    return f"^0*{number}([^0-9].*)?$"


class SiteQuerySet(PlaceQuerySet["Site"]):
    def taking_in(self) -> Self:
        """Sites that take people in: those that have rooms."""
        return self.filter(kind__in=TAKE_IN)


class RoomQuerySet(PlaceQuerySet["Room"]):
    community_path = "site__community"


class Compound(models.Model):
    """A place whose gate people know by name: residential compound 小区, village, workplace, market."""

    community = models.ForeignKey(
        Area, on_delete=models.PROTECT, related_name="compounds", verbose_name=_("community")
    )
    name = models.CharField(_("name"), max_length=80)
    kind = models.CharField(
        _("kind"), max_length=12, choices=list(PLACE_KINDS.items()), default=PlaceKind.RESIDENTIAL
    )
    address = models.CharField(_("address"), max_length=200, blank=True)

    objects = PlaceQuerySet.as_manager()

    class Meta:
        verbose_name = _("compound")
        verbose_name_plural = _("compounds")
        ordering = ["community", "name"]
        constraints = [
            models.UniqueConstraint(
                fields=["community", "name"],
                name="one_compound_per_name",
                violation_error_message=_("This community already has a compound of that name."),
            )
        ]

    def __str__(self) -> str:
        return self.name


class Building(models.Model):
    """A building 楼栋 of a compound."""

    compound = models.ForeignKey(
        Compound, on_delete=models.PROTECT, related_name="buildings", verbose_name=_("compound")
    )
    name = models.CharField(_("name"), max_length=40)
    floors = models.PositiveSmallIntegerField(
        _("floors"), null=True, blank=True, help_text=_("For the drawing of the compound only.")
    )

    objects = BuildingQuerySet.as_manager()

    class Meta:
        verbose_name = _("building")
        verbose_name_plural = _("buildings")
        ordering = ["compound", "name"]
        constraints = [
            models.UniqueConstraint(
                fields=["compound", "name"],
                name="one_building_per_name",
                violation_error_message=_("This compound already has a building of that name."),
            )
        ]

    def __str__(self) -> str:
        return self.name


class Unit(models.Model):
    """A unit 单元: one staircase. A building without units has one implicit unit, whose name is empty."""

    building = models.ForeignKey(
        Building, on_delete=models.PROTECT, related_name="units", verbose_name=_("building")
    )
    name = models.CharField(
        _("name"), max_length=40, blank=True, help_text=_("Empty: the building has no separate units.")
    )

    objects = UnitQuerySet.as_manager()

    class Meta:
        verbose_name = _("unit")
        verbose_name_plural = _("units")
        ordering = ["building", "name"]
        constraints = [
            models.UniqueConstraint(
                fields=["building", "name"],
                name="one_unit_per_name",
                violation_error_message=_("This building already has a unit of that name."),
            )
        ]

    def __str__(self) -> str:
        return f"{self.building.compound.name} {self.building.name}{self.name}"


class Site(models.Model):
    """A place that takes people in or serves them: isolation site, hospital and the like."""

    community = models.ForeignKey(
        Area, on_delete=models.PROTECT, related_name="sites", verbose_name=_("community")
    )
    kind = models.CharField(
        _("kind"), max_length=20, choices=list(SITE_KINDS.items()), default=SiteKind.ISOLATION
    )
    name = models.CharField(_("name"), max_length=80)
    address = models.CharField(_("address"), max_length=200, blank=True)
    phone = models.CharField(_("telephone"), max_length=30, blank=True)

    objects = SiteQuerySet.as_manager()

    class Meta:
        verbose_name = _("site")
        verbose_name_plural = _("sites")
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(
                fields=["community", "name"],
                name="one_site_per_name",
                violation_error_message=_("This community already has a site of that name."),
            )
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def takes_in(self) -> bool:
        """Whether people stay here: whether it has rooms."""
        return self.kind in TAKE_IN


class Room(models.Model):
    """A room of an isolation site: one person or one household at a time (N三(一), cross-infection)."""

    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="rooms", verbose_name=_("site"))
    number = models.CharField(_("number"), max_length=20)

    objects = RoomQuerySet.as_manager()

    class Meta:
        verbose_name = _("room")
        verbose_name_plural = _("rooms")
        ordering = ["site", "number"]
        constraints = [
            models.UniqueConstraint(
                fields=["site", "number"],
                name="one_room_per_number",
                violation_error_message=_("This site already has a room of that number."),
            )
        ]

    def __str__(self) -> str:
        return f"{self.site.name} {self.number}"
