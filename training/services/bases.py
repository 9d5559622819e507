"""Base models and training profiles."""

from pathlib import Path

import yaml
from django.conf import settings
from django.db import transaction

from labeling.problems import ProblemError
from training.models import BaseModel, TrainingProfile

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
    return str(folder) if folder.is_dir() else base.location


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
