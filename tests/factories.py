"""Rows for tests, made the way the services make them, with named people of known rights, and who acts."""

import itertools
from typing import Any

import pgtrigger

from common.actor import Actor, system
from common.actor import token as a_token
from labeling import access, splits
from labeling.login.hashing import BoundedHasher
from labeling.models import ApiToken, Label, Membership, Project, Role, Sample, TaskSpec, User
from training.models import ModelVersion

_count = itertools.count(1)
# A password is hashed in a second where nobody hurries it, and tests make people by the hundred.
BoundedHasher.iterations = 1000
SYSTEM = system("test")
TAGS = ("billing", "delivery", "praise")


def acting(user: User) -> Actor:
    """The person as the services are told."""
    return access.acting(user)


def acting_through(token: ApiToken) -> Actor:
    """A program with the token."""
    return a_token(token.pk, token.name, token.owner_id, tuple(token.scopes))


def make_user(name: str = "", **fields: Any) -> User:
    name = name or f"user{next(_count)}"
    return User.objects.create_user(name, password="pass-word-1", **fields)


def make_member(project: Project, role: str, name: str = "") -> User:
    user = make_user(name)
    Membership.objects.create(project=project, user=user, role=role)
    return user


def make_expert(project: Project, name: str = "") -> User:
    return make_member(project, Role.EXPERT, name)


def make_operator(project: Project, name: str = "") -> User:
    return make_member(project, Role.OPERATOR, name)


def make_manager(project: Project, name: str = "") -> User:
    return make_member(project, Role.MANAGER, name)


def make_admin(name: str = "") -> User:
    return make_user(name or f"admin{next(_count)}", is_staff=True, is_superuser=True)


def make_project(key: str = "", kind: str = "multi_label", labels: tuple[str, ...] = TAGS, **fields: Any) -> Project:
    """A project with its labels and its first task spec."""
    key = key or f"project-{next(_count)}"
    fields.setdefault("instruction", "Tag the message.")
    project = Project.objects.create(key=key, name=key.title(), kind=kind, **fields)
    rows = [Label.objects.create(project=project, name=name, position=n) for n, name in enumerate(labels)]
    TaskSpec.objects.create(
        project=project,
        number=1,
        kind=kind,
        instruction=project.instruction,
        labels=[{"id": str(row.uid), "name": row.name, "description": "", "merged": []} for row in rows],
        max_labels=project.max_labels,
        schema=project.schema,
        prompt_template=project.prompt_template,
        decoding=project.decoding,
    )
    return project


def make_sample(project: Project, text: str = "", **fields: Any) -> Sample:
    text = text or f"Where is my parcel number {next(_count)}? {next(_count)} words."
    fields.setdefault("split", "train")
    fields.setdefault("way_in", "import")
    return Sample.objects.create(
        project=project,
        text=text,
        content_hash=splits.content_hash(text),
        group_hash=splits.group_key(text),
        **fields,
    )


def remade(version: ModelVersion, **fields: Any) -> None:
    """Another version in its row, as if it had been made so: the database lets nobody else do this."""
    with pgtrigger.ignore("training.ModelVersion:never_changes"):
        ModelVersion.objects.filter(pk=version.pk).update(**fields)
    version.refresh_from_db()
