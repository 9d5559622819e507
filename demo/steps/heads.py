"""Step 6: a head on a sentence encoder, of the same golden samples, meets the language model in the gate."""

from common.problems import ProblemError
from demo.setup import DEMO, World
from demo.steps.watching import watch_build, watch_judgment, watch_live, watch_training
from deployment.models import ServingPolicy
from deployment.models.formats import ONNX
from deployment.servers.drivers import serves
from training.methods import HEAD
from training.models import TrainingRun
from training.services import default_encoder, start_run


def train_head(world: World) -> None:
    """Fit, build and judge it; it goes live where the gate may promote it by itself."""
    obstacle = _obstacle(world)
    if obstacle:
        world.show.say(f"left out: {obstacle}")
        return
    first = TrainingRun.objects.filter(project=world.project).earliest("pk")
    run = start_run(
        DEMO, world.project, trigger=TrainingRun.Trigger.MANUAL, method=HEAD.name, snapshot=first.snapshot, again=True
    )
    version = watch_training(world, run)
    report = watch_judgment(world, watch_build(world, version))
    if report.clears:
        watch_live(world, version)


def _obstacle(world: World) -> str:
    """Why there can be none here; empty where there can."""
    try:
        default_encoder(DEMO)
    except ProblemError as error:
        return str(error)
    policy = ServingPolicy.of(world.project)
    if policy is None or not any(serves(server, ONNX) for server in policy.active_servers()):
        return "no server of this demo serves heads; the built-in one does."
    return ""
