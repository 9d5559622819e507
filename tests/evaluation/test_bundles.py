"""A promotion's evidence: from real rows to a file and back, elsewhere, and with whatever was changed in it."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from common import jsonl
from deployment.models import ServingPolicy
from evaluation.models import GatePolicy
from evaluation.services import advance
from evaluation.services.bundles import bundle_of
from evaluation.verify import looked_at, run
from labeling.services.labels import change_label
from tests.deployment.moves import promote
from tests.deployment.standins import make_server, make_version, serve_from, stage_version
from tests.evaluation.promotions import forged, live, part, staged, unseen, written
from tests.evaluation.promotions import wrong as wrong_in
from tests.evaluation.worlds import make_golden, right, text_of
from tests.factories import SYSTEM, acting, make_manager, make_operator, make_project

pytestmark = pytest.mark.django_db
ROOT = Path(__file__).parents[2]


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
    judged = by_the_gate.project
    before = b"".join(bundle_of(SYSTEM, by_the_gate))
    advance(staged(judged, 2).pk)
    assert b"".join(bundle_of(SYSTEM, by_the_gate)) == before
    change_label(acting(make_manager(judged)), judged.labels.get(name="billing"), name="invoices")
    models.answer(3, right)
    stage_version(make_version(judged, 3), verdict="")
    report = advance(staged(judged, 3).pk)
    assert report.reference.version.number == 1
    promote(None, staged(judged, 3).version, reason="it is as good")
    path = written(tmp_path / "it", live(judged))
    assert wrong_in(path) == {}
    assert unseen(path)["promotion"].startswith("by a job of the system, by hand and with open eyes")
    assert part(list(jsonl.read(path)), "look", 2)["version"] == "shop:v3"


def test_by_hand_against_the_verdict_says_so(by_the_gate, tmp_path):
    judged = by_the_gate.project
    assert advance(staged(judged, 2).pk).verdict == "refused"
    promote(make_operator(judged, "olga"), staged(judged, 2).version, reason="the fair begins")
    path = written(tmp_path / "it", live(judged))
    assert wrong_in(path) == {}
    assert unseen(path)["promotion"] == ("by olga, by hand and with open eyes; no figure decided it: the fair begins")
    forged(path, lambda rows: part(rows, "promotion").update(automatic=True))
    assert "this verdict does not let it" in wrong_in(path)["promotion"]


def test_a_baseline_is_not_judged(judged, tmp_path):
    path = written(tmp_path / "it", live(judged))
    assert wrong_in(path) == {}
    assert unseen(path)["verdict"] == "a baseline is not judged: nothing is said of how good it is."


def test_what_was_never_judged_says_so(judged, tmp_path):
    ServingPolicy.objects.update(auto_promote=False)
    promote(make_operator(judged, "olga"), staged(judged, 2).version, reason="we try it")
    path = written(tmp_path / "it", live(judged))
    assert wrong_in(path) == {}
    assert unseen(path)["verdict"] == "the gate had not judged it: there is nothing to work out."


def test_what_was_once_live_is_held_against_again(judged, models, tmp_path):
    GatePolicy.objects.update(accept_tie=True, margin=0.9)
    promote(None, staged(judged, 2).version, reason="first")
    advance(staged(judged, 2).pk)
    models.answer(3, right)
    stage_version(make_version(judged, 3), verdict="")
    assert advance(staged(judged, 3).pk).clears
    path = written(tmp_path / "it", live(judged))
    assert wrong_in(path) == {}
    (look,) = [said.sentence for said in looked_at(path) if said.what == "look"]
    assert "held against shop:v2, shop:v0, once live" in look
    sentence = part(list(jsonl.read(path)), "report")["told"]["look"]["sentence"]
    assert "once live: shown to be within 0.9" in sentence
    forged(path, lambda rows: part(rows, "case")["once_live"].clear())
    assert "sentence is 'This look spent" in wrong_in(path)["look"]


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
