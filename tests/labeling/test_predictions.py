"""Recording predictions, and when the text asked about becomes a sample."""

import pytest

from common.problems import ProblemError
from labeling import services
from labeling.answers import parse
from labeling.models import Prediction, Sample
from tests.factories import SYSTEM, make_project, make_sample

pytestmark = pytest.mark.django_db


def record(project, raw='{"labels": ["billing"]}', **kwargs):
    parsed = parse(raw, project.spec.to_spec(), None)
    kwargs = {"source": "api"} | kwargs
    return services.record_prediction(
        SYSTEM, project, spec=project.spec, model_tag="x:v1", raw=raw, parsed=parsed, **kwargs
    )


def test_a_text_of_the_api_becomes_one_sample_however_often_it_is_asked():
    project = make_project()
    first, second = record(project, input="Hello"), record(project, input="hello ")
    assert first.sample == second.sample
    assert Sample.objects.count() == 1


def test_texts_of_the_api_are_not_kept_where_the_project_says_so():
    project = make_project(keep_api_texts=False)
    assert record(project, input="Hello").sample is None
    assert record(project, input="Hello", source="analyze").sample is not None


def test_what_was_repaired_and_what_failed_is_written_down():
    project = make_project()
    repaired, failed = record(project, '{"labels": ["BILLING"]}'), record(project, "no\x00 idea")
    assert (repaired.status, repaired.answer) == ("repaired", {"labels": ["billing"]})
    assert "BILLING" in repaired.reason
    assert (failed.status, failed.answer) == ("failed", None)
    assert Prediction.objects.get(pk=failed.pk).raw == "no\ufffd idea"


def test_a_sample_of_another_project_is_refused():
    with pytest.raises(ProblemError):
        record(make_project(), sample=make_sample(make_project()))
