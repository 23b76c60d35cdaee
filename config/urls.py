from allauth.account.decorators import secure_admin_login
from django.conf import settings
from django.contrib import admin
from django.contrib.auth.decorators import login_not_required
from django.urls import include, path
from django.views.i18n import set_language

admin.site.login = secure_admin_login(admin.site.login)  # its own form knows no limits and no second step

handler400 = "components.errors.bad_request"
handler403 = "components.errors.forbidden"
handler404 = "components.errors.not_found"
handler500 = "components.errors.server_error"

urlpatterns = [
    path("language/", login_not_required(set_language), name="set_language"),
    path("admin/", admin.site.urls),
    path("api/", include("api.urls")),
    path("w/", include("workbench.urls")),
    path("", include("flows.feeds")),
    path("s/<slug:brand>/", include("storefront.urls")),
    path("", include("dashboard.urls")),
]
if settings.EMBEDDED:
    urlpatterns.append(path("components/", include("components.urls")))
