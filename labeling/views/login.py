"""The log-in."""

from typing import Any

from allauth.account import views as allauth
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from labeling.login import browsers
from labeling.models import User


class _SaysWhy:
    """The status and the `Retry-After` of what held a form back."""

    def form_invalid(self, form: Any) -> HttpResponse:
        response: HttpResponse = super().form_invalid(form)  # type: ignore[misc]  # a mixin of form views
        if form.problem is not None:
            response.status_code = form.problem.problem_status
            for name, value in form.problem.headers.items():
                response[name] = value
        return response


class LoginView(_SaysWhy, allauth.LoginView):  # type: ignore[misc]  # allauth carries no types
    """allauth's, with a hint where nobody can log in yet."""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return {**super().get_context_data(**kwargs), "nobody": not User.objects.exists()}


class ResetView(_SaysWhy, allauth.PasswordResetView):  # type: ignore[misc]  # allauth carries no types
    """A link by mail, where mail is set up; else the page says who makes one."""

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not settings.MAIL_IS_SET_UP:
            return redirect("account_reset_password")
        response: HttpResponse = super().post(request, *args, **kwargs)
        return response

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return {**super().get_context_data(**kwargs), "by_mail": settings.MAIL_IS_SET_UP}


class LinkView(allauth.PasswordResetFromKeyView):  # type: ignore[misc]  # allauth carries no types
    """A new password by a link. The browser is known from then on: strangers who guessed do not hold it back."""

    def form_valid(self, form: Any) -> HttpResponse:
        response: HttpResponse = super().form_valid(form)
        browsers.remember(response, self.reset_user.get_username())
        return response
