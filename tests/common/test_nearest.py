"""The web process reads an index where it lies: what a search touched is given back, and the process stays small."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from common.nearest import Nearest, NearestError, NearestView

ROOT = Path(__file__).resolve().parents[2]

pytestmark = pytest.mark.pure
ROWS, DIMENSION = 3_000, 384


@pytest.fixture(scope="module")
def rows():
    found = np.random.default_rng(7).standard_normal((ROWS, DIMENSION), dtype=np.float32)
    return found / np.linalg.norm(found, axis=1, keepdims=True)


@pytest.fixture(scope="module")
def folder(rows, tmp_path_factory):
    nearest = Nearest(DIMENSION)
    nearest.add(range(10, 10 + ROWS), rows)
    folder = tmp_path_factory.mktemp("index")
    nearest.save(folder, "one")
    return folder


def test_it_finds_what_exact_search_finds(rows, folder):
    view = NearestView(folder, "one")
    asked = rows[:20] + 0.2 * rows[20:40]
    true = np.argsort(-(asked @ rows.T), axis=1)[:, :10] + 10
    found = [[key for key, _ in view.search(row, 10)] for row in asked]
    recall = np.mean([len(set(a) & set(b)) / 10 for a, b in zip(true.tolist(), found, strict=True)])
    assert recall >= 0.95
    key, cosine = view.search(rows[5], 1)[0]
    assert (key, round(cosine, 2)) == (15, 1.0)


def test_what_is_added_later_is_there_and_readers_keep_the_file_that_they_opened(rows, folder, tmp_path):
    nearest, view = Nearest.load(folder, "one"), NearestView(folder, "one")
    nearest.add([1], -rows[:1])
    record = nearest.save(tmp_path, "one")
    again = nearest.save(tmp_path, "one")
    assert [path.name for path in tmp_path.glob("*.usearch")] == [again.file]
    assert record.count == ROWS + 1
    assert NearestView(tmp_path, "one").search(-rows[0], 1)[0][0] == 1
    assert view.search(-rows[0], 1)[0][0] != 1


def test_an_index_of_another_encoder_is_refused(folder):
    with pytest.raises(NearestError, match="another encoder"):
        Nearest.load(folder, "two")


def test_an_empty_index_finds_nothing(rows):
    assert Nearest(DIMENSION).search(rows[0], 5) == []


def test_a_process_that_asks_stays_small(folder):
    code = (
        "import sys, psutil, numpy as np\n"
        "from pathlib import Path\n"
        "from common.nearest import NearestView\n"
        f"view = NearestView(Path({str(folder)!r}), 'one')\n"
        "before = psutil.Process().memory_info().rss\n"
        f"for row in np.random.default_rng(1).standard_normal((50, {DIMENSION})): view.search(row, 10)\n"
        "print(before, psutil.Process().memory_info().rss)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    before, after = map(int, done.stdout.split())
    assert after < 120e6
    assert after - before < 8e6, "the pages of the file were given back"


@pytest.mark.parametrize("first", ["onnxruntime", "usearch.index"])
def test_both_libraries_live_in_one_process(first):
    """Wheels of usearch from 2.26.2 on end the process that imports onnxruntime after them."""
    other = {"onnxruntime": "usearch.index", "usearch.index": "onnxruntime"}[first]
    done = subprocess.run([sys.executable, "-c", f"import {first}; import {other}"], capture_output=True)
    assert done.returncode == 0
