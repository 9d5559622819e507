"""Browsers that an account was logged in from: whoever guesses elsewhere does not lock its person out there.

A signed cookie says so, and no more than that: the password is asked for all the same, and wrong ones are counted.
"""

import secrets

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponseBase
from django.urls import reverse

from labeling.services.logins import digest_of, plain

COOKIE = "known_browser"
_AGE = 180 * 24 * 3600
_SALT = "labeling.login.browsers"


def known(request: HttpRequest, name: str) -> str | None:
    """The id of this browser, where `name` was logged in from it before."""
    try:
        browser, account = signing.loads(request.COOKIES.get(COOKIE, ""), salt=_SALT, max_age=_AGE)
    except (signing.BadSignature, ValueError, TypeError):
        return None
    return str(browser) if account == digest_of("account", plain(name)) else None


def remember(response: HttpResponseBase, name: str) -> None:
    """This browser is known from now on, for `name`."""
    value = signing.dumps([secrets.token_hex(8), digest_of("account", plain(name))], salt=_SALT)
    response.set_cookie(
        COOKIE,
        value,
        max_age=_AGE,
        path=reverse("account_login"),
        httponly=True,
        secure=settings.SESSION_COOKIE_SECURE,
        samesite="Lax",
    )
