"""What the platform's operator sees of the books: whether each was proved, and what was found."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from ledger.models import ProofRun


@admin.register(ProofRun)
class ProofRunAdmin(admin.ModelAdmin):
    """To look at, for all merchants. A proof is never changed; the next one tells whether it holds again."""

    list_display = ("book", "business_date", "at", "holds", "said", "transfers", "block")
    list_filter = ("business_date",)
    list_select_related = ("book",)
    ordering = ("-id",)
    exclude = ("head",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[ProofRun]:
        return ProofRun._base_manager.order_by("-id")

    @admin.display(boolean=True)
    def holds(self, run: ProofRun) -> bool:
        return run.holds

    @admin.display(description="failed")
    def said(self, run: ProofRun) -> str:
        return ", ".join(run.failed)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: ProofRun | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: ProofRun | None = None) -> bool:
        return False
