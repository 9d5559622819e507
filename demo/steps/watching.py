"""Wait for what the workers do, and show it: training, building, benchmarks, the gate, promotion."""

from demo.setup import World
from demo.show import DemoError
from deployment.files import file_of
from deployment.models import Deployment, StagedVersion, Verdict
from evaluation.models import Benchmark, GateReport
from training.models import ModelVersion, TrainingRun

TRAIN_SECONDS, BUILD_SECONDS, JUDGE_SECONDS = 1800, 600, 1800
State = TrainingRun.State


def watch_training(world: World, run: TrainingRun) -> ModelVersion:
    """Show the loss while the run trains; the version that it made."""
    with world.show.bar("training", total=run.total_steps or 1) as update:

        def tick() -> None:
            run.refresh_from_db()
            loss = f"loss {run.loss:.3f}" if run.loss is not None else str(run.state)
            update(run.step, loss, run.total_steps or None)

        world.show.wait(
            "the training run",
            lambda: TrainingRun.objects.exclude(state__in=[State.QUEUED, State.RUNNING]).filter(pk=run.pk).exists(),
            timeout=TRAIN_SECONDS,
            tick=tick,
        )
        tick()
    if run.state != State.SUCCEEDED:
        raise DemoError(f"The training run {run.state}: {run.error}")
    world.show.say(
        f"run {run.uid} on {run.snapshot.train_rows} train and {run.snapshot.validation_rows} validation rows"
    )
    return ModelVersion.objects.get(run=run)


def watch_build(world: World, version: ModelVersion) -> StagedVersion:
    """Wait until the version's file is proven and stands on the server."""
    with world.show.bar("build, prove, stage") as update:

        def ready() -> StagedVersion | None:
            file, staged = file_of(version), StagedVersion.objects.filter(version=version).first()
            update(0, staged.state if staged else file.state)
            if file.failed or (staged and staged.state == StagedVersion.State.FAILED):
                raise DemoError(f"{version} cannot be served: {file.error or (staged and staged.error)}")
            return staged if staged and staged.state == StagedVersion.State.STAGED else None

        staged = world.show.wait(f"{version} to be staged", ready, timeout=BUILD_SECONDS)
    file = file_of(version)
    world.show.say(f"{version}: {(file.bytes or 0) / 1e6:.0f} MB {file.quantization}")
    for step in file.artifact.build_steps.all() if file.artifact else ():
        again = "done before" if step.reused else f"{step.seconds or 0:.1f} s"
        world.show.say(f"   [dim]{step.name}: {again}[/]")
    for report in version.parity_reports.order_by("id"):
        mark = {True: "[green]proven[/]", False: "[red]differs[/]", None: "reported"}[report.ok]
        world.show.say(f"   {mark} {report.sentence}")
    assert isinstance(staged, StagedVersion)
    return staged


def watch_judgment(world: World, staged: StagedVersion) -> GateReport:
    """Show the benchmarks while they run; the gate's report."""
    with world.show.bar("benchmarks", total=1) as update:

        def tick() -> None:
            rows = list(Benchmark.objects.filter(version__project=world.project))
            running = next((row for row in rows if row.state == Benchmark.State.RUNNING), None)
            note = f"{running.version} {running.decoding}" if running else ""
            update(sum(row.done for row in rows), note, sum(row.cases for row in rows))
            failed = next((row for row in rows if row.state == Benchmark.State.FAILED), None)
            if failed:
                raise DemoError(f"The benchmark of {failed} failed: {failed.error}")

        report = world.show.wait(
            f"the verdict on {staged.version}", staged.gate_reports.first, timeout=JUDGE_SECONDS, tick=tick
        )
    colour = {"passed": "green", "refused": "red", "baseline": "cyan"}.get(report.verdict, "yellow")
    world.show.say(f"[{colour}]{report.verdict}[/]: {report.sentence}")
    assert isinstance(report, GateReport)
    return report


def wait_until_live(world: World, version: ModelVersion) -> None:
    """Wait until the version is built, staged, judged, and promoted by the gate alone."""
    staged = watch_build(world, version)
    report = watch_judgment(world, staged)
    if report.verdict not in (Verdict.BASELINE, Verdict.PASSED):
        raise DemoError(f"The gate did not let {version} pass, so the loop ends here.")
    if report.verdict == Verdict.PASSED and not report.clears:
        raise DemoError(
            f"{version} passed, but the gate does not promote it by itself: {report.told['look']['sentence']}"
        )
    watch_live(world, version)


def watch_live(world: World, version: ModelVersion) -> None:
    """Wait until the gate has promoted it, and tell the steps."""
    # It answers from the switch of the row on; the steps after that are told here, too.
    done = version.deployments.filter(state=Deployment.State.LIVE)
    deployment = world.show.wait(f"{version} to go live", done.first, timeout=120)
    world.show.say(f"[bold]{version} is live[/]")
    say_steps(world, deployment)


def say_steps(world: World, deployment: Deployment) -> None:
    """The steps of a promotion or rollback with their times."""
    steps = ", ".join(f"{step['name']} {step['ms']:.0f} ms" for step in deployment.steps)
    world.show.say(f"   [dim]{deployment.action}: {steps}[/]")
