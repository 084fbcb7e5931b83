from django.conf import settings
from django.http import HttpRequest


def client_address(request: HttpRequest) -> str:
    """Whom the lock-out counts: behind our TLS proxy everybody would else have its address.

    The proxy appends the address it saw, so only the last one is not the caller's own invention.
    """
    direct = str(request.META.get("REMOTE_ADDR", ""))
    if not settings.BEHIND_PROXY:
        return direct
    return request.headers.get("X-Forwarded-For", direct).split(",")[-1].strip()
