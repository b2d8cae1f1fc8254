"""Policy editions in the admin site. They stand here because the policy floor knows of no accounts."""

from typing import Any

from django.contrib import admin
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from accounts.admin import HistoryAdmin, ReadOnlyInline, ScopedAdmin
from accounts.models import User
from policy.models import EditionActivation, PolicyEdition


class ActivationInline(ReadOnlyInline):
    model = EditionActivation
    fields = ("from_on", "activated_at", "activated_by")


@admin.register(PolicyEdition)
class PolicyEditionAdmin(ScopedAdmin):
    """Drafts can be written and mended; an edition on which decisions rest can only be read."""

    list_display = ("title_zh", "code", "effective_on", "parent", "standing")
    fields = ("source", "code", "title_zh", "title_en", "effective_on", "parent", "standing")
    inlines = (ActivationInline,)

    def scoped(self, rows: QuerySet[PolicyEdition], user: User) -> QuerySet[PolicyEdition]:
        """Editions hold for everybody."""
        return rows

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Read-only once it was in force, or an heir of it was."""
        locked = isinstance(obj, PolicyEdition) and obj.is_locked
        return super().has_change_permission(request, obj) and not locked

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Everything but the text: it says the rest itself."""
        return ("code", "title_zh", "title_en", "effective_on", "parent", "standing")

    def save_model(self, request: HttpRequest, obj: PolicyEdition, form: Any, change: bool) -> None:
        """Write through the model's own verb, which refuses what was activated in the meantime."""
        obj.store()

    @admin.display(description=_("standing"))
    def standing(self, edition: PolicyEdition) -> str:
        """Draft, or in force since when."""
        activation = edition.activation
        if activation is None:
            return str(_("draft"))
        return str(_("activated from %(date)s") % {"date": activation.from_on})


@admin.register(EditionActivation)
class EditionActivationAdmin(HistoryAdmin):
    list_display = ("edition", "from_on", "activated_at", "activated_by")
    list_select_related = ("edition", "activated_by")

    def scoped(self, rows: QuerySet[EditionActivation], user: User) -> QuerySet[EditionActivation]:
        """Activations hold for everybody."""
        return rows
