"""Pull interface of the ledgers. No serializer stands on the bulk path: see `ledgers/pull.py`."""

from collections.abc import Iterator
from typing import Any, cast

import orjson
from django.http import HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.http.response import HttpResponseNotModified
from django.utils.cache import patch_vary_headers
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.exceptions import APIException, NotFound
from rest_framework.renderers import BaseRenderer, JSONRenderer
from rest_framework.request import Request
from rest_framework.views import APIView

from accounts.models import ApiToken
from core import audit, tenancy
from core.access import Permission, Scope
from core.web import AppRequest
from ledgers import api_schema
from ledgers.kinds import KINDS, Kind
from ledgers.models import LedgerVersion
from ledgers.periods import Period, PeriodUnknown
from ledgers.pull import CursorUnknown, Place, Pull
from ledgers.queries import newest_versions, versions_of

_LIMIT, _MOST = 1000, 5000


class Asked(APIException):
    """A parameter that cannot be used: its name, and what to write instead."""

    status_code = 400
    default_code = "invalid-parameter"
    default_detail = "参数有误"


class VersionUnknown(APIException):
    status_code = 409
    default_code = "since-version-unknown"
    default_detail = "起始版本不在本期之前"


class NotBuilt(NotFound):
    default_code = "ledger-not-built"
    default_detail = (
        "没有这份台账：请核对种类、月份和填报单位（见 /api/v1/ledgers），或先在系统中生成。"
    )


class LinesRenderer(BaseRenderer):
    """Only names the media type for content negotiation; the lines are streamed as they come."""

    media_type = "application/x-ndjson"
    format = "ndjson"

    def render(self, data: Any, *_: Any, **__: Any) -> bytes:
        return orjson.dumps(data)


class LedgerDirectory(APIView):
    permission = Permission.LEDGER_PULL

    @extend_schema(
        operation_id="ledgers_list",
        summary="台账目录",
        description="列出台账种类、列和各期最新版本。列的先后就是各行 cells 的先后。",
        responses={200: api_schema.Directory},
        tags=["台账"],
        parameters=[api_schema.UNIT],
    )
    def get(self, request: Request) -> HttpResponse:
        scope = _scope(request)
        unit = request.query_params.get("unit") or scope.county
        periods: dict[str, list[dict[str, Any]]] = {}
        for version in newest_versions(scope, permission=self.permission, unit=unit):
            periods.setdefault(version.kind, []).append(_described(version))
        kinds = [_kind(kind) | {"periods": periods.get(kind.code, [])} for kind in KINDS.values()]
        return _json({"county": scope.county, "unit": unit, "kinds": kinds})


class LedgerRows(APIView):
    permission = Permission.LEDGER_PULL
    renderer_classes = [JSONRenderer, LinesRenderer]

    @extend_schema(
        operation_id="ledgers_rows",
        summary="拉取台账的变化",
        description=api_schema.ROWS_TEXT,
        responses={
            (200, "application/json"): api_schema.RowsPage,
            (200, "application/x-ndjson"): api_schema.Lines,
            304: None,
            (400, "application/problem+json"): api_schema.Problem,
            (404, "application/problem+json"): api_schema.Problem,
            (409, "application/problem+json"): api_schema.Problem,
        },
        tags=["台账"],
        parameters=[
            api_schema.KIND,
            api_schema.PERIOD,
            api_schema.UNIT,
            api_schema.SINCE,
            api_schema.CURSOR,
            api_schema.LIMIT,
            OpenApiParameter(
                "If-None-Match",
                str,
                OpenApiParameter.HEADER,
                description="上次答复的 ETag；没有新版本时答复 304，无内容。",
            ),
        ],
    )
    def get(self, request: Request, kind: str, period: str) -> HttpResponseBase:
        pull, place, limit = self._question(request, kind=kind, period=period)
        tag = _tag(pull, request)
        if request.headers.get("If-None-Match") == tag:
            response: HttpResponseBase = HttpResponseNotModified()
        elif request.accepted_renderer.format == LinesRenderer.format:
            response = self._stream(pull, request)
        else:
            response = self._page(pull, place, limit, request)
        response["ETag"] = tag
        response["Cache-Control"] = "private, no-cache"
        patch_vary_headers(response, ["Authorization", "Accept"])
        return response

    def _question(self, request: Request, *, kind: str, period: str) -> tuple[Pull, Place, int]:
        scope = _scope(request)
        found = _kind_named(kind)
        given = request.query_params
        place = _place(given.get("cursor", ""))
        since = place.since if place else _number(given, "since_version", least=0, usual=0)
        limit = _number(given, "limit", least=1, usual=_LIMIT, most=_MOST)
        versions = versions_of(
            found, scope=scope, permission=self.permission, unit=given.get("unit") or scope.county
        ).filter(period=_period(period))
        # A cursor keeps to the version its first page saw, whatever is built meanwhile.
        if place:
            versions = versions.filter(number=place.version)
        version = versions.order_by("-number").first()
        if version is None:
            raise NotBuilt
        if since > version.number:
            raise VersionUnknown(
                f"since_version 为 {since}，而 {period} 最新为第 {version.number} 版。"
                "请改用本期或更早的版本号，或从 0 重新拉取。"
            )
        pull = Pull(version, found, since, scope, revealing=_may_reveal(request))
        return pull, place or Place(version.number, since), limit

    def _page(self, pull: Pull, place: Place, limit: int, request: Request) -> HttpResponse:
        page = pull.page(place, limit=limit)
        if page.opened:
            _note_reveal(pull, request, rows=page.opened)
        cursor = page.next.text() if page.next else None
        return _json(
            {
                "kind": pull.kind.code,
                "period": pull.version.period,
                "unit": pull.version.unit,
                "version": pull.version.number,
                "since_version": pull.since,
                "as_of": pull.version.as_of,
                "rows": page.rows,
                "tombstones": page.tombstones,
                "next_cursor": cursor,
            }
        )

    def _stream(self, pull: Pull, request: Request) -> StreamingHttpResponse:
        if pull.revealing:
            # Before the first line: a caller who hangs up half-way has seen numbers too.
            _note_reveal(pull, request, rows=pull.rows.count())
        return StreamingHttpResponse(
            _lines(pull), content_type="application/x-ndjson; charset=utf-8"
        )


def _lines(pull: Pull) -> Iterator[bytes]:
    """Runs after the request's own transaction has ended, so it opens one behind the wall."""
    with tenancy.inside(pull.scope.county):
        yield from pull.stream()


def _note_reveal(pull: Pull, request: Request, *, rows: int) -> None:
    version, token = pull.version, cast(ApiToken, request.auth)
    audit.record(
        county=version.county,
        actor=token.owner,
        action="ledger.pull",
        target=version,
        after={"kind": version.kind, "period": version.period, "rows": rows, "full": True},
        purpose=token.name,
    )


def _scope(request: Request) -> Scope:
    asked: AppRequest = request._request  # type: ignore[assignment]
    return asked.scope


def _may_reveal(request: Request) -> bool:
    """Only a token carries a purpose; a person at a browser reveals numbers one by one."""
    is_token: bool = request._request.token is not None  # type: ignore[attr-defined]
    return is_token and _scope(request).can(Permission.IDENTITY_REVEAL)


def _tag(pull: Pull, request: Request) -> str:
    """Changes with the version, and with who asks: scopes differ."""
    caller = request.auth.pk if request.auth else f"u{request.user.pk}"
    return f'W/"{pull.version.pk}-{caller}-{int(pull.revealing)}"'


def _kind_named(code: str) -> Kind:
    if code not in KINDS:
        raise NotBuilt
    return KINDS[code]


def _period(text: str) -> str:
    try:
        return str(Period.parse(text))
    except PeriodUnknown as fault:
        raise Asked(str(fault)) from fault


def _place(text: str) -> Place | None:
    if not text:
        return None
    try:
        return Place.read(text)
    except CursorUnknown as fault:
        raise Asked("cursor 不是本接口给出的游标，请去掉它从头拉取。") from fault


def _number(given: Any, name: str, *, least: int, usual: int, most: int = 2**31 - 1) -> int:
    text = given.get(name) or str(usual)
    if not text.isascii() or not text.isdecimal() or not least <= int(text) <= most:
        raise Asked(f"{name} 应为 {least} 至 {most} 的整数，例如 {usual}。")
    return int(text)


def _kind(kind: Kind) -> dict[str, Any]:
    return {
        "kind": kind.code,
        "title": kind.title,
        "subject": kind.subject,
        "statuses": dict(kind.statuses),
        "columns": [
            {
                "group": group.title,
                "title": column.title,
                "shape": column.shape,
                "is_secret": column.secret is not None,
                "note": column.note,
            }
            for group in kind.groups
            for column in group.columns
        ],
    }


def _described(version: LedgerVersion) -> dict[str, Any]:
    return {
        "period": version.period,
        "version": version.number,
        "as_of": version.as_of,
        "state": version.state,
        "rows": version.rows,
        "born": version.born_rows,
        "died": version.died_rows,
        "digest": version.digest,
        "built_at": version.built_at,
    }


def _json(content: dict[str, Any]) -> HttpResponse:
    return HttpResponse(orjson.dumps(content), content_type="application/json")
