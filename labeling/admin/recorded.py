"""Admin classes whose writes go through services, and whose "History" shows the events of the object."""

from typing import Any, cast

from django import forms
from django.contrib import messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db import models, transaction
from django.db.models import DateTimeField, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from unfold.admin import ModelAdmin

from common.actor import Actor
from common.fields import TextField
from common.problems import ProblemError
from labeling import services
from labeling.access import acting
from labeling.activity import events_of, open_to
from labeling.admin.filters import scoped
from labeling.json_field import BoundedJSONField
from labeling.models import User

_PAGE = 50
# What is entered is read with plain line ends, and JSON within bounds.
_FORM_FIELDS = {models.TextField: {"form_class": TextField}, models.JSONField: {"form_class": BoundedJSONField}}


class ChosenForm(forms.Form):
    """The rows that an action of a list was asked for, by their ids."""

    def __init__(self, request: HttpRequest) -> None:
        super().__init__({"chosen": request.POST.getlist(ACTION_CHECKBOX_NAME)})
        self.fields["chosen"] = forms.TypedMultipleChoiceField(coerce=int)
        self.fields["chosen"].valid_value = is_id  # type: ignore[attr-defined]  # which there are, the queryset knows


def is_id(value: Any) -> bool:
    """Whether it is a number that a row may have."""
    text = str(value)
    return text.isascii() and text.isdecimal() and len(text) < 19


def staff(request: HttpRequest) -> Actor:
    """Who works in the admin, as the services are told; nobody anonymous gets this far."""
    return acting(cast(User, request.user))


class RecordedAdmin(ModelAdmin):  # type: ignore[misc]  # unfold carries no types
    """Saving and deleting go through services. Django's own log, which would keep names of rows, stays empty.

    What a service refuses is said in the form, where what was entered stays.
    """

    formfield_overrides = _FORM_FIELDS

    def get_list_filter(self, request: HttpRequest) -> list[Any]:
        return scoped(self.model, super().get_list_filter(request))

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """What an address fills a new form with; what widgets cannot show is left out: ids that are none, times."""
        given: dict[str, Any] = super().get_changeform_initial_data(request)
        many = {field.name for field in self.opts.many_to_many}
        times = {field.name for field in self.opts.fields if isinstance(field, DateTimeField)}
        return {
            name: [each for each in value if is_id(each)] if name in many else value
            for name, value in given.items()
            if name not in times
        }

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        try:
            with transaction.atomic():
                return cast(HttpResponse, super().changeform_view(request, object_id, form_url, extra_context))
        except ProblemError as problem:
            request.refused = str(problem)  # type: ignore[attr-defined]  # for `get_form`
            return cast(HttpResponse, super().changeform_view(request, object_id, form_url, extra_context))

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        form = super().get_form(request, obj, change, **kwargs)
        refused = getattr(request, "refused", "")
        return (
            type("Refused", (form,), {"_post_clean": lambda self: self.add_error(None, refused)}) if refused else form
        )

    def response_action(self, request: HttpRequest, queryset: QuerySet[Any]) -> HttpResponse | None:
        if not ChosenForm(request).is_valid():
            messages.error(request, "Choose rows of the list first.")
            return redirect(request.get_full_path())
        return cast("HttpResponse | None", super().response_action(request, queryset))

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        """As Django's own, which ends in an error of the server for an empty name of a field."""
        return super().get_object(request, object_id, from_field or None)

    def row_of(self, request: HttpRequest, object_id: Any) -> Any:
        """The row that an action of a page is about. Raises `Http404` where this person sees none of that id."""
        row = self.get_object(request, str(object_id))
        if row is None:
            raise Http404("There is no such row.")
        return row

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        services.save_row(staff(request), obj, form.changed_data)

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        services.delete_row(staff(request), obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        with transaction.atomic():
            for row in queryset:
                self.delete_model(request, row)

    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> None:
        return None

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> None:
        return None

    def log_deletions(self, request: HttpRequest, queryset: Any) -> None:
        return None

    def history_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        """What happened to the object, newest first, as far as this person may know of it."""
        obj = self.get_object(request, object_id)
        if obj is None:
            return cast(HttpResponse, self._get_obj_does_not_exist_redirect(request, self.opts, object_id))
        if not self.has_view_or_change_permission(request, obj):
            raise PermissionDenied
        events = open_to(cast(User, request.user), events_of(obj))
        context = {
            **self.admin_site.each_context(request),
            "title": f"History of {obj}",
            "page": Paginator(events, _PAGE).get_page(request.GET.get("page")),
            "object": obj,
            "opts": self.opts,
            **(extra_context or {}),
        }
        return TemplateResponse(request, "admin/labeling/history.html", context)
