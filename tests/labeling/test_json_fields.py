"""JSON typed into forms: too deep, or none at all, is said in the form, with what was typed kept."""

import pytest
from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.urls import reverse

from labeling.json_field import BoundedJSONField
from labeling.models import Project, User
from tests.factories import make_project

DEEP = "[" * 5_000 + "]" * 5_000


@pytest.mark.parametrize(
    ("typed", "says"),
    [(DEEP, "nested too deeply"), ('{"a": NaN}', "NaN is not JSON"), ("{a}", "Expecting property")],
)
def test_what_cannot_be_read_is_said(typed: str, says: str) -> None:
    with pytest.raises(ValidationError, match=says):
        BoundedJSONField().clean(typed)
    assert BoundedJSONField().bound_data(typed, None) == typed
    assert BoundedJSONField().has_changed({}, typed)


def test_json_is_read() -> None:
    assert BoundedJSONField().clean('{"seed": 7}') == {"seed": 7}


def test_every_json_field_of_the_admin_has_bounds(rf, db) -> None:
    request = rf.get("/")
    request.user = User(is_superuser=True, is_staff=True, is_active=True)
    seen = []
    for model_admin in admin.site._registry.values():
        if model_admin.has_add_permission(request) or model_admin.has_change_permission(request):
            fields = model_admin.get_form(request)().fields
            seen += [field for field in fields.values() if isinstance(field, forms.JSONField)]
    assert seen
    assert all(isinstance(field, BoundedJSONField) for field in seen)


def test_a_deep_decoding_is_refused_in_the_admin(client, admin_user) -> None:
    project = make_project("shop")
    client.force_login(admin_user)
    answer = client.post(reverse("admin:labeling_project_change", args=[project.pk]), {"decoding": DEEP})
    assert answer.status_code == 200
    assert "nested too deeply" in answer.content.decode()
    assert Project.objects.get().decoding == project.decoding
