"""Messages and channels in the admin site."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from accounts.admin import HistoryAdmin, ScopedAdmin
from accounts.models import Area, User
from notices.models import ChannelAddress, Message


@admin.register(Message)
class MessageAdmin(HistoryAdmin):
    list_display = (
        "created_at",
        "kind",
        "channel",
        "community",
        "state",
        "attempts",
        "next_attempt_at",
        "last_error",
    )
    list_filter = ("channel", "state", "kind")
    list_select_related = ("community",)
    ordering = ("-pk",)
    fields = (
        "kind",
        "channel",
        "community",
        "state",
        "created_at",
        "next_attempt_at",
        "not_after",
        "sent_at",
        "attempts",
        "last_error",
        "read_at",
        "read_by",
    )


@admin.register(ChannelAddress)
class ChannelAddressAdmin(ScopedAdmin):
    list_display = ("area", "channel", "from_below", "enabled")
    list_select_related = ("area",)
    list_filter = ("channel", "enabled")
    autocomplete_fields = ("area",)

    def scoped(self, rows: QuerySet[ChannelAddress], user: User) -> QuerySet[ChannelAddress]:
        """Channels of the own subtree."""
        return rows.filter(area__in=Area.objects.visible_to(user))

    def has_delete_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """A channel is a setting, not history."""
        return self._may(request)
