"""The schema, and its two pages: one to read, one to try. Both draw styles of their own, so their policy
says so; scripts still come from this host alone."""

from csp.constants import NONE, SELF, UNSAFE_INLINE
from csp.decorators import csp_replace
from django.utils.decorators import method_decorator
from drf_spectacular.views import SpectacularAPIView, SpectacularRedocView, SpectacularSwaggerSplitView

POLICY = {
    "default-src": [NONE],
    "script-src": [SELF],
    "style-src": [SELF, UNSAFE_INLINE],
    "img-src": [SELF, "data:"],
    "font-src": [SELF, "data:"],
    "connect-src": [SELF],
    "worker-src": ["blob:"],
    "base-uri": [NONE],
    "form-action": [NONE],
    "frame-ancestors": [NONE],
}


class Schema(SpectacularAPIView):
    api_version = None


@method_decorator(csp_replace(POLICY), name="dispatch")
class Reading(SpectacularRedocView):
    template_name = "api/reading.html"


@method_decorator(csp_replace(POLICY), name="dispatch")
class Trying(SpectacularSwaggerSplitView):
    template_name = "api/trying.html"
