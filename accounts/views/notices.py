"""站内信: what happened for this person, newest first."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from django.views.generic import TemplateView, View

from core import notices, paging
from core.access import Permission
from core.models import Notice, NoticeQuerySet
from core.web import Requires


class NoticeDoor(Requires):
    """A person's own notices of the county looked at, and nobody else's."""

    permission = Permission.OWN_ACCOUNT

    @property
    def own(self) -> NoticeQuerySet:
        request = self.request
        return Notice.objects.for_person(request.user.pk, county=request.scope.county)

    def read(self, **which: Any) -> int:
        county, person_id = self.request.scope.county, self.request.user.pk
        return notices.read(county=county, person_id=person_id, now=timezone.now(), **which)

    def back(self) -> HttpResponse:
        state = "?state=unread" if self.request.GET.get("state") == "unread" else ""
        return redirect(f"{reverse('accounts:notice-list')}{state}")


@method_decorator(never_cache, name="dispatch")
class NoticeList(NoticeDoor, TemplateView):
    template_name = "accounts/notice_list.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        state = "unread" if self.request.GET.get("state") == "unread" else ""
        rows = self.own.unread() if state else self.own
        page = paging.page(rows, by="-created_at", asked=self.request.GET)
        return super().get_context_data(page=page, state=state, days=settings.NOTICE_DAYS, **kwargs)


class NoticeRead(NoticeDoor, View):
    http_method_names = ["post"]

    def post(self, request: HttpRequest, notice_id: int) -> HttpResponse:
        notice = get_object_or_404(self.own, pk=notice_id)
        self.read(only=[notice.pk])
        return self.back()


class NoticesRead(NoticeDoor, View):
    http_method_names = ["post"]

    def post(self, request: HttpRequest) -> HttpResponse:
        count = self.read()
        if count:
            messages.success(request, f"{count} 条站内信已标为已读。")
        return self.back()
