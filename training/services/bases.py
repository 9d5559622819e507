"""Base models and training profiles."""

import logging
import subprocess
import sys
from pathlib import Path

import yaml
from django.conf import settings
from django.db import transaction

from labeling.problems import ProblemError
from training.engine.bases.record import read_record
from training.engine.bases.shipped import LOCATION, NAME
from training.models import BaseModel, TrainingProfile

logger = logging.getLogger(__name__)
_FETCH_SECONDS = 1800.0
PROFILES_DIR = Path(__file__).resolve().parent.parent / "profiles"


def register_base(name: str, location: str, revision: str = "") -> BaseModel:
    """The base model `name`, made or moved to `location` (a hub name, or a folder below the models folder).

    A base that versions were trained on keeps its revision: another revision is another base model.
    """
    base, created = BaseModel.objects.get_or_create(name=name, defaults={"location": location, "revision": revision})
    if created or (base.location, base.revision) == (location, revision):
        return base
    if base.revision != revision and base.versions.exists():
        raise ProblemError(
            f"{name} has versions trained on revision {base.revision or 'unknown'}; "
            f"register {revision or 'the new one'} under another name."
        )
    base.location, base.revision = location, revision
    base.save(update_fields=["location", "revision"])
    return base


def register_served(name: str, digest: str) -> BaseModel:
    """The base model that model servers have as `name` with this manifest digest: served as it is, never trained on."""
    base, _ = BaseModel.objects.get_or_create(
        name=f"{name} {digest[:12]}", defaults={"server_name": name, "location": name, "revision": digest}
    )
    return base


def resolve_location(base: BaseModel) -> str:
    """What `from_pretrained` is given: a folder on this host if there is one, else the hub name."""
    folder = settings.MODELS_DIR / base.location
    return str(folder) if folder.is_dir() or base.location == LOCATION else base.location


def list_shipped_base() -> BaseModel:
    """The row of the base model that a Python package ships; its weights are fetched when a worker first needs them."""
    return default_base() or register_base(NAME, LOCATION)


def default_base() -> BaseModel | None:
    """What a new project trains on unless somebody says otherwise: the shipped base where it is listed."""
    return BaseModel.objects.filter(location=LOCATION).first()


def awaits_fetching(base: BaseModel) -> bool:
    """The shipped base, whose weights are not on this host yet."""
    return base.location == LOCATION and read_record(settings.MODELS_DIR / LOCATION) is None


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
        done = subprocess.run(
            command, cwd=settings.BASE_DIR, capture_output=True, text=True, timeout=_FETCH_SECONDS, check=False
        )
        if done.returncode:
            last = (done.stderr.strip().splitlines() or ["no reason was given"])[-1]
            raise ProblemError(
                f"{base} could not be fetched: {last} Where Python's package index is out of reach, run "
                f"`make base-model` on a machine that reaches it, and copy its {folder.name} to {folder.parent}."
            )
        logger.info("%s is there", base)
    record = read_record(folder)
    if record is not None and BaseModel.objects.filter(pk=base.pk, revision="").update(revision=record["revision"]):
        base.revision = record["revision"]


def load_builtin_profiles() -> list[TrainingProfile]:
    """Make the profiles of the repository's YAML files where they are missing; edited ones stay as they are."""
    made = []
    with transaction.atomic():
        for path in sorted(PROFILES_DIR.glob("*.yaml")):
            data = yaml.safe_load(path.read_text(encoding="utf-8"))
            profile, _ = TrainingProfile.objects.get_or_create(
                name=path.stem, defaults={"description": data["description"], "config": data["config"]}
            )
            made.append(profile)
    return made
