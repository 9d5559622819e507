"""API tokens: the secret is shown once, when the token is made."""

from typing import Any, cast

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget

from labeling import services
from labeling.access import projects_for
from labeling.admin.base import ask_first
from labeling.admin.recorded import RecordedAdmin, staff
from labeling.models import ApiToken, Scope, User


class TokenForm(forms.ModelForm):  # type: ignore[type-arg]  # no generic at run time
    """Scopes as checkboxes."""

    scopes = forms.MultipleChoiceField(choices=Scope.choices, widget=UnfoldAdminCheckboxSelectMultipleWidget)


@admin.register(ApiToken)
class ApiTokenAdmin(RecordedAdmin):
    """Staff see their own tokens, administrators all. A token is never edited, only revoked."""

    list_display = ("name", "prefix", "owner", "scopes", "in_force", "expires_at", "last_used_at")
    list_filter = (("revoked_at", admin.EmptyFieldListFilter),)
    list_select_related = ("owner",)
    search_fields = ("name", "prefix", "=owner__username")
    show_full_result_count = False
    filter_horizontal = ("projects",)
    fields = ("name", "owner", "projects", "scopes", "expires_at")
    autocomplete_fields = ("owner",)
    actions = ("revoke",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[ApiToken]:
        rows: QuerySet[ApiToken] = super().get_queryset(request)
        return rows if request.user.is_superuser else rows.filter(owner=request.user.pk)

    def get_form(self, request: HttpRequest, obj: ApiToken | None = None, change: bool = False, **kwargs: Any) -> Any:
        return super().get_form(request, obj, change, **({} if obj else {"form": TokenForm}), **kwargs)

    def get_fields(self, request: HttpRequest, obj: ApiToken | None = None) -> tuple[str, ...]:
        if obj:
            return (*self.fields, "prefix", "created_at", "revoked_at", "last_used_at")
        return self.fields if request.user.is_superuser else tuple(name for name in self.fields if name != "owner")

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "projects":
            kwargs["queryset"] = projects_for(request.user)
        return super().formfield_for_manytomany(db_field, request, **kwargs)

    def has_change_permission(self, request: HttpRequest, obj: ApiToken | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: ApiToken | None = None) -> bool:
        return False  # feedback points to it: revoke it instead

    def has_revoke_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.has_perm("labeling.change_apitoken"))

    def save_model(self, request: HttpRequest, obj: ApiToken, form: Any, change: bool) -> None:
        said = form.cleaned_data
        owner, projects = said.get("owner") or cast(User, request.user), list(said["projects"])
        token, secret = services.create_token(staff(request), owner, obj.name, projects, said["scopes"], obj.expires_at)
        obj.__dict__.update(token.__dict__)
        text = "This is the token's secret. Keep it now: it is shown only once. <code>{}</code>"
        messages.warning(request, format_html(text, secret))

    @admin.display(description="In force", boolean=True)
    def in_force(self, token: ApiToken) -> bool:
        return token.revoked_at is None

    @admin.action(description="Revoke tokens", permissions=["revoke"])
    def revoke(self, request: HttpRequest, rows: QuerySet[ApiToken]) -> HttpResponse | None:
        question = "Revoke these tokens? Whoever uses them is refused from then on."
        page = ask_first(self, request, rows, action="revoke", question=question, yes="Revoke")
        if page is not None:
            return page
        try:
            messages.success(request, f"{services.revoke_tokens(staff(request), rows)} tokens revoked.")
        except PermissionDenied as error:
            messages.error(request, str(error))
        return None
