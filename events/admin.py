"""What the platform's operator sees of the stream: the events that readers could not act on."""

from django.contrib import admin

from events.models import Fault


@admin.register(Fault)
class FaultAdmin(admin.ModelAdmin):
    """To look at. Faults go by themselves, once the cause is mended."""

    list_display = ("reader", "event", "error", "attempts", "retry_at", "created_at")
    list_filter = ("reader",)
    list_select_related = ("event",)
    ordering = ("seq",)

    def has_add_permission(self, request) -> bool:
        return False

    def has_change_permission(self, request, obj=None) -> bool:
        return False

    def has_delete_permission(self, request, obj=None) -> bool:
        return False
