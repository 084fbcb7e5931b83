"""REST errors as RFC 9457 problem+json."""

from typing import Any

from rest_framework.response import Response
from rest_framework.views import exception_handler


def problem_response(exc: Exception, context: dict[str, Any]) -> Response | None:
    response = exception_handler(exc, context)
    if response is None:
        return None
    code = getattr(exc, "default_code", "error")
    problem: dict[str, Any] = {
        "type": f"/problems/{code}",
        "title": str(getattr(exc, "default_detail", "")),
        "status": response.status_code,
        "detail": str(getattr(exc, "detail", exc)),
    }
    if isinstance(response.data, dict) and "detail" not in response.data:
        problem["errors"] = response.data
    response.data = problem
    response.content_type = "application/problem+json"
    return response
