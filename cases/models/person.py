"""People: one file per person, numbers encrypted, found through keyed digests."""

import datetime as dt
from typing import Self

from django.apps import apps
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.encryption import DIGEST_LENGTH, EncryptedTextField, keyed_digest
from accounts.models import User, in_area
from accounts.scoped import InCommunity
from cases.rules import (
    ID_KINDS,
    KEY_MARKS,
    SEXES,
    IdKind,
    KeyMarkKind,
    age_on,
    masked_id,
    masked_phone,
    name_grams,
    tidy_number,
    tidy_person_name,
    tidy_phone,
)
from zones.addresses import door_of, read
from zones.models import Unit


def id_digest(number: str) -> str:
    """The index of a whole ID number, however it is written."""
    return keyed_digest("id", tidy_number(number))


def phone_digest(number: str) -> str:
    """The index of a whole phone number, however it is written."""
    return keyed_digest("phone", tidy_phone(number))


def tail_digest(number: str) -> str:
    """The index of the last four characters of an ID or phone."""
    tail = tidy_number(number)[-4:]
    return keyed_digest("tail", tail) if len(tail) == 4 else ""


class PersonQuerySet(models.QuerySet["Person"]):
    def visible_to(self, user: User) -> Self:
        """People whose file stands in the area of the user, or whose episode does."""
        if not user.area:
            return self.none()
        episodes = apps.get_model("cases", "Episode")._default_manager
        from_episode = Q(pk__in=episodes.visible_to(user).values("person_id"))
        return self.filter(in_area(user.area) | from_episode)

    def matching(self, words: str) -> Self:
        """People found by a name or a part of one, a whole ID or phone, or the last four digits of one."""
        words = words.strip()
        number = tidy_number(words)
        if not words:
            return self
        if len(number) == 4 and number[:3].isdigit():
            tail = tail_digest(number)
            return self.filter(Q(id_tail_digest=tail) | Q(phone_tail_digest=tail))
        if any(letter.isdigit() for letter in number):
            return self.filter(Q(id_digest=id_digest(number)) | Q(phone_digest=phone_digest(number)))
        return self.named_like(words)

    def living_at(self, words: str) -> Self:
        """People behind the door, or in the unit, building or compound, that an address in one go names."""
        said = door_of(read(words))
        if not said:
            return self.none()
        found = self
        if said.compound or said.stairs:
            found = found.filter(unit__in=Unit.objects.named_by(said).values("pk"))
        return found.filter(door__in=[said.door, f"0{said.door}"]) if said.door else found

    def named_like(self, words: str) -> Self:
        """People in whose names these characters stand side by side."""
        name = tidy_person_name(words).lower()
        grams = {gram for gram in name_grams(name) if len(gram) == min(2, len(name.replace(" ", "")))}
        found = self
        for gram in sorted(grams):
            found = found.filter(pk__in=NameGram.objects.filter(gram=gram).values("person_id"))
        return found.filter(name__icontains=name) if len(grams) > 1 else found


class Person(InCommunity):
    """Somebody who is, was or may come under a rule, or who shares a home with such a person."""

    name = models.CharField(_("name"), max_length=80)
    sex = models.CharField(_("sex"), max_length=6, choices=list(SEXES.items()), blank=True)
    born_on = models.DateField(_("born on"), null=True, blank=True)
    id_kind = models.CharField(
        _("kind of paper"), max_length=12, choices=list(ID_KINDS.items()), default=IdKind.RESIDENT_ID
    )
    id_number = EncryptedTextField(_("ID number"), blank=True)
    id_digest = models.CharField(max_length=DIGEST_LENGTH, blank=True, editable=False)
    id_tail_digest = models.CharField(max_length=DIGEST_LENGTH, blank=True, editable=False)
    phone = EncryptedTextField(_("telephone"), blank=True)
    phone_digest = models.CharField(max_length=DIGEST_LENGTH, blank=True, editable=False)
    phone_tail_digest = models.CharField(max_length=DIGEST_LENGTH, blank=True, editable=False)
    unit = models.ForeignKey(
        Unit,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="residents",
        verbose_name=_("unit"),
    )
    door = models.CharField(_("door number"), max_length=20, blank=True)
    remarks = models.CharField(_("remarks"), max_length=300, blank=True)
    created_at = models.DateTimeField(_("entered at"))
    created_by = models.ForeignKey(
        User,
        on_delete=models.PROTECT,
        related_name="+",
        null=True,
        editable=False,
        verbose_name=_("entered by"),
    )

    objects = PersonQuerySet.as_manager()

    class Meta:
        verbose_name = _("person")
        verbose_name_plural = _("people")
        constraints = [
            models.UniqueConstraint(
                fields=["id_digest"],
                condition=~Q(id_digest=""),
                name="one_person_per_id_number",
                violation_error_message=_("This ID number already stands in the register."),
            )
        ]
        indexes = [
            models.Index(fields=["phone_digest"], name="person_by_phone"),  # recognising: name + phone
            models.Index(fields=["id_tail_digest"], name="person_by_id_tail"),  # search: last four digits
            models.Index(fields=["phone_tail_digest"], name="person_by_phone_tail"),
            models.Index(fields=["community", "id"], name="person_by_community"),  # people of a community
            models.Index(fields=["street", "id"], name="person_by_street"),
            models.Index(fields=["county", "id"], name="person_by_county"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def masked_id(self) -> str:
        """The ID number as everybody sees it."""
        return masked_id(self.id_number)

    @property
    def masked_phone(self) -> str:
        """The phone as everybody sees it."""
        return masked_phone(self.phone)

    @property
    def address(self) -> str:
        """Compound, building, unit and door on one line."""
        return f"{self.unit or ''} {self.door}".strip()

    def set_numbers(self, *, id_kind: IdKind | str, id_number: str, phone: str) -> None:
        """Take over tidied numbers together with every digest by which they are found."""
        self.id_kind = id_kind
        self.id_number = tidy_number(id_number)
        self.id_digest = id_digest(id_number)
        self.id_tail_digest = tail_digest(id_number)
        self.phone = tidy_phone(phone)
        self.phone_digest = phone_digest(phone)
        self.phone_tail_digest = tail_digest(phone)

    def age(self, on: dt.date) -> int | None:
        """Completed years on that date, None when the birth date is not known."""
        return age_on(self.born_on, on) if self.born_on else None


class NameGram(models.Model):
    """One character or pair of neighbours of a name: the search index, gone with the person."""

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="name_grams", db_index=False)
    gram = models.CharField(max_length=2)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["person", "gram"], name="one_gram_per_name")]
        indexes = [models.Index(fields=["gram", "person"], name="people_by_gram")]

    def __str__(self) -> str:
        return self.gram


class KeyMark(models.Model):
    """Why a person is a key person: one row per reason."""

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="key_marks")
    kind = models.CharField(_("mark"), max_length=20, choices=list(KEY_MARKS.items()))

    class Meta:
        verbose_name = _("key-person mark")
        verbose_name_plural = _("key-person marks")
        constraints = [models.UniqueConstraint(fields=["person", "kind"], name="one_key_mark_per_kind")]

    def __str__(self) -> str:
        return str(KEY_MARKS[KeyMarkKind(self.kind)])
