"""Lives by the order that teaches and lives by chance, on the same pools; what the first save, over seeds.

Gaps are between lives on the same pool. Texts of the authors' test file tell what a draft is
truly worth: no project sees them.
"""

import argparse
import hashlib
import json
import statistics
import time
from collections.abc import Mapping, Sequence

from scipy import stats
from sklearn.isotonic import IsotonicRegression
from threadpoolctl import threadpool_limits

from benchmarks.ordering.life import BENCHMARK, Life, begin, pool_of
from benchmarks.ordering.vectors import Vectors, kept_in, vectors_of
from benchmarks.recipes.sets import Loaded, whole
from benchmarks.report import Figure, Result
from common import files
from config.launcher.environment import ROOT
from training.services.encoders import list_encoder

# Labels of a life by chance, of one by the order, and answers between two drafts.
LABELS, ORDERED, STEP = 924, 588, 42
# Where both curves are told of.
LOOKS = (126, 252, 378, 504, 588)
CODE = ("benchmarks/ordering", "labeling/services/order", "training/heads", "training/ordering")
Curve = dict[int, float]


def measure(options: argparse.Namespace) -> Result:
    """A table for each set, and what is saved as the record's own field."""
    # Where cores are few and busy, threads that wait for each other take ten times as long as one.
    with threadpool_limits(1):
        return _measure(options)


def _measure(options: argparse.Namespace) -> Result:
    list_encoder(BENCHMARK)
    tables: dict[str, dict[str, dict[str, Figure]]] = {}
    saved: dict[str, dict[str, Figure]] = {}
    for name in options.sets:
        loaded = whole(name, options.folder)
        pools = {seed: [text for text, _ in pool_of(name, loaded, seed)] for seed in options.seeds}
        texts = [text for pool in pools.values() for text in pool] + [text for text, _ in loaded.cases]
        vectors = vectors_of(name, sorted(set(texts)))
        lives = {
            seed: {arm: kept(name, loaded, seed, arm, vectors) for arm in ("random", "active")}
            for seed in options.seeds
        }
        chance, active = ({seed: each[arm] for seed, each in lives.items()} for arm in ("random", "active"))
        tables[name] = told(active, chance)
        saved[name] = what_is_saved(active, chance)
    return Result(saved, tables={f"{name}, by labels": table for name, table in tables.items()}, top={"saved": saved})


def kept(name: str, loaded: Loaded, seed: int, arm: str, vectors: Vectors) -> Curve:
    """The curve of a life, from the file of an earlier run by the very same code; a long benchmark so goes on."""
    path = kept_in() / f"{name}-{arm}-{seed}-{code_of(vectors.revision)}.json"
    if not path.is_file():
        path.parent.mkdir(parents=True, exist_ok=True)
        files.write_text(path, json.dumps(curve(name, loaded, seed, arm, vectors)))
    return {int(labels): float(worth) for labels, worth in json.loads(path.read_text(encoding="utf-8")).items()}


def code_of(revision: str) -> str:
    """A digest of what a curve follows from: the encoder, and the code of queue, ranking, heads and this benchmark."""
    found = sorted(path for place in CODE for path in (ROOT / place).rglob("*.py"))
    body = b"".join(path.read_bytes() for path in found)
    return hashlib.sha256(revision.encode() + body).hexdigest()[:16]


def curve(name: str, loaded: Loaded, seed: int, arm: str, vectors: Vectors) -> Curve:
    """The figure by the number of labels. By chance nothing depends on drafts, so they are fitted where one looks."""
    began = time.monotonic()
    life = begin(name, loaded, seed, arm, STEP, vectors)
    found: Curve = {}
    if arm == "active":
        life.rank()
    last = ORDERED if arm == "active" else LABELS
    for labels in range(STEP, last + 1, STEP):
        life.review(STEP)
        if arm == "active" or labels in (*LOOKS, LABELS):
            found[labels] = _learnt(life, arm, last=labels == last)
    given = ", ".join(f"{count} {stream}" for stream, count in life.streams().items())
    life.end()
    shown = " ".join(f"{labels}:{worth:.3f}" for labels, worth in found.items() if labels in (*LOOKS, LABELS))
    print(f"{name} {arm} seed {seed}: {shown} ({given}; {time.monotonic() - began:.0f} s)", flush=True)
    return found


def _learnt(life: Life, arm: str, *, last: bool) -> float:
    worth = life.worth(life.learn())
    if arm == "active" and not last:
        life.rank()
    return worth


def labels_for(found: Curve, figure: float) -> float:
    """Labels after which a curve reaches `figure`; `LABELS` where it never does.

    By the rising curve that is nearest to it, as one lucky draft is no skill; between two looks in a straight line.
    """
    counts = sorted(found)
    rising = IsotonicRegression().fit_transform(counts, [found[at] for at in counts])
    above = [place for place, value in enumerate(rising) if value >= figure]
    if not above:
        return float(LABELS)
    at = above[0]
    if not at:
        return float(counts[0])
    before, after = float(rising[at - 1]), float(rising[at])
    return counts[at] - (counts[at] - counts[at - 1]) * (after - figure) / (after - before)


def what_is_saved(active: Mapping[int, Curve], chance: Mapping[int, Curve]) -> dict[str, Figure]:
    """The share of chance's labels that the order saves at chance's last figure, and the gap at equal labels.

    That figure is the mean of the lives by chance. Each with an interval of 95 % over seeds; a life that never gets
    there saves nothing.
    """
    figure = statistics.fmean(each[LABELS] for each in chance.values())
    shares = [1.0 - labels_for(found, figure) / LABELS for found in active.values()]
    gaps = [statistics.fmean(active[seed][at] - chance[seed][at] for at in LOOKS) for seed in active]
    low, high = interval(shares)
    gap_low, gap_high = interval(gaps)
    return {
        "saved": statistics.fmean(shares), "low": low, "high": high, "lives": len(shares),
        "gap": statistics.fmean(gaps), "gap low": gap_low, "gap high": gap_high,
        f"random at {LABELS}": figure,
        f"active at {ORDERED}": statistics.fmean(each[ORDERED] for each in active.values()),
    }  # fmt: skip


def interval(values: Sequence[float], confidence: float = 0.95) -> tuple[float | None, float | None]:
    """Student's, of the mean; None of one value."""
    if len(values) < 2:
        return None, None
    half = stats.t.ppf((1 + confidence) / 2, len(values) - 1) * statistics.stdev(values) / len(values) ** 0.5
    return statistics.fmean(values) - float(half), statistics.fmean(values) + float(half)


def told(active: Mapping[int, Curve], chance: Mapping[int, Curve]) -> dict[str, dict[str, Figure]]:
    """Both curves as means over seeds, and their difference with its interval, by the number of labels."""
    table: dict[str, dict[str, Figure]] = {}
    for at in LOOKS:
        gaps = [active[seed][at] - chance[seed][at] for seed in active]
        low, high = interval(gaps)
        table[str(at)] = {
            "random": statistics.fmean(each[at] for each in chance.values()),
            "active": statistics.fmean(each[at] for each in active.values()),
            "gap": statistics.fmean(gaps), "low": low, "high": high,
        }  # fmt: skip
    return table
