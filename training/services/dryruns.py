"""What a run would be, before it is asked for: nothing is queued, frozen or kept."""

import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from django.conf import settings

from common import children
from common.actor import Actor
from common.environment import child_environment
from common.problems import ProblemError
from common.toolwords import Words
from labeling.access import Right, require
from labeling.models import Project, Split
from labeling.prompts import label_list
from labeling.services.fitting import reasons
from training.engine.rundir import RunDir
from training.models import BaseModel, Snapshot, TrainingProfile
from training.services.bases import obtain_base
from training.services.runs import SameRunError, chosen, refuse_the_same, resolve_config
from training.services.snapshots import folder_of, golden_rows, nothing_to_train, write_splits

# It loads the base model and makes a few updates.
_TOTAL_SECONDS = 3600.0


def dry_run(
    actor: Actor,
    project: Project,
    *,
    profile: TrainingProfile | None = None,
    base: BaseModel | None = None,
    method: str | None = None,
    snapshot: Snapshot | None = None,
    overrides: dict[str, Any] | None = None,
    again: bool = False,
) -> dict[str, Any]:
    """The engine's report (`training.engine.dryrun`) on the run that `start_run` would queue for the same arguments.

    Its `refused` has what this floor would refuse, too. Raises `ProblemError` where it cannot be told, as for options
    that are none. For hosts that train: it runs the engine.
    """
    require(actor, project, Right.OPERATE)
    profile, base, way = chosen(actor, project, profile, base, method)
    if way.no_dry_run:
        raise ProblemError(f"{way.title} ({way.name}) {way.no_dry_run}.")
    config = resolve_config(base, profile, overrides, snapshot.spec if snapshot else project.spec, way)
    obtain_base(base)
    with tempfile.TemporaryDirectory(prefix="dry-run-") as work:
        run, said = RunDir(Path(work)), _write_rows(RunDir(Path(work)), project, snapshot)
        run.config.write_text(yaml.safe_dump(config, sort_keys=False), encoding="utf-8")
        report = _asked(run, base)
    same = said.pop("snapshot")
    if same is not None and not again:
        try:
            refuse_the_same(same, base, config)
        except SameRunError as error:
            report["refused"].append(str(error))
    return report | said


def _write_rows(run: RunDir, project: Project, snapshot: Snapshot | None) -> dict[str, Any]:
    """The rows of the run in its folder; the snapshot that they are, where there is one, and what it leaves out."""
    run.train.parent.mkdir(parents=True)
    listed = label_list((snapshot.spec if snapshot else project.spec).to_spec())
    if listed:
        run.label_list.write_text(listed, encoding="utf-8")
    if snapshot is not None:
        for target in (run.train, run.validation):
            shutil.copyfile(folder_of(snapshot) / target.name, target)
        return {"snapshot": snapshot, "answers_left_out": reasons(snapshot.left_out)}
    rows, left_out = golden_rows(project)
    counted = {reason: len(uids) for reason, uids in left_out.items()}
    counts, digest = write_splits(run.train.parent, rows, project.spec, left_out)
    if not counts[Split.TRAIN]:
        raise ProblemError(nothing_to_train(counted))
    same = Snapshot.objects.filter(project=project, digest=digest).first()
    return {"snapshot": same, "answers_left_out": reasons(counted)}


def _asked(run: RunDir, base: BaseModel) -> dict[str, Any]:
    command = [sys.executable, "-m", "training.engine", "train", "--run", str(run.path), "--dry-run"]
    try:
        done = children.run(
            command,
            silence=settings.SILENCE_SECONDS,
            total=_TOTAL_SECONDS,
            cwd=settings.BASE_DIR,
            env=child_environment(base.token_env, network=True),
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise ProblemError(f"The dry run could not be made: {error}.") from error
    lines = [line for line in done.output.split("\n") if line.startswith("{")]
    if not lines:
        words = Words.of(done.errors, doing="The dry run")
        raise ProblemError(str(Words(f"{words.sentence} It needs the packages of a host that trains.", words.details)))
    report: dict[str, Any] = json.loads(lines[-1])
    return report


def lines_of(report: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The report for people: a name and what is to be said, line by line."""
    rows, tokens, updates, memory = report["rows"], report["tokens"], report["updates"], report["memory"]
    found: list[tuple[str, str]] = []
    if rows:
        found.append(("rows", f"{rows['train_rows']:,} train, {rows['validation_rows']:,} validation"))
        found.append(("left out", f"{rows['rows_left_out']:,} rows; the longest has {rows['longest']:,} tokens"))
        found.append(
            ("tokens", f"{tokens['pass']:,} a pass, {tokens['answers']:,} of answers, {tokens['all']:,} in all")
        )
        prompt, listed = report["prompt"]["tokens"], report["prompt"]["label_list"]
        said = "" if listed is None else f", {listed:,} of which list the labels"
        found.append(("prompt", f"{prompt:,} tokens on average{said}"))
        warm = f", {updates['warmup']:,} to warm up" if updates["warmup"] else ""
        found.append(
            ("updates", f"{updates['number']:,} of {updates['rows']:,} rows, {updates['passes']:g} passes{warm}")
        )
        if updates["of_it"]["after"]:
            first, after = updates["of_it"]["first"], updates["of_it"]["after"]
            found.append(("phases", f"{first:,} updates in the first, at most {after:,} in those after it"))
    if report.get("answers_left_out"):
        found.append(("answers", f"left out as they do not fit the task: {report['answers_left_out']}"))
    if report["padded_share"] is not None:
        found.append(("padding", f"{report['padded_share']:.0%} of what is computed"))
    if report["trainable_parameters"] is not None:
        found.append(("parameters", f"{report['trainable_parameters']:,} trained of {report['total_parameters']:,}"))
    if memory["bytes"] is not None:
        found.append(("memory", f"{memory['bytes'] / 1e9:.1f} of {memory['of'] / 1e9:.1f} GB ({memory['device']})"))
    if report["minutes"] is not None:
        found.append(("minutes", f"about {report['minutes']:g}, by a few updates on this host"))
    found += [("said", sentence) for sentence in report["said"]]
    return found + [("refused", sentence) for sentence in report["refused"] or ["nothing"]]
