"""What follows from log-in and log-out, by whatever door."""

from typing import Any

from allauth.account.signals import user_logged_in as allauth_logged_in
from allauth.usersessions.models import UserSession
from django.contrib.auth.signals import user_logged_in, user_logged_out
from django.dispatch import receiver
from django.http import HttpRequest

from labeling import services
from labeling.login.address import address_of
from labeling.login.middleware import begin
from labeling.models import User


@receiver(user_logged_in)
def session_begins(request: HttpRequest, **kwargs: Any) -> None:
    begin(request.session)


@receiver(allauth_logged_in)
def somebody_logged_in(request: HttpRequest, user: User, **kwargs: Any) -> None:
    services.logged_in(user, str(request.session.session_key), address_of(request))


@receiver(user_logged_out)
def somebody_logged_out(request: HttpRequest, user: User | None, **kwargs: Any) -> None:
    if user is not None:
        key = str(request.session.session_key)
        UserSession.objects.filter(session_key=key).delete()
        services.logged_out(user, key)
