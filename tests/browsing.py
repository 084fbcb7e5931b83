"""Small things every journey in the browser needs."""

from django.conf import settings
from django.test import Client


def sign_in(page, live_server, user):
    """Give the browser a session of this user, without walking through the sign-in page."""
    client = Client()
    client.force_login(user)
    value = client.cookies[settings.SESSION_COOKIE_NAME].value
    cookie = {"name": settings.SESSION_COOKIE_NAME, "value": value, "url": live_server.url}
    page.context.add_cookies([cookie])
