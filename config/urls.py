from django.urls import include, path

from config.docs import Schema, Swagger
from config.health import Health, Ready
from config.home import Home, HomeGaps
from core.views import AuditList

handler400 = "core.errors.bad_request"
handler403 = "core.errors.permission_denied"
handler404 = "core.errors.page_not_found"
handler500 = "core.errors.server_error"

urlpatterns = [
    path("", Home.as_view(), name="home"),
    path("home/gaps/", HomeGaps.as_view(), name="home-gaps"),
    path("healthz", Health.as_view(), name="healthz"),
    path("readyz", Ready.as_view(), name="readyz"),
    path("accounts/", include("accounts.urls")),
    path("jobs/", include("core.urls")),
    path("audit/", AuditList.as_view(), name="audit-list"),
    path("students/", include("students.urls")),
    path("cases/", include("casework.urls")),
    path("ledgers/", include("ledgers.urls")),
    path("api/v1/schema", Schema.as_view(), name="schema"),
    path("api/v1/docs", Swagger.as_view(), name="api-docs"),
    path("api/v1/", include("ledgers.api_urls")),
]
