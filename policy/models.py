"""Editions as records, and which of them is in force on a date."""

import datetime as dt
from typing import Self

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from .loading import EditionError, EditionFile, edition_from_chain, read_source
from .refusals import RuleViolation
from .types import Edition


class NoEditionInForce(LookupError):
    """No edition had been activated for that date; `sentence` says so to a person."""

    def __init__(self, on: dt.date) -> None:
        super().__init__(on)
        self.on = on
        self.sentence = format_lazy(
            _("No policy edition is in force on {date}: choose an edition, or check the date."), date=on
        )

    def __str__(self) -> str:
        return str(self.sentence)


class UnknownEdition(LookupError):
    """There is no edition of that code; `sentence` says so to a person."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code
        self.sentence = _("There is no such policy edition.")

    def __str__(self) -> str:
        return str(self.sentence)


class PolicyEditionQuerySet(models.QuerySet["PolicyEdition"]):
    """Which editions."""

    def activated(self) -> Self:
        """Editions that were in force at some time or will be: read-only for ever."""
        return self.filter(activations__isnull=False).distinct()

    def drafts(self) -> Self:
        """Editions that nobody has activated."""
        return self.filter(activations__isnull=True)

    def with_parents(self) -> Self:
        """With the chain of parents in the same query; a longer chain costs a query a link."""
        return self.select_related("parent__parent__parent")


class PolicyEdition(models.Model):
    """One edition of the rules: the TOML text, and beside it what the text says of itself."""

    code = models.CharField(
        pgettext_lazy("of a policy edition", "code"), max_length=40, unique=True, editable=False
    )
    title_zh = models.CharField(_("title in Chinese"), max_length=100, editable=False)
    title_en = models.CharField(_("title in English"), max_length=100, editable=False)
    effective_on = models.DateField(_("effective from"), editable=False)
    parent = models.ForeignKey(
        "self",
        models.PROTECT,
        null=True,
        blank=True,
        editable=False,
        related_name="heirs",
        verbose_name=_("inherits from"),
    )
    source = models.TextField(
        _("rules (TOML)"),
        help_text=_(
            "State only what changes: what is left out follows the parent. A rule replaces the parent's "
            "whole rule. Code, titles and effective date are taken from this text."
        ),
    )
    created_at = models.DateTimeField(pgettext_lazy("policy edition", "stored at"), auto_now_add=True)

    objects = PolicyEditionQuerySet.as_manager()

    class Meta:
        verbose_name = _("policy edition")
        verbose_name_plural = _("policy editions")
        ordering = ["effective_on", "pk"]

    def __str__(self) -> str:
        return f"{self.title_zh} ({self.code})"

    @property
    def activation(self) -> "EditionActivation | None":
        """The newest activation; None while the edition is a draft."""
        return self.activations.order_by("-pk").first()

    @property
    def activated_at(self) -> dt.datetime | None:
        """When it was last activated."""
        return self.activation.activated_at if self.activation else None

    @property
    def is_locked(self) -> bool:
        """Whether decisions rest on this text: it was activated itself, or an heir of it was."""
        if self.pk is None:
            return False
        return self.activations.exists() or any(heir.is_locked for heir in self.heirs.all())

    def resolved(self) -> Edition:
        """The edition with everything inherited. Raises EditionError."""
        return edition_from_chain(self._chain())

    def clean(self) -> None:
        """Check the text with its parents, and take code, titles, date and parent from it.

        The first mistake stands at the field `source`, with its key. A text on which decisions rest is
        not changed any more.
        """
        if not self.source:
            return  # the field itself says that it is required
        self._refuse_change_of_locked()
        try:
            self._take_from(read_source(self.source, str(_("this text"))))
            self.resolved()
        except EditionError as error:
            raise ValidationError({"source": str(error)}, code="edition") from error

    def store(self) -> None:
        """Check and write a new edition or a draft. Raises ValidationError, also when it was activated
        in the meantime."""
        self.full_clean()
        if self.pk is None:
            self.save(force_insert=True)
            return
        written = (
            PolicyEdition.objects.drafts()
            .filter(pk=self.pk)
            .update(
                title_zh=self.title_zh,
                title_en=self.title_en,
                effective_on=self.effective_on,
                parent=self.parent,
                source=self.source,
            )
        )
        if not written:
            self._refuse_change_of_locked()

    def activate(self, *, from_on: dt.date, at: dt.datetime, by: models.Model | None) -> "EditionActivation":
        """Put the edition in force from a date, until another activation. Its text is fixed from then on.

        `by` is the user who decided, None for the installation itself. Undo is another activation.
        Raises RuleViolation `before_effective` and EditionError.
        """
        with transaction.atomic():
            stored = PolicyEdition.objects.with_parents().get(pk=self.pk)
            stored.resolved()
            if from_on < stored.effective_on:
                raise RuleViolation(
                    "before_effective",
                    "",
                    format_lazy(
                        _("This edition takes effect on {date}; it cannot be in force earlier."),
                        date=stored.effective_on,
                    ),
                    field="from_on",
                )
            return EditionActivation.objects.create(
                edition=stored, from_on=from_on, activated_at=at, activated_by_id=by.pk if by else None
            )

    def _chain(self) -> tuple[tuple[str, str], ...]:
        """Names and texts from the root down to this edition. Raises EditionError on a circle."""
        chain: list[tuple[str, str]] = []
        codes: set[str] = set()
        edition: PolicyEdition | None = self
        while edition is not None:
            if edition.code in codes:
                raise EditionError(self.code, "parent", str(_("the chain of parents runs in a circle")))
            codes.add(edition.code)
            chain.insert(0, (edition.code, edition.source))
            edition = edition.parent
        return tuple(chain)

    def _take_from(self, file: EditionFile) -> None:
        if self.pk is not None and self.code != file.code:
            raise EditionError(file.source, "code", str(_("the code of a stored edition does not change")))
        if PolicyEdition.objects.exclude(pk=self.pk).filter(code=file.code).exists():
            raise EditionError(file.source, "code", str(_("an edition of this code is already stored")))
        self.code = file.code
        self.title_zh = file.name_zh
        self.title_en = file.name_en
        self.effective_on = file.effective_on
        self.parent = None
        if file.parent is not None:
            self.parent = PolicyEdition.objects.with_parents().filter(code=file.parent).first()
            if self.parent is None:
                sentence = _("the edition “{code}” does not exist").format(code=file.parent)
                raise EditionError(file.source, "parent", sentence)

    def _refuse_change_of_locked(self) -> None:
        if not self.is_locked:
            return
        if PolicyEdition.objects.values_list("source", flat=True).get(pk=self.pk) != self.source:
            raise ValidationError(
                {"source": _("Decisions rest on this edition: it is read-only. Store a new one instead.")},
                code="locked",
            )


class EditionActivation(models.Model):
    """One act of putting an edition in force from a date; never changed, never deleted."""

    edition = models.ForeignKey(
        PolicyEdition, models.PROTECT, related_name="activations", verbose_name=_("policy edition")
    )
    from_on = models.DateField(_("in force from"))
    activated_at = models.DateTimeField(_("activated at"))
    activated_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("activated by"),
        help_text=_("Empty: by the installation itself."),
    )

    class Meta:
        verbose_name = _("activation of an edition")
        verbose_name_plural = _("activations of editions")
        ordering = ["-pk"]

    def __str__(self) -> str:
        return f"{self.edition_id} ← {self.from_on}"


def activation_in_force(on: dt.date) -> EditionActivation:
    """The act by which the edition of a civil date came into force: of those from that date or earlier the
    newest act, not the newest file. Costs one query, parents included. Raises NoEditionInForce."""
    activation = (
        EditionActivation.objects.filter(from_on__lte=on)
        .select_related("edition__parent__parent__parent")
        .order_by("-pk")
        .first()
    )
    if activation is None:
        raise NoEditionInForce(on)
    return activation


def edition_in_force(on: dt.date) -> Edition:
    """The edition that holds on a civil date (see `activation_in_force`). Raises NoEditionInForce."""
    return activation_in_force(on).edition.resolved()


def edition_by_code(code: str) -> Edition:
    """A stored edition, activated or not. Costs one query. Raises UnknownEdition."""
    stored = PolicyEdition.objects.with_parents().filter(code=code).first()
    if stored is None:
        raise UnknownEdition(code)
    return stored.resolved()
