"""The schema of a decoding, the same at all doors: the task's form, the services, and a version's Modelfile."""

import json

import pytest
from django.urls import reverse

from common.options import OptionsError
from common.problems import ProblemError
from deployment.modelfile.parameters import CAPACITY, PARAMETERS
from labeling import services
from labeling.decoding import DEFAULT_DECODING, Decoding, checked_decoding
from labeling.models import Project
from tests.factories import SYSTEM, make_admin, make_project

BAD = [
    ([1], "as an object"),
    ("greedy", "as an object"),
    ({"num_ctx": "abc"}, "num_ctx"),
    ({"num_ctx": 10**30}, "num_ctx"),
    ({"num_ctx": True}, "num_ctx"),
    ({"num_predict": -1}, "num_predict"),
    ({"temperature": 1e308}, "temperature"),
    ({"temperature": None}, "temperature"),
    ({"temprature": 0}, "Did you mean temperature?"),
    ({"num_thread": 4}, "num_thread: There is no such option"),
    ({"stop": [""]}, "stop"),
    ({"stop": 3}, "stop"),
    ({"stop": ["x"] * 99}, "stop"),
]


@pytest.mark.parametrize(("decoding", "said"), BAD)
def test_what_is_no_decoding_is_refused_with_a_sentence(decoding, said):
    with pytest.raises(OptionsError, match=said.replace("?", "[?]")):
        checked_decoding(decoding)


def test_one_stop_is_one_stop():
    assert checked_decoding({"stop": "END", "temperature": 0}) == {"stop": ["END"], "temperature": 0}


def test_the_default_is_one():
    assert checked_decoding(DEFAULT_DECODING) == DEFAULT_DECODING


def test_it_has_the_parameters_of_a_modelfile_that_belong_to_a_version():
    assert set(Decoding.model_fields) == set(PARAMETERS) - CAPACITY


@pytest.mark.django_db
@pytest.mark.parametrize(("decoding", "said"), BAD)
def test_services_refuse_it_and_keep_nothing(decoding, said):
    project = make_project("shop")
    with pytest.raises(ProblemError, match="decoding"):
        services.update_project(SYSTEM, project, decoding=decoding)
    assert Project.objects.get().specs.count() == 1


@pytest.mark.django_db
@pytest.mark.parametrize(("decoding", "said"), BAD[:5])
def test_the_form_says_it_at_the_field_and_keeps_what_was_typed(client, decoding, said):
    project = make_project("shop")
    client.force_login(make_admin())
    url = reverse("admin:labeling_project_change", args=[project.pk])
    page = client.post(url, {"decoding": json.dumps(decoding)})
    assert page.status_code == 200
    form = page.context["adminform"].form
    assert said in str(form.errors["decoding"])
    assert form["decoding"].value() == json.dumps(decoding)


@pytest.mark.django_db
def test_a_spec_is_frozen_with_stops_as_a_list():
    project = make_project("shop")
    services.update_project(SYSTEM, project, decoding={"stop": "END"})
    assert project.spec.decoding == {"stop": ["END"]}
