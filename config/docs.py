"""The interface's own description, for callers of the interface."""

from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView

from core.access import Permission


class Schema(SpectacularAPIView):
    permission = Permission.LEDGER_PULL


class Swagger(SpectacularSwaggerSplitView):
    """Scripts come as files of our own, so the strict content policy holds."""

    permission = Permission.LEDGER_PULL
    url_name = "schema"
