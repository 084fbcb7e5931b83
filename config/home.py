"""The home page gathers from every floor, so it stands above them all."""

from typing import Any

from django.views.generic import TemplateView

from core.access import Permission
from core.web import Requires


class Home(Requires, TemplateView):
    permission = Permission.HOME_VIEW
    template_name = "home.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(**kwargs)
