"""下载所见: at once, or by a worker with a page to wait on."""

import tempfile
from functools import cached_property
from typing import Any

from django.contrib import messages
from django.http import FileResponse, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from django.views.generic import TemplateView, View

from core import paging
from core.access import Permission
from core.models import Job
from core.web import Requires
from students.listing import download
from students.listing.selection import words
from students.views.listing import ListDoor


class DownloadNew(ListDoor, View):
    http_method_names = ["post"]

    def post(self, request: HttpRequest) -> HttpResponseBase:
        now, scope, user = timezone.now(), self.request.scope, self.request.user
        said = words(self.filters.conditions.values(), search=self.sought)
        wish = download.Wish(self.selection, self.shown, said)
        rows = self.selection.rows(scope, on=timezone.localdate(now))
        if paging.capped_count(rows) > download.AT_ONCE:
            job = download.start(scope=scope, actor=user, wish=wish)
            return redirect("students:download-detail", download_id=job.pk)
        file = tempfile.TemporaryFile()  # noqa: SIM115 - the response closes it
        download.export(file, scope=scope, actor=user, wish=wish, now=now)
        file.seek(0)
        return FileResponse(file, as_attachment=True, filename=download.file_name(now))


class DownloadPage(Requires):
    """Whoever asked for the file, and nobody else."""

    permission = Permission.STUDENT_VIEW

    @cached_property
    def job(self) -> Job:
        own = Job.objects.filter(county=self.request.scope.county, task=download.TASK)
        rows = own.started_by(self.request.user.pk)
        return get_object_or_404(rows, pk=self.kwargs["download_id"])


@method_decorator(never_cache, name="dispatch")
class DownloadDetail(DownloadPage, TemplateView):
    template_name = "students/student_download.html"

    def get_template_names(self) -> list[str]:
        return [f"{self.template_name}#progress" if self.request.htmx else self.template_name]

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        response = super().get(request, *args, **kwargs)
        if self.request.htmx and self.job.is_over:
            response["HX-Refresh"] = "true"  # whoever saw the end needs no notice of it
        return response

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(job=self.job, days=download.KEEP.days, **kwargs)


class DownloadFile(DownloadPage, View):
    def get(self, request: HttpRequest, download_id: int) -> HttpResponseBase:
        name = self.job.result.get("file", "")
        path = download.path_of(name)
        if not name or not path.is_file():
            messages.warning(request, "这份文件已过期或还没有写好，请回到学生名单重新下载。")
            return redirect("students:download-detail", download_id=download_id)
        return FileResponse(
            path.open("rb"), as_attachment=True, filename=download.file_name(self.job.created_at)
        )
