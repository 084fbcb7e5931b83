"""Error pages: Chinese, with what was kept and a way back. They need no database."""

import sys

from django.conf import settings
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.loader import render_to_string


def answers_in_json(request: HttpRequest) -> bool:
    """Its caller is a program, even where what went wrong lies before the door."""
    path = request.path_info
    return path.startswith(settings.JSON_DOORS) and path not in settings.JSON_DOORS


def _page(request: HttpRequest, *, status: int, heading: str, text: str, code: str) -> HttpResponse:
    if answers_in_json(request):
        problem = {"type": f"/problems/{code}", "title": heading, "status": status, "detail": text}
        return JsonResponse(problem, status=status, content_type="application/problem+json")
    context = {"heading": heading, "text": text, "status": status}
    # Without the request: context processors ask the database, which may be the very trouble.
    return HttpResponse(render_to_string("error.html", context), status=status)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _page(
        request,
        status=400,
        code="bad-request",
        heading="这个请求系统看不懂",
        text="请返回上一页重新操作。您已保存的内容不受影响。",
    )


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _page(
        request,
        status=403,
        code="permission-denied",
        heading="您的岗位没有这项权限",
        text="如工作需要，请联系县教育局系统管理员为您开通。",
    )


def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _page(
        request,
        status=404,
        code="not-found",
        heading="没有找到这一页",
        text="可能是地址有误，或者该记录不在您的负责范围内。",
    )


def server_error(request: HttpRequest) -> HttpResponse:
    # Django calls this while it handles the exception, from whatever layer it came.
    if isinstance(sys.exc_info()[1], OperationalError | InterfaceError):
        return database_gone(request)
    return _page(
        request,
        status=500,
        code="server-error",
        heading="系统出了故障",
        text="本次操作没有写入任何内容，请稍后重试；仍不行请联系系统管理员。",
    )


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    return _page(
        request,
        status=403,
        code="csrf",
        heading="页面已过期",
        text="请返回上一页刷新后再提交，填写的内容可先复制保存。",
    )


def database_gone(request: HttpRequest) -> HttpResponse:
    response = _page(
        request,
        status=503,
        code="database-gone",
        heading="系统正在恢复",
        text="数据库暂时连接不上，已提交成功的内容不会丢失。请等半分钟后刷新本页。",
    )
    response["Retry-After"] = "30"
    return response
