"""People who may log in: administrators alone change them, and nobody is deleted."""

from typing import Any

from allauth.account.admin import EmailAddress
from allauth.usersessions.admin import UserSession
from django.contrib import admin, messages
from django.contrib.auth.admin import GroupAdmin as DjangoGroupAdmin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from common.problems import ProblemError
from labeling import services
from labeling.admin.base import ask_first
from labeling.admin.membership import MembersAdmin, MembershipInline
from labeling.admin.recorded import RecordedAdmin, staff
from labeling.models import User
from labeling.services.passwords import hours

admin.site.unregister(Group)
# allauth's own tables: mail addresses stand with the user, sessions end by an action on the user.
admin.site.unregister((EmailAddress, UserSession))


class RoleInline(MembershipInline):
    """The roles of a person."""

    fields = ("project", "role", "ends_on")
    tab = True
    verbose_name_plural = "Roles in projects"


@admin.register(User)
class UserAdmin(MembersAdmin, DjangoUserAdmin, RecordedAdmin):  # type: ignore[type-arg,misc]  # no generic at run time
    """People; their roles in projects stand below. Staff with the permission see them."""

    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm
    list_display = ("username", "email", "first_name", "last_name", "is_staff", "is_active", "last_login")
    list_filter = ("is_staff", "is_superuser", "is_active")
    filter_horizontal = ("groups", "user_permissions")
    inlines = (RoleInline,)
    actions = ("deactivate", "activate", "make_link", "end_sessions")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.is_superuser)

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return bool(request.user.is_superuser)

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return False  # what they did points to them: deactivate them instead

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        services.save_user(staff(request), obj, form.changed_data)

    def has_administer_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.is_superuser)

    @admin.action(description="Make a link for a new password", permissions=["administer"])
    def make_link(self, request: HttpRequest, rows: QuerySet[User]) -> HttpResponse | None:
        question = (
            f"Make a link by which each of these people sets a new password? It works once, for {hours()}, and whoever "
            "has it can log in as the person: hand it over on a way that only they read."
        )
        page = ask_first(self, request, rows, action="make_link", question=question, yes="Make")
        if page is not None:
            return page
        for user in rows:
            try:
                link = request.build_absolute_uri(services.make_link(staff(request), user))
            except (PermissionDenied, ProblemError) as error:
                messages.error(request, str(error))
            else:
                text = "The link for {}, valid for {} and shown only once: <code>{}</code>"
                messages.warning(request, format_html(text, user, hours(), link))
        return None

    @admin.action(description="End all sessions", permissions=["administer"])
    def end_sessions(self, request: HttpRequest, rows: QuerySet[User]) -> HttpResponse | None:
        question = "End all sessions of these people at once? They log in again with their passwords."
        page = ask_first(self, request, rows, action="end_sessions", question=question, yes="End")
        if page is not None:
            return page
        keep = request.session.session_key
        ended = sum(services.end_sessions(staff(request), user, keep=keep) for user in rows)
        messages.success(request, f"{ended} session{'' if ended == 1 else 's'} ended.")
        return None

    def user_change_password(self, request: HttpRequest, id: str, form_url: str = "") -> HttpResponse:
        with transaction.atomic():
            return super().user_change_password(request, id, form_url)

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        """Django calls it after every form; what the form of a password does, no other event tells."""
        match = request.resolver_match
        if match is not None and str(match.url_name).endswith("password_change"):
            services.password_changed(staff(request), obj, how="admin", keep=request.session.session_key)

    @admin.action(description="Deactivate…", permissions=["change"])
    def deactivate(self, request: HttpRequest, rows: QuerySet[User]) -> HttpResponse | None:
        """They cannot log in any more, and their tokens are refused; what they did stays."""
        question = "Deactivate these people? They are logged out, and their tokens are refused. What they did stays."
        return self._set(request, rows, "deactivate", question, active=False)

    @admin.action(description="Let in again…", permissions=["change"])
    def activate(self, request: HttpRequest, rows: QuerySet[User]) -> HttpResponse | None:
        """They may log in again, with the roles that they had."""
        return self._set(request, rows, "activate", "Let these people in again, with the roles they had?", active=True)

    def _set(
        self, request: HttpRequest, rows: QuerySet[User], action: str, question: str, *, active: bool
    ) -> HttpResponse | None:
        page = ask_first(self, request, rows, action=action, question=question, yes="Yes")
        if page is not None:
            return page
        try:
            messages.success(request, f"Done for {services.set_active(staff(request), rows, active)}.")
        except ProblemError as error:
            messages.error(request, str(error))
        return None


@admin.register(Group)
class GroupAdmin(DjangoGroupAdmin, RecordedAdmin):  # type: ignore[misc]  # unfold carries no types
    """Sets of permissions for staff."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.is_superuser)

    def has_change_permission(self, request: HttpRequest, obj: Group | None = None) -> bool:
        return bool(request.user.is_superuser)

    def has_delete_permission(self, request: HttpRequest, obj: Group | None = None) -> bool:
        return bool(request.user.is_superuser)
