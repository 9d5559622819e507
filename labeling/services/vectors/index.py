"""A project's file of nearest neighbours: added to as vectors come, made anew where it is lost, damaged or outdated.

`VECTORS_DIR/<project uid>/<encoder>/`. The vectors worker alone writes it. Others read it without loading it.
"""

import logging
import shutil
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

from django.conf import settings
from django.db.models import Q

from common import leases
from common.nearest import Nearest, NearestError, NearestView, read_record
from labeling.models import Project, Sample, VectorSet
from labeling.services.vectors import alike, store

if TYPE_CHECKING:
    from labeling.services.vectors.making import Round

logger = logging.getLogger(__name__)
CHUNK = 1_000
# What a lost worker's successor has to add again, at most, beside a tenth of all.
_SAVE_AFTER = 50_000
# Some texts more are not worth writing a large file anew: they wait for others, or for so many seconds.
_SMALL, _SHARE, _PATIENCE = 20_000, 100, 600.0
_SHORT = 16
_views: dict[Path, NearestView] = {}
_opening = threading.Lock()


def folder_of(project: Project, revision: str) -> Path:
    """Where the index of a project and an encoder lies."""
    return Path(settings.VECTORS_DIR) / str(project.uid) / revision[:_SHORT]


def bring_up_to_date(turn: "Round") -> bool:
    """Add the vectors that the file does not have, and note which texts are nearly alike; whether all are in now.

    Texts mostly in unknown characters stay out: their vectors are all the same. A sample that is gone takes the whole
    file with it: nothing of its text stays behind in a graph.
    """
    project, folder = turn.vectors.project, folder_of(turn.vectors.project, turn.revision)
    done, unknown = VectorSet.objects.values_list("done", "unknown").get(pk=turn.vectors.pk)
    if may_wait(folder, turn.revision, done - unknown):
        return True
    wanted = set(store.ids_with_vector(project, turn.revision))
    nearest = _loaded(folder, turn.revision)
    there = set(nearest.keys.tolist()) if nearest else set()
    if nearest is None or there - wanted:
        turn.vectors.building = alike.next_generation(turn.vectors)
        turn.progress(building=turn.vectors.building)
        nearest, there = None, set()
    missing = sorted(wanted - there)
    unsaved = 0
    for start in range(0, len(missing), CHUNK):
        if turn.is_over:
            break
        nearest, added = _add(turn, nearest, missing[start : start + CHUNK])
        unsaved += added
        if unsaved > max(_SAVE_AFTER, len(nearest) // 10):
            _save(turn, nearest, folder)
            unsaved = 0
    if nearest and unsaved:
        _save(turn, nearest, folder)
    if not wanted:
        shutil.rmtree(folder, ignore_errors=True)
    count = len(nearest) if nearest else 0
    turn.progress(indexed=count)
    return count >= len(wanted)


def misses(folder: Path, revision: str, wanted: int) -> bool:
    """Whether the file is to be looked at: lost, or not of so many vectors, but for what may wait."""
    try:
        count = read_record(folder, revision).count
    except NearestError:
        return wanted > 0
    return count != wanted and not may_wait(folder, revision, wanted)


def may_wait(folder: Path, revision: str, wanted: int) -> bool:
    """Whether the file has all but a few of so many vectors, and was written a moment ago."""
    try:
        record = read_record(folder, revision)
        age = time.time() - (folder / record.file).stat().st_mtime
    except (NearestError, OSError):
        return False
    missing = wanted - record.count
    return age < _PATIENCE and record.count >= _SMALL and 0 < missing * _SHARE < record.count


def _loaded(folder: Path, revision: str) -> Nearest | None:
    try:
        return Nearest.load(folder, revision)
    except NearestError as error:
        logger.info("%s It is made anew.", error)
        return None


def _add(turn: "Round", nearest: Nearest | None, ids: list[int]) -> tuple[Nearest, int]:
    found, rows = store.vectors_of(Sample.objects.filter(pk__in=ids), turn.revision)
    nearest = nearest or Nearest(rows.shape[1])
    nearest.add(found, rows)
    alike.note(turn.vectors.project, alike.pairs(nearest, found, rows), turn.vectors.building)
    return nearest, len(found)


def _save(turn: "Round", nearest: Nearest, folder: Path) -> None:
    # A worker that lost its lease writes nothing over the file of the next one.
    turn.progress(indexed=len(nearest))
    nearest.save(folder, turn.revision)


def forget_others(project: Project, revision: str) -> None:
    """Remove the files of older encoders."""
    folder = folder_of(project, revision)
    for other in folder.parent.iterdir() if folder.parent.is_dir() else ():
        if other != folder:
            shutil.rmtree(other, ignore_errors=True)


def forget_projects() -> None:
    """Remove the files of projects that are gone, as they were made of their texts, and of archived ones.

    Nobody looks into those; they are made again from the vectors of the database once the project is opened again.
    """
    root = Path(settings.VECTORS_DIR)
    folders = {path.name: path for path in root.iterdir()} if root.is_dir() else {}
    if not folders:
        return
    at_work = VectorSet.objects.filter(state=VectorSet.State.WORKING).exclude(leases.expired())
    used = Project.objects.filter(Q(archived_at=None) | Q(pk__in=at_work.values("project")))
    known = {str(uid) for uid in used.values_list("uid", flat=True)}
    for name, path in folders.items():
        if name not in known:
            shutil.rmtree(path, ignore_errors=True)
    VectorSet.objects.exclude(project__in=used).exclude(indexed=0).update(indexed=0)


def view(project: Project, revision: str) -> NearestView:
    """The project's file, to be searched from any process. Raises `NearestError` where there is none.

    One is kept open in a process: of a million vectors it holds some 20 MB.
    """
    folder = folder_of(project, revision)
    record = read_record(folder, revision)
    with _opening:
        kept = _views.get(folder)
        if kept is None or kept.record != record:
            _views.clear()
            kept = _views[folder] = NearestView(folder, revision)
        return kept
