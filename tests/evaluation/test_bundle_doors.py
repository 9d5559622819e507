"""Where a promotion's evidence is had: page, API, command; and where there is none."""

from pathlib import Path

import pytest
from django.core.exceptions import PermissionDenied
from django.core.management import CommandError, call_command
from django.urls import reverse

from common.problems import ConflictError, ProblemError
from evaluation.models import CaseResult, GateReport
from evaluation.services.bundles import bundle_of
from evaluation.verify import run
from tests.deployment.moves import rollback
from tests.evaluation.promotions import live
from tests.factories import SYSTEM, acting, make_operator, make_user

pytestmark = pytest.mark.django_db
ROOT = Path(__file__).parents[2]


def test_what_is_not_kept_is_said(by_the_gate):
    GateReport.objects.update(told={})
    with pytest.raises(ProblemError, match="judged by an older release"):
        bundle_of(SYSTEM, by_the_gate)
    CaseResult.objects.filter(case__position=3).delete()
    with pytest.raises(ProblemError, match="The cases behind this promotion of shop:v1 are no longer kept"):
        bundle_of(SYSTEM, by_the_gate)
    GateReport.objects.all().delete()
    with pytest.raises(ProblemError, match="The judgment behind this promotion of shop:v1 is no longer kept"):
        bundle_of(SYSTEM, by_the_gate)


def test_a_promotion_of_before_is_found_by_its_sentence(by_the_gate):
    whole = b"".join(bundle_of(SYSTEM, by_the_gate))
    del by_the_gate.evidence["gate_reports"]
    assert len(b"".join(bundle_of(SYSTEM, by_the_gate)).split(b"\n")) == len(whole.split(b"\n"))


def test_a_rollback_has_none(by_the_gate):
    rollback(make_operator(by_the_gate.project), by_the_gate.project, reason="complaints")
    with pytest.raises(ConflictError, match="a person's reason, not by a verdict"):
        bundle_of(SYSTEM, live(by_the_gate.project))
    with pytest.raises(PermissionDenied):
        bundle_of(acting(make_user()), by_the_gate)


def test_page_and_api_give_the_file(by_the_gate, client):
    olga, key = make_operator(by_the_gate.project), by_the_gate.project.key
    client.force_login(olga)
    link = reverse("evaluation:evidence", args=[key, by_the_gate.uid])
    assert link in client.get(reverse("deployment:deployment", args=[key, by_the_gate.uid])).content.decode()
    whole = b"".join(bundle_of(SYSTEM, by_the_gate))
    answer = client.get(link)
    assert (answer.status_code, answer.getvalue()) == (200, whole)
    assert answer["Content-Disposition"].endswith('.evidence.jsonl"')
    url = f"/api/v1/projects/{key}/deployments/{by_the_gate.uid}/evidence"
    for accepted in ("*/*", "application/jsonl"):
        answer = client.get(url, HTTP_ACCEPT=accepted)
        assert (answer["Content-Type"], answer.getvalue()) == ("application/jsonl", whole)
    rollback(olga, by_the_gate.project, reason="complaints")
    back = live(by_the_gate.project)
    assert client.get(f"/api/v1/projects/{key}/deployments/{back.uid}/evidence").json()["status"] == 409
    page = client.get(reverse("evaluation:evidence", args=[key, back.uid]), follow=True).content.decode()
    assert "it has no evidence to take along" in page
    assert "Download the evidence" not in page


def test_the_command_writes_it(by_the_gate, tmp_path, capsys):
    path = tmp_path / "it.jsonl"
    call_command("evidence", "shop", "v1", str(path))
    assert path.read_bytes() == b"".join(bundle_of(SYSTEM, by_the_gate))
    assert run([str(path)]) == 0
    digest = capsys.readouterr().out.split("SHA-256 ")[1].split()[0]
    assert len(digest) == 64
    with pytest.raises(CommandError, match="shop:v2 was never promoted"):
        call_command("evidence", "shop", "2", str(path))
    with pytest.raises(CommandError, match="cannot be written"):
        call_command("evidence", "shop", "v1", str(tmp_path / "nowhere" / "it"))
