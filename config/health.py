"""Health doors for supervisors and containers; they tell nothing about data."""

import redis
from django.conf import settings
from django.db import OperationalError, connection
from django.http import HttpRequest, HttpResponse

from core.web import Open


class Health(Open):
    """This process answers."""

    def get(self, request: HttpRequest) -> HttpResponse:
        return HttpResponse("ok", content_type="text/plain")


class Ready(Open):
    """This process can work: database and broker answer."""

    def get(self, request: HttpRequest) -> HttpResponse:
        missing = [name for name, answers in _PARTS.items() if not answers()]
        text = "missing: " + ", ".join(missing) if missing else "ready"
        return HttpResponse(text, content_type="text/plain", status=503 if missing else 200)


def _database_answers() -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except OperationalError:
        return False
    return True


def _broker_answers() -> bool:
    url = settings.REDIS_URL.replace("redis+socket://", "unix://")
    try:
        return bool(redis.Redis.from_url(url, socket_timeout=2).ping())
    except redis.RedisError:
        return False


_PARTS = {"database": _database_answers, "broker": _broker_answers}
