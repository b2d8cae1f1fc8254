"""The last metre: receiving points, people and cars, rounds with their stops, mutual supply of districts."""

from typing import Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.encryption import EncryptedTextField
from accounts.models import Area, User, in_area
from accounts.rules import codes_below
from accounts.scoped import InCommunity
from supplies.models.need import Need
from supplies.models.stock import Item, Store
from supplies.rules.delivery import MUTUAL_STATES, ROUND_STATES, STOP_OUTCOMES, MutualState, RoundState
from zones.models import Compound


class OfCompoundQuerySet(models.QuerySet["models.Model"]):
    def visible_to(self, user: User) -> Self:
        """What belongs to compounds in the area of the user."""
        return self.filter(compound__in=Compound.objects.visible_to(user))


class ReceivingPoint(models.Model):
    """Where deliveries arrive inside a compound 接收点, and when somebody is there."""

    compound = models.ForeignKey(
        Compound, on_delete=models.CASCADE, related_name="receiving_points", verbose_name=_("compound")
    )
    name = models.CharField(pgettext_lazy("of a thing", "name"), max_length=80)
    hours = models.CharField(pgettext_lazy("opening", "hours"), max_length=80)
    phone = models.CharField(_("telephone"), max_length=30, blank=True)
    enabled = models.BooleanField(_("in use"), default=True)

    objects = OfCompoundQuerySet.as_manager()

    class Meta:
        verbose_name = _("receiving point")
        verbose_name_plural = _("receiving points")
        ordering = ["compound", "name"]
        constraints = [
            models.UniqueConstraint(
                fields=["compound", "name"],
                name="one_receiving_point_per_name",
                violation_error_message=_("This compound already has a receiving point of that name."),
            )
        ]

    def __str__(self) -> str:
        return self.name


class Carrier(models.Model):
    """A person who carries to the doors: named for it, or a volunteer (N二(十七): 专门力量)."""

    compound = models.ForeignKey(
        Compound, on_delete=models.CASCADE, related_name="carriers", verbose_name=_("compound")
    )
    name = models.CharField(_("name"), max_length=60)
    phone = EncryptedTextField(_("telephone"), blank=True)
    volunteer = models.BooleanField(_("volunteer"), default=False)
    enabled = models.BooleanField(_("helps now"), default=True)

    objects = OfCompoundQuerySet.as_manager()

    class Meta:
        verbose_name = _("delivery person")
        verbose_name_plural = _("delivery people")
        ordering = ["compound", "pk"]

    def __str__(self) -> str:
        return self.name


class Car(models.Model):
    """The compound's car 专车: plate, driver, telephone."""

    compound = models.ForeignKey(
        Compound, on_delete=models.CASCADE, related_name="cars", verbose_name=_("compound")
    )
    plate = models.CharField(_("plate"), max_length=12)
    driver = models.CharField(_("driver"), max_length=60)
    phone = models.CharField(_("telephone"), max_length=30)
    for_patients = models.BooleanField(_("also takes patients"), default=True)
    enabled = models.BooleanField(_("in use"), default=True)

    objects = OfCompoundQuerySet.as_manager()

    class Meta:
        verbose_name = _("compound car")
        verbose_name_plural = _("compound cars")
        ordering = ["compound", "plate"]
        constraints = [models.UniqueConstraint(fields=["compound", "plate"], name="one_car_per_plate")]

    def __str__(self) -> str:
        return self.plate


class RoundQuerySet(models.QuerySet["DeliveryRound"]):
    def visible_to(self, user: User) -> Self:
        """Rounds in the area of the user."""
        return self.filter(in_area(user.area)) if user.area else self.none()


class DeliveryRound(InCommunity):
    """One walk through a compound on one day: its stops in the order of buildings, units and doors."""

    compound = models.ForeignKey(
        Compound, on_delete=models.PROTECT, related_name="rounds", verbose_name=_("compound")
    )
    on = models.DateField(_("date"))
    carrier = models.ForeignKey(
        Carrier,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        verbose_name=_("carried by"),
    )
    car = models.ForeignKey(
        Car, null=True, blank=True, on_delete=models.SET_NULL, related_name="+", verbose_name=_("car")
    )
    state = models.CharField(
        _("state"), max_length=10, choices=list(ROUND_STATES.items()), default=RoundState.PLANNED
    )
    made_at = models.DateTimeField(_("made at"))
    made_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    started_at = models.DateTimeField(_("started at"), null=True)
    done_at = models.DateTimeField(_("done at"), null=True)

    objects = RoundQuerySet.as_manager()

    class Meta:
        verbose_name = _("delivery round")
        verbose_name_plural = _("delivery rounds")
        ordering = ["-on", "-pk"]
        indexes = [
            models.Index(fields=["community", "-on"], name="round_by_community"),
            models.Index(fields=["compound", "-on"], name="round_by_compound"),
        ]

    def __str__(self) -> str:
        return f"{self.compound_id} {self.on}"


class Stop(models.Model):
    """One need of a round. A tick carries its own id, so that one sent twice, or late, counts once."""

    round = models.ForeignKey(DeliveryRound, on_delete=models.CASCADE, related_name="stops")
    need = models.ForeignKey(Need, on_delete=models.CASCADE, related_name="stops")
    position = models.PositiveIntegerField(_("position"))
    outcome = models.CharField(_("outcome"), max_length=10, choices=list(STOP_OUTCOMES.items()), blank=True)
    ticked_at = models.DateTimeField(_("ticked at"), null=True)
    ticked_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    tick_id = models.CharField(max_length=40, blank=True, editable=False)
    note = models.CharField(_("note"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("stop")
        verbose_name_plural = _("stops")
        ordering = ["position", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["round", "need"], name="one_stop_per_need"),
            models.UniqueConstraint(
                fields=["need"], condition=Q(outcome=""), name="one_waiting_stop_per_need"
            ),
            models.UniqueConstraint(fields=["tick_id"], condition=~Q(tick_id=""), name="one_stop_per_tick"),
        ]

    def __str__(self) -> str:
        return f"{self.round_id} {self.position}"


class MutualSupplyQuerySet(models.QuerySet["MutualSupply"]):
    def visible_to(self, user: User) -> Self:
        """What the user's area, or one below it, asks for or offers: both ends see one record.

        What is only asked for is seen by every area of the same city, which may offer.
        """
        if not user.area:
            return self.none()
        first, after = codes_below(user.area.code)
        ours = Q(asking__code__gte=first, asking__code__lt=after)
        theirs = Q(offering__code__gte=first, offering__code__lt=after)
        city_first, city_after = codes_below(user.area.code[:4])
        nearby = Q(state=MutualState.ASKED, asking__code__gte=city_first, asking__code__lt=city_after)
        return self.filter(ours | theirs | nearby)

    def waiting_for(self, user: User) -> Self:
        """Whose next step the user's area, or one below it, owes: to agree, to ship, to receive."""
        if not user.area:
            return self.none()
        first, after = codes_below(user.area.code)
        asking = Q(state__in=[MutualState.OFFERED, MutualState.SHIPPED])
        offering = Q(state=MutualState.AGREED)
        return self.filter(
            (asking & Q(asking__code__gte=first, asking__code__lt=after))
            | (offering & Q(offering__code__gte=first, offering__code__lt=after))
        )


class MutualSupply(models.Model):
    """Mutual supply between districts 区域联保联供: one record, seen from both ends."""

    asking = models.ForeignKey(Area, on_delete=models.PROTECT, related_name="+", verbose_name=_("asks"))
    offering = models.ForeignKey(
        Area, null=True, blank=True, on_delete=models.PROTECT, related_name="+", verbose_name=_("offers")
    )
    item = models.ForeignKey(Item, on_delete=models.PROTECT, related_name="+", verbose_name=_("item"))
    quantity = models.DecimalField(_("quantity"), max_digits=12, decimal_places=2)
    offered_quantity = models.DecimalField(
        _("quantity offered"), null=True, blank=True, max_digits=12, decimal_places=2
    )
    received_quantity = models.DecimalField(
        _("quantity received"), null=True, blank=True, max_digits=12, decimal_places=2
    )
    wanted_on = models.DateField(_("wanted on"))
    note = models.CharField(_("note"), max_length=300, blank=True)
    state = models.CharField(
        _("state"), max_length=10, choices=list(MUTUAL_STATES.items()), default=MutualState.ASKED
    )
    from_store = models.ForeignKey(
        Store,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name=_("from the store"),
    )
    to_store = models.ForeignKey(
        Store,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name=_("to the store"),
    )
    asked_at = models.DateTimeField(pgettext_lazy("need", "asked at"))
    asked_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    offered_at = models.DateTimeField(_("offered at"), null=True)
    offered_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    agreed_at = models.DateTimeField(_("agreed at"), null=True)
    agreed_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    shipped_at = models.DateTimeField(_("shipped at"), null=True)
    shipped_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    received_at = models.DateTimeField(_("received at"), null=True)
    received_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    received_note = models.CharField(_("why less or more came"), max_length=200, blank=True)
    withdrawn_at = models.DateTimeField(_("withdrawn at"), null=True)
    withdrawn_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")

    objects = MutualSupplyQuerySet.as_manager()

    class Meta:
        verbose_name = _("mutual supply")
        verbose_name_plural = _("mutual supplies")
        ordering = ["-asked_at", "-pk"]
        constraints = [
            models.CheckConstraint(condition=Q(quantity__gt=0), name="mutual_asks_for_something"),
            models.CheckConstraint(
                condition=Q(offering=None) | ~Q(offering=models.F("asking")), name="mutual_between_two"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.item_id} {self.quantity}"
