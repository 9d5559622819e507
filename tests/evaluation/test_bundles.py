"""A promotion's evidence: from real rows to a file and back, elsewhere, and with whatever was changed in it."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.exceptions import PermissionDenied
from django.core.management import CommandError, call_command
from django.urls import reverse

from common import jsonl
from common.problems import ConflictError, ProblemError
from deployment.models import Deployment, ServingPolicy, StagedVersion
from evaluation.models import CaseResult, GatePolicy, GateReport
from evaluation.services import advance
from evaluation.services.bundles import bundle_of
from evaluation.verify import looked_at, run
from labeling.services.labels import change_label
from tests.deployment.moves import promote, rollback
from tests.deployment.standins import make_server, make_version, ollama_standin, serve_from, stage_version
from tests.evaluation.promotions import forged, part, unseen, written
from tests.evaluation.promotions import wrong as wrong_in
from tests.evaluation.worlds import make_golden, right, right_every, text_of, wrong
from tests.factories import SYSTEM, acting, make_manager, make_operator, make_project, make_user

pytestmark = pytest.mark.django_db
ROOT = Path(__file__).parents[2]


@pytest.fixture
def standin(tmp_path):
    with ollama_standin(tmp_path) as running:
        yield running


@pytest.fixture
def shop(models, standin):
    """The bare base is live and always wrong; 1 is always right, 2 on half of the cases, and once cannot be read."""
    project = make_project("shop")
    serve_from(project, make_server(standin.url), auto_promote=True)
    GatePolicy.objects.create(project=project, free_cases=0)
    for number in range(40):
        make_golden(project, text_of(number))
    tellers = (wrong, right, right_every(2, lambda text: "no idea" if text.split()[2] == "7" else wrong(text)))
    for number, teller in enumerate(tellers):
        models.answer(number, teller)
        stage_version(make_version(project, number), verdict="")
    advance(staged(project, 0).pk)
    return project


def staged(project, number) -> StagedVersion:
    return StagedVersion.objects.get(version__project=project, version__number=number)


def live(project) -> Deployment:
    return Deployment.objects.get(project=project, state="live")


@pytest.fixture
def by_the_gate(shop) -> Deployment:
    """Version 1 passed against the base, and the gate promoted it."""
    assert advance(staged(shop, 1).pk).clears
    return live(shop)


def test_what_the_gate_promoted_is_verified(by_the_gate, tmp_path, capsys):
    path = written(tmp_path / "it", by_the_gate)
    assert (by_the_gate.automatic, by_the_gate.version.number) == (True, 1)
    assert wrong_in(path) == {}
    assert unseen(path).keys() == {"origin"}
    assert run([str(path)]) == 0
    said = capsys.readouterr().out
    for line in (
        "ok    suite: number 1: its 40 cases have its digest",
        "ok    scores: 80 answers were scored again, as kept.",
        "ok    reading: 80 answers were read again from what came, as kept.",
        "ok    figures: of shop:v1, worked out again:",
        "ok    verdict: “passed”, worked out again:",
        "ok    budget: after 0 looks the level is 0.0015, as was spent.",
        "ok    look: the gate may promote by itself",
        "ok    promotion: by the gate itself, as its verdict and its look allow.",
    ):
        assert line in said
    assert said.endswith("Verified.\n")
    assert "bit for bit" in said
    assert "last bits" not in said


def test_it_holds_all_that_the_verdict_came_from(by_the_gate, tmp_path):
    rows = list(jsonl.read(written(tmp_path / "it", by_the_gate)))
    assert [row["part"] for row in rows[:9]] == [
        "bundle", "promotion", "spec", "spec", "spec", "version", "version", "suite", "policy",
    ]  # fmt: skip
    ours, theirs = (part(rows, "version", place) for place in (0, 1))
    assert (ours["tag"], ours["role"], theirs["tag"]) == ("shop:v1", "candidate", "shop:v0")
    assert ours["artifact"]["digest"] == staged(by_the_gate.project, 1).artifact.digest
    assert ours["server"]["kind"] == "ollama"
    assert ours["staged"]["manifest_digest"]
    policy = part(rows, "policy")["policy"]
    assert (policy["seed"], policy["resamples"], policy["error_budget"]) == (7, 10_000, 0.05)
    case = part(rows, "case")
    assert case["candidate"]["prompt"][-1]["content"] == case["text"]
    assert case["expected"] == case["candidate"]["answer"] != case["reference"]["answer"]
    assert part(rows, "promotion")["reason"] == part(rows, "report")["sentence"]
    assert rows[-1]["lines"] == len(rows) - 1


def test_the_same_rows_give_the_same_bytes(by_the_gate):
    assert b"".join(bundle_of(SYSTEM, by_the_gate)) == b"".join(bundle_of(SYSTEM, by_the_gate))


def test_it_is_verified_where_there_is_no_django(by_the_gate, tmp_path):
    path = written(tmp_path / "it", by_the_gate)
    code = (
        "import sys, runpy; sys.modules['django'] = None; sys.argv = ['verify', *sys.argv[1:]]; "
        "runpy.run_module('evaluation.verify', run_name='__main__')"
    )
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code, str(path)], capture_output=True, text=True, cwd=ROOT
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.endswith("Verified.\n")


def test_later_looks_and_renamed_labels_change_nothing(by_the_gate, models, tmp_path):
    shop = by_the_gate.project
    before = b"".join(bundle_of(SYSTEM, by_the_gate))
    advance(staged(shop, 2).pk)
    assert b"".join(bundle_of(SYSTEM, by_the_gate)) == before
    change_label(acting(make_manager(shop)), shop.labels.get(name="billing"), name="invoices")
    models.answer(3, right)
    stage_version(make_version(shop, 3), verdict="")
    report = advance(staged(shop, 3).pk)
    assert report.reference.version.number == 1
    promote(None, staged(shop, 3).version, reason="it is as good")
    path = written(tmp_path / "it", live(shop))
    assert wrong_in(path) == {}
    assert unseen(path)["promotion"].startswith("by a job of the system, by hand and with open eyes")
    assert part(list(jsonl.read(path)), "look", 2)["version"] == "shop:v3"


def test_by_hand_against_the_verdict_says_so(by_the_gate, tmp_path):
    shop = by_the_gate.project
    assert advance(staged(shop, 2).pk).verdict == "refused"
    promote(make_operator(shop, "olga"), staged(shop, 2).version, reason="the fair begins")
    path = written(tmp_path / "it", live(shop))
    assert wrong_in(path) == {}
    assert unseen(path)["promotion"] == ("by olga, by hand and with open eyes; no figure decided it: the fair begins")
    forged(path, lambda rows: part(rows, "promotion").update(automatic=True))
    assert "this verdict does not let it" in wrong_in(path)["promotion"]


def test_a_baseline_is_not_judged(shop, tmp_path):
    path = written(tmp_path / "it", live(shop))
    assert wrong_in(path) == {}
    assert unseen(path)["verdict"] == "a baseline is not judged: nothing is said of how good it is."


def test_what_was_never_judged_says_so(shop, tmp_path):
    ServingPolicy.objects.update(auto_promote=False)
    promote(make_operator(shop, "olga"), staged(shop, 2).version, reason="we try it")
    path = written(tmp_path / "it", live(shop))
    assert wrong_in(path) == {}
    assert unseen(path)["verdict"] == "the gate had not judged it: there is nothing to work out."


def test_what_was_once_live_is_held_against_again(shop, models, tmp_path):
    GatePolicy.objects.update(accept_tie=True, margin=0.9)
    promote(None, staged(shop, 2).version, reason="first")
    advance(staged(shop, 2).pk)
    models.answer(3, right)
    stage_version(make_version(shop, 3), verdict="")
    assert advance(staged(shop, 3).pk).clears
    path = written(tmp_path / "it", live(shop))
    assert wrong_in(path) == {}
    (look,) = [said.sentence for said in looked_at(path) if said.what == "look"]
    assert "held against shop:v2, shop:v0, once live" in look
    sentence = part(list(jsonl.read(path)), "report")["told"]["look"]["sentence"]
    assert "once live: shown to be within 0.9" in sentence
    forged(path, lambda rows: part(rows, "case")["once_live"].clear())
    assert "sentence is 'This look spent" in wrong_in(path)["look"]


def flip(rows):
    """One wrong answer of the reference becomes a right one, in every place of its case."""
    case = part(rows, "case", 3)
    case["reference"] |= {name: case["candidate"][name] for name in ("answer", "raw", "status", "exact", "scores")}


@pytest.mark.parametrize(("kind", "labels"), [("text", ()), ("single_label", ("billing", "delivery", "praise"))])
def test_other_kinds_are_verified_alike(kind, labels, models, standin, tmp_path):
    """Texts with a lot in common, whose figures are shares; single labels, counted."""
    project = make_project("post", kind, labels)
    serve_from(project, make_server(standin.url), auto_promote=True)
    GatePolicy.objects.create(project=project, free_cases=0, minimum=0.1)
    for number in range(40):
        text = text_of(number)
        answer = {"text": f"{text} on the 7th"} if kind == "text" else {"label": text.rsplit(" ", 1)[1]}
        make_golden(project, text, answer=answer)
    saying = {
        "text": [lambda text: "on the 7th", lambda text: f"it is {text[: -(len(text) % 5) or None]}"],
        "single_label": [wrong_label, lambda text: json.dumps({"label": text.rsplit(" ", 1)[1]})],
    }
    for number, teller in enumerate(saying[kind]):
        models.answer(number, teller)
        stage_version(make_version(project, number), verdict="")
        advance(staged(project, number).pk)
    path = written(tmp_path / "it", live(project))
    assert (live(project).version.number, wrong_in(path), unseen(path).keys()) == (1, {}, {"origin"})
    path = written(tmp_path / "forged", live(project))
    forged(path, lambda rows: part(rows, "case", 5)["reference"].update(part(rows, "case", 5)["candidate"]))
    assert "verdict" in wrong_in(path)


def wrong_label(text):
    return json.dumps({"label": "billing" if text.endswith("praise") else "praise"})


FORGERIES = {
    "answer": (lambda rows: part(rows, "case")["reference"].update(answer=part(rows, "case")["expected"]), "reading"),
    "raw": (lambda rows: part(rows, "case")["candidate"].update(raw="{}"), "reading"),
    "failed": (lambda rows: part(rows, "case")["reference"].update(status="failed"), "reading"),
    "right": (lambda rows: part(rows, "case")["reference"].update(exact=True), "scores"),
    "score": (lambda rows: part(rows, "case")["candidate"]["scores"].update(tp=2), "scores"),
    "whole case": (flip, "verdict"),
    "expected": (lambda rows: part(rows, "case").update(expected={"labels": ["praise", "billing"]}), "suite"),
    "text": (lambda rows: part(rows, "case").update(text="Another one"), "suite"),
    "case gone": (lambda rows: rows.remove(part(rows, "case", 39)), "suite"),
    "swapped": (lambda rows: part(rows, "case").update(order=1), "suite"),
    "group": (lambda rows: part(rows, "case", 1).update(group=0), "verdict"),
    "p": (lambda rows: part(rows, "report")["told"]["test"].update(p=0.01), "verdict"),
    "interval": (lambda rows: part(rows, "report")["told"]["difference"].update(low=0.9999), "verdict"),
    "verdict": (lambda rows: part(rows, "report").update(verdict="refused"), "verdict"),
    "sentence": (lambda rows: part(rows, "report").update(sentence="It passed."), "verdict"),
    "check": (lambda rows: part(rows, "report")["checks"][1].update(ok=False), "verdict"),
    "held against": (lambda rows: part(rows, "report").update(held_against="shop:v9"), "verdict"),
    "figure": (lambda rows: part(rows, "report")["figures"]["candidate"].update(f1_micro=0.9), "figures"),
    "latency": (lambda rows: part(rows, "case")["candidate"].update(latency_ms=1e9), "figures"),
    "policy": (lambda rows: part(rows, "policy")["policy"].update(minimum=0.99), "verdict"),
    "advice": (lambda rows: part(rows, "report")["told"]["advice"].update(smallest=0.0), "advice"),
    "level": (lambda rows: part(rows, "look").update(level=0.002), "budget"),
    "looks before": (lambda rows: rows.insert(9, part(rows, "look") | {"version": "shop:v7"}), "budget"),
    "another look": (lambda rows: part(rows, "look").update(units=400), "budget"),
    "cleared": (lambda rows: part(rows, "report").update(clears=False), "look"),
    "who": (lambda rows: part(rows, "promotion").update(version="shop:v2"), "promotion"),
    "no reason": (lambda rows: part(rows, "promotion").update(before="shop:v8"), "promotion"),
}


def test_each_forgery_is_found(by_the_gate, tmp_path):
    """All from one bundle, as nothing that is asked changes it."""
    whole = written(tmp_path / "whole", by_the_gate).read_bytes()
    for name, (change, where) in FORGERIES.items():
        path = tmp_path / "forged"
        path.write_bytes(whole)
        assert where in wrong_in(forged(path, change)), name


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
