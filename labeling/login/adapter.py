"""django-allauth's adapter: its flows, with this site's counters, events and words."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core import context
from django.contrib import messages
from django.contrib.auth import authenticate
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme

from labeling import services
from labeling.access import acting
from labeling.login import browsers
from labeling.login.address import address_of
from labeling.login.hashing import BusyError
from labeling.models import User

# What is said after which of allauth's steps; of the others a page tells by itself.
_SAID = {
    "account/messages/password_changed.txt": "Your password is changed. All your other sessions have ended.",
}


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth carries no types
    """No sign-up, counters in the database instead of the cache, and every step an event."""

    error_messages = DefaultAccountAdapter.error_messages | {
        "username_password_mismatch": "This user name and this password do not belong together. Both mind capitals.",
        "enter_current_password": "This is not your current password.",
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def is_ajax(self, request: HttpRequest) -> bool:
        return False  # pages answer with pages

    def is_safe_url(self, url: str) -> bool:
        """Only this very site: whoever logs in is led nowhere else."""
        request = context.request
        return url_has_allowed_host_and_scheme(url, {request.get_host()}, require_https=request.is_secure())

    def get_client_ip(self, request: HttpRequest) -> str:
        return address_of(request)

    def authenticate(self, request: HttpRequest, **credentials: Any) -> User | None:
        """Whose name and password these are. Raises `HeldBackError` and `BusyError`; both look at no password."""
        name = str(credentials.get("username", ""))
        attempt = services.Attempt(name, address_of(request), browsers.known(request, name))
        try:
            user = authenticate(request, **credentials)
        except BusyError:
            attempt.forget()
            raise
        if user is None:
            attempt.refused()
        else:
            attempt.succeeded()
        return user

    def post_login(self, request: HttpRequest, user: Any, **kwargs: Any) -> HttpResponse:
        response: HttpResponse = super().post_login(request, user, **kwargs)
        browsers.remember(response, user.get_username())
        return response

    def set_password(self, user: Any, password: str) -> None:
        """Of oneself, or by a link: whoever has the link acts as the person."""
        request = context.request
        own = request.user.is_authenticated and request.user.pk == user.pk
        keep = request.session.session_key if own else None
        services.set_password(acting(user), user, password, how="own" if own else "link", keep=keep)

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:
        return reverse("account")

    def add_message(
        self,
        request: HttpRequest,
        level: int,
        message_template: str | None = None,
        message_context: dict[str, Any] | None = None,
        extra_tags: str = "",
        message: str | None = None,
    ) -> None:
        said = message or _SAID.get(message_template or "")
        if said and request.user.is_authenticated:
            messages.add_message(request, level, said, extra_tags)
