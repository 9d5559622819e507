"""allauth's forms, with what holds back said in them."""

from typing import Any

from allauth.account import forms as allauth
from django import forms
from django.contrib.auth import get_user_model
from django.contrib.auth.forms import BaseUserCreationForm
from django.core.exceptions import ValidationError
from django.http import HttpRequest

from common.problems import ProblemError
from labeling import services
from labeling.login.address import address_of
from labeling.login.hashing import BusyError
from labeling.models import User


class LoginForm(allauth.LoginForm):  # type: ignore[misc]  # allauth carries no types
    """A name and a password. `problem` says why they were not even looked at."""

    problem: ProblemError | None = None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        quiet = {"autocapitalize": "none", "autocorrect": "off", "spellcheck": "false", "autofocus": True}
        self.fields["login"].label = "User name"
        self.fields["login"].widget.attrs |= quiet | {"placeholder": ""}
        self.fields["password"].widget.attrs["placeholder"] = ""
        self.fields["password"].help_text = ""

    def clean(self) -> Any:
        try:
            return super().clean()
        except ProblemError as error:
            self.problem = error
            raise ValidationError(str(error)) from error


class _NewPassword:
    """Without allauth's placeholders, which repeat the labels; a link back to the log-in helps nobody here."""

    fields: dict[str, forms.Field]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        words = {"oldpassword": "Current password", "password1": "New password", "password2": "New password, again"}
        for name, field in self.fields.items():
            field.widget.attrs.pop("placeholder", None)
            field.label = words[name]
        if "oldpassword" in self.fields:
            self.fields["oldpassword"].help_text = ""


class ChangePasswordForm(_NewPassword, allauth.ChangePasswordForm):  # type: ignore[misc]  # allauth carries no types
    """Whoever sits at somebody else's open browser guesses no better here than at the log-in."""

    def clean_oldpassword(self) -> str:
        request: HttpRequest = allauth.context.request
        try:
            attempt = services.Attempt(self.user.get_username(), address_of(request), f"session-{self.user.pk}")
        except ProblemError as error:
            raise ValidationError(str(error)) from error
        try:
            given: str = super().clean_oldpassword()
        except ValidationError:
            attempt.refused()
            raise
        except BusyError:
            attempt.forget()
            raise
        attempt.succeeded()
        return given


class SetPasswordForm(_NewPassword, allauth.ResetPasswordKeyForm):  # type: ignore[misc]  # allauth carries no types
    """The new password of whoever has a link."""


class FirstForm(BaseUserCreationForm):  # type: ignore[type-arg]  # no generic at run time
    """The first administrator's name and password, and the token of the link, which a script fills in."""

    token = forms.CharField(
        max_length=200,
        label="Token",
        help_text="What stands after # in the link that the host printed. It is filled in by itself; if it is not, "
        "paste it.",
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}),
    )
    field_order = ("token", "username", "password1", "password2")

    class Meta:
        model = User
        fields = ("username",)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["username"].label = "User name"
        self.fields["username"].help_text = ""
        self.fields["password2"].label = "Password, again"
        self.fields["password2"].help_text = ""


class LinkForm(allauth.UserTokenForm):  # type: ignore[misc]  # allauth carries no types
    """A link opens nothing for a deactivated user."""

    def _get_user(self, uidb36: str) -> Any:
        user = super()._get_user(uidb36)
        return user if user is not None and user.is_active else None


class ResetForm(forms.Form):
    """A mail address. Whether anybody has it is not told, and nothing here takes longer where somebody does."""

    problem: ProblemError | None = None
    email = forms.EmailField(
        max_length=get_user_model()._meta.get_field("email").max_length,
        label="Your mail address",
        widget=forms.EmailInput(attrs={"autocomplete": "email", "autofocus": True}),
    )

    def clean(self) -> dict[str, Any]:
        if not self.errors:
            try:
                services.ask_reset(self.cleaned_data["email"], address_of(allauth.context.request))
            except ProblemError as error:
                self.problem = error
                raise ValidationError(str(error)) from error
        return self.cleaned_data

    def save(self, request: HttpRequest) -> str:
        return str(self.cleaned_data["email"])


class JoinForm(forms.Form):
    """Somebody who is logged in follows an invitation: all that is asked is its token, which a script fills in."""

    token = forms.CharField(
        max_length=200,
        label="Token",
        help_text="What stands after # in the link. It is filled in by itself; if it is not, paste it.",
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}),
    )


class SignUpForm(FirstForm):
    """Somebody without an account follows one, and makes it."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["token"].help_text = JoinForm.base_fields["token"].help_text
