"""The feed: what a page missed while its socket was away. Three faces share it, so none owns it."""

from collections.abc import Callable

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, JsonResponse
from django.utils.decorators import method_decorator
from django.views import View

from notifications import feed
from notifications.audience import Audience


@method_decorator(login_not_required, name="dispatch")  # a script wants 401, not the sign-in page
class FeedView(View):
    """GET `?after=<seq>&limit=<1…200>` → {"events": […], "last": seq, "more": bool}; 401 when signed out."""

    audience_of: Callable[..., Audience | None] | None = None  # given in the URLconf

    def get(self, request: HttpRequest, **place: str) -> JsonResponse:
        audience = self.audience_of(request, **place)
        if audience is None:
            return JsonResponse({"code": "signed_out"}, status=401)
        try:
            after, limit = (
                int(request.GET.get(name, value)) for name, value in (("after", 0), ("limit", feed.PAGE))
            )
        except ValueError:
            return JsonResponse({"code": "not_a_number"}, status=400)
        page = feed.after(min(max(after, 0), 2**63 - 1), audience=audience, limit=limit)
        return JsonResponse(page.as_json(), headers={"Cache-Control": "no-store"})
