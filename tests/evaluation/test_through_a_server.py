"""The same over HTTP, through the one way to ask a model: nothing in between is replaced."""

import pytest
from tenacity import wait_none

from deployment.models import StagedVersion
from evaluation.models import Benchmark, CaseResult
from evaluation.services import advance, asking
from tests.deployment.standins import make_server, make_version, ollama_standin, serve_from, stage_version
from tests.evaluation.worlds import make_golden, text_of
from tests.factories import make_project

pytestmark = pytest.mark.django_db(transaction=True)


def test_benchmarks_and_verdict_through_a_model_server(tmp_path, monkeypatch):
    monkeypatch.setattr(asking._ask.retry, "wait", wait_none())
    project = make_project("shop")
    for number in range(31):
        make_golden(project, text_of(number))
    with ollama_standin(tmp_path) as standin:
        serve_from(project, make_server(standin.url, slots=3))
        for number in (0, 1, 2):
            stage_version(make_version(project, number), verdict="")
        v1 = StagedVersion.objects.get(version__number=1)
        report = advance(v1.pk)
        assert report.verdict in {"passed", "refused", "insufficient"}
        assert report.reference.version.number == 0
        assert Benchmark.objects.filter(state="succeeded", done=31).count() == 4
        assert CaseResult.objects.filter(raw="").count() == 0
        assert CaseResult.objects.filter(latency_ms__gt=0).count() == 4 * 31
        standin.die()
        v2 = StagedVersion.objects.get(version__number=2)
        assert advance(v2.pk) is None
        stopped = Benchmark.objects.get(staged=v2)
        assert (stopped.state, stopped.done) == ("queued", 0)
        assert stopped.error
