"""What one would write with DRF for the same rows, and a COPY through the same server.

No sign-in, no scope, no wall: all of that would only slow them down.
"""

import threading
from queue import Queue

from django.db import connection
from django.http import StreamingHttpResponse
from rest_framework import pagination, serializers, viewsets

from bench.peers.models import FlatRow
from bench.wide import CELLS, PLACE


class FlatRowSerializer(serializers.ModelSerializer):
    class Meta:
        model = FlatRow
        fields = "__all__"


class HundredAPage(pagination.PageNumberPagination):
    page_size = 100


class ThousandAPage(pagination.CursorPagination):
    page_size = 1000
    ordering = "id"


class ByPage(viewsets.ModelViewSet):
    queryset = FlatRow.objects.order_by("id")
    serializer_class = FlatRowSerializer
    pagination_class = HundredAPage
    authentication_classes = permission_classes = ()


class ByCursor(ByPage):
    pagination_class = ThousandAPage


NAMES = ", ".join(f"cell_{number:02d}" for number in range(CELLS))
_SAID = ", ".join(f"'{name}', {name}" for name in PLACE)
# Quote and delimiter that no text holds: each line comes out as it is.
_COPY = f"""
COPY (SELECT json_build_object('id', id, {_SAID}, 'cells', ARRAY[{NAMES}])
        FROM peers_flatrow ORDER BY id)
  TO STDOUT (FORMAT csv, QUOTE E'\\x01', DELIMITER E'\\x02')
"""


def copied(request):
    lines = Queue(maxsize=64)
    threading.Thread(target=_copy_into, args=[lines], daemon=True).start()
    return StreamingHttpResponse(iter(lines.get, None), content_type="application/x-ndjson")


class _Gathered:
    """Pieces of a network read's size: COPY writes single lines."""

    def __init__(self, lines):
        self._lines = lines
        self._pending, self._bytes = [], 0

    def write(self, line):
        self._pending.append(line)
        self._bytes += len(line)
        if self._bytes > 1 << 16:
            self.flush()

    def flush(self):
        self._lines.put(b"".join(self._pending))
        self._pending, self._bytes = [], 0


def _copy_into(lines):
    try:
        gathered = _Gathered(lines)
        with connection.cursor() as cursor:
            cursor.copy_expert(_COPY, gathered)
        gathered.flush()
    finally:
        lines.put(None)
        connection.close()
