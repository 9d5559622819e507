"""The whole loop with records: held to their schema in training's proof, on the model server and in the benchmark."""

import json
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from common import jsonl
from demo.setup import World, run_engine
from demo.show import Show
from demo.steps.watching import watch_build, watch_judgment, watch_training
from deployment.files import file_of
from deployment.live import live_version
from deployment.models import ServingPolicy, Verdict
from evaluation.models import GatePolicy
from labeling import prompts, services
from labeling.kinds import Spec, json_schema
from labeling.models import Prediction, Sample
from tests.deployment.moves import promote
from tests.deployment.standins import local_server, make_server, serve_from
from tests.factories import SYSTEM, make_admin, make_sample
from tests.forms import it_keeps_the_form
from tests.test_loop import PROFILE, SERVER_KEY, asker, start
from training.models import TrainingProfile, TrainingRun
from training.services import register_base, start_run

__all__ = ["start"]
pytestmark = [pytest.mark.loop, pytest.mark.ml, pytest.mark.django_db(transaction=True), pytest.mark.timeout(900)]

INSTRUCTION = "Read the bill."
SCHEMA = {
    "type": "object",
    "properties": {
        "vendor": {"type": "string", "maxLength": 8},
        "total": {"type": "integer", "minimum": 0, "maximum": 99},
        "paid": {"type": "boolean"},
        "due": {"type": ["string", "null"], "format": "date"},
    },
    "required": ["vendor", "total", "paid"],
}
VENDORS = ("acme", "bolt", "cogs", "dune")


def bills(count: int, seed: int) -> Iterator[tuple[str, dict[str, Any]]]:
    chance = random.Random(seed)
    for number in range(count):
        vendor, total, paid = chance.choice(VENDORS), chance.randrange(10, 99), chance.random() < 0.5
        says = "was paid" if paid else "is open"
        yield f"{vendor} wants {total} and it {says} {number}", {"vendor": vendor, "total": total, "paid": paid}


@pytest.fixture
def world(tmp_path: Path, transactional_db: None, settings: Any) -> World:
    """A tiny base that was shown some records, a project, and its golden bills. What it learns is not the question."""
    spec = Spec("record", INSTRUCTION, schema=SCHEMA)
    rows = (prompts.training_row(spec, text, {**bill, "paid": False}) for text, bill in bills(300, seed=1))
    jsonl.write(tmp_path / "rows.jsonl", rows)
    sizes = ("--seed", 11, "--steps", 20, "--vocabulary", 600, "--threads", 1)
    run_engine(Show(), "make-tiny", "--data", tmp_path / "rows.jsonl", "--out", tmp_path / "base", *sizes)
    record = json.loads((tmp_path / "base" / "base.json").read_text(encoding="utf-8"))
    base = register_base(SYSTEM, record["name"], str(tmp_path / "base"), record["revision"])
    world = World(Show(), "tiny", tmp_path, base, [], [])
    world.admin = make_admin("ada")
    world.project = services.create_project(
        SYSTEM, key="bills", name="Bills", kind="record", instruction=INSTRUCTION, schema=SCHEMA,
        decoding={"temperature": 0, "seed": 7, "num_predict": 64, "num_ctx": 512},
    )  # fmt: skip
    GatePolicy.objects.update_or_create(project=world.project, defaults={"minimum": 0.1, "free_cases": 8})
    for number, (text, bill) in enumerate(bills(28, seed=2)):
        split = "test" if number < 12 else "train"
        services.decide_known(SYSTEM, make_sample(world.project, text, split=split), bill)
    return world


def test_the_whole_loop_with_records(
    world: World, start: Callable[..., Any], settings: Any, client: Any, tmp_path: Path
) -> None:
    project = world.project
    with local_server(tmp_path / "localserver", SERVER_KEY) as url:
        settings.LOCAL_MODEL_SERVER_URL = url
        server = make_server(url, kind="local", name="local", slots=2)
        serve_from(project, server)
        quick = {"auto_promote": True, "proof_prompts": 8, "answer_prompts": 2}
        ServingPolicy.objects.filter(project=project).update(**quick)
        start("urgent", "default"), start("build"), start("gpu", pool="threads")

        profile = TrainingProfile.objects.create(name="tiny", config={**PROFILE, "max_steps": 10})
        run = start_run(
            SYSTEM, project, trigger=TrainingRun.Trigger.MANUAL, profile=profile, base=world.base, method="sft"
        )
        v1 = watch_training(world, run)
        report = watch_judgment(world, watch_build(world, v1))
        assert file_of(v1).proof["ok"]
        assert all(proof.ok is not False for proof in v1.parity_reports.all())
        figures = report.candidate.metrics
        assert figures["main_metric"] == "f1_fields"
        assert {"/vendor", "/total", "/paid"} <= set(figures["fields"])
        # What the grammar keeps needs no mending; a day that no month has is the one thing it lets pass.
        whole = it_keeps_the_form(report.candidate)
        assert any(result.status == "strict" for result in whole)
        unread = [result.reason for result in whole if result.status != "strict"]
        assert all(reason.startswith("/due: ") for reason in unread), unread
        assert report.verdict == Verdict.INSUFFICIENT  # nothing is live that it could be held against
        done = promote(world.admin, v1, reason="the first one")
        assert (done.state, live_version(project)) == ("live", v1)

        assert asker(world, client)("acme wants 42 and it was paid") == v1.tag
        said = Prediction.objects.order_by("-id").first()
        assert Draft202012Validator(json_schema(project.spec.to_spec())).is_valid(json.loads(said.raw))
    assert Sample.objects.filter(text="acme wants 42 and it was paid").exists()
