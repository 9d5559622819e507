"""A version never becomes another one."""

import pytest
from django.db import ProgrammingError, transaction

from tests.factories import make_project
from training.models import BaseModel, ImmutableError, ModelVersion

pytestmark = pytest.mark.django_db


@pytest.fixture
def version() -> ModelVersion:
    project = make_project("shop")
    base = BaseModel.objects.create(name="tiny", location="tiny")
    return ModelVersion.objects.create(project=project, number=1, spec=project.spec, base=base, method="sft")


@pytest.mark.parametrize("change", [{"method": "dpo"}, {"note": "better"}, {"parameters": {"top_k": 1}}, {"number": 2}])
def test_a_change_is_refused_and_named(version, change):
    for name, value in change.items():
        setattr(version, name, value)
    with pytest.raises(ImmutableError, match=f"shop:v. never changes; this would change its {next(iter(change))}"):
        version.save()
    assert ModelVersion.objects.filter(number=1, note="", method="sft", parameters__isnull=True).exists()


@pytest.mark.parametrize("change", [{"method": "dpo"}, {"note": "better"}, {"parameters": {"top_k": 1}}, {"number": 2}])
def test_a_change_past_its_own_door_is_refused_by_the_database(version, change):
    with pytest.raises(ProgrammingError, match="Cannot update rows"), transaction.atomic():
        ModelVersion.objects.update(**change)
    assert ModelVersion.objects.filter(number=1, note="", method="sft", parameters__isnull=True).exists()


def test_whoever_made_it_may_be_forgotten(version):
    assert ModelVersion.objects.update(made_by=None) == 1


def test_saving_it_as_it_is_does_no_harm(version):
    version.save()
    assert ModelVersion.objects.get() == version


def test_an_edited_version_has_the_weights_of_the_first(version):
    fields = {"project": version.project, "spec": version.spec, "base": version.base}
    second = ModelVersion.objects.create(**fields, number=2, derived_from=version)
    third = ModelVersion.objects.create(**fields, number=3, derived_from=second)
    assert third.weights == second.weights == version.weights == version
