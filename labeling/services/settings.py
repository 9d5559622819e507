"""What several people may edit is kept unless somebody else has changed it meanwhile."""

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from django.db import transaction

from common.problems import ConflictError
from labeling.models import Project


class ChangedMeanwhileError(ConflictError):
    """Somebody else has saved since the form was shown; `now` is what stands there."""

    def __init__(self, now: Mapping[str, Any]) -> None:
        self.now = dict(now)
        super().__init__(
            "Somebody else has changed this since you opened it. What you typed is still below, and beside it what "
            "stands there now. Save again to put yours in its place."
        )


def premise_of(values: Mapping[str, Any]) -> str:
    """A digest of what a form was filled in with, which travels in the form and comes back with it."""
    plain = json.dumps(values, default=str, ensure_ascii=False)
    return hashlib.sha256(plain.encode("utf-8", "surrogatepass")).hexdigest()[:24]


@contextmanager
def held(project: Project) -> Iterator[None]:
    """A transaction in which no other one that holds the project changes its settings."""
    with transaction.atomic():
        Project.objects.select_for_update(no_key=True).get(pk=project.pk)
        yield


@contextmanager
def unless_changed(project: Project, premise: str, current: Callable[[], Mapping[str, Any]]) -> Iterator[None]:
    """Keep what is saved within, in one transaction, if `current` still says what `premise` was made of.

    One change of a project's settings after the other. Raises `ChangedMeanwhileError`.
    """
    with held(project):
        now = current()
        if premise_of(now) != premise:
            raise ChangedMeanwhileError(now)
        yield
