"""The encoder's runtime: vectors, cuts, and what is said where it cannot be used."""

import json
from pathlib import Path

import numpy as np
import pytest

from common.encoder import EncoderError, open_encoder, read_record
from common.encoder.record import FULL, RECORD, TOKENIZER
from tests.encoders import make_encoder

pytestmark = pytest.mark.pure

WORDS = "where is my parcel refund please the money back"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_encoder(tmp_path_factory.mktemp("encoders") / "tiny", WORDS)


@pytest.fixture
def copied(folder: Path, tmp_path: Path) -> Path:
    return make_encoder(tmp_path / "copy", WORDS)


def test_rows_have_length_one_and_keep_the_order_of_the_texts(folder: Path) -> None:
    encoder = open_encoder(folder)
    texts = [" ".join(WORDS.split()[: 1 + number % 9]) for number in range(70)]
    found = encoder.encode(texts).vectors
    assert (found.shape, found.dtype) == ((70, 64), np.float32)
    assert np.allclose(np.linalg.norm(found, axis=1), 1.0, atol=1e-6)
    alone = np.vstack([encoder.encode([text]).vectors for text in texts])
    assert np.abs(found - alone).max() < 1e-6, "what stands beside a text in a batch must not change its vector"


def test_texts_beyond_the_limit_are_cut_and_counted(folder: Path) -> None:
    encoder = open_encoder(folder)
    fits, longer, endless = "money " * 14, "money " * 15, "refund " * 200_000
    found = encoder.encode([fits, longer, endless, ""])
    assert (found.cut, found.unknown) == (2, 0)
    assert np.allclose(found.vectors[0], found.vectors[1]), "what is beyond the limit is not read"


def test_texts_in_other_scripts_are_counted_and_have_vectors(folder: Path) -> None:
    odd = ["Где моя посылка", "我的包裹 在哪里", "أين طردي", "👍🏽", "\ud83d", "\x00", " "]
    found = open_encoder(folder).encode(["where is my parcel", *odd])
    assert 4 <= found.unknown <= 6
    assert np.isfinite(found.vectors).all()
    assert open_encoder(folder).encode(["my parcel посылка"]).unknown == 0, "the greater part is known"


def test_no_texts_are_no_rows(folder: Path) -> None:
    assert open_encoder(folder).encode([]).vectors.shape == (0, 64)


def test_a_missing_encoder_says_how_to_get_one(tmp_path: Path) -> None:
    with pytest.raises(EncoderError, match=r"no sentence encoder in .*`make encoder`"):
        open_encoder(tmp_path / "nowhere")


@pytest.mark.parametrize("name", [FULL, TOKENIZER])
@pytest.mark.parametrize("harm", ["flip", "cut", "gone"])
def test_a_damaged_file_is_noticed_by_its_digest(copied: Path, name: str, harm: str) -> None:
    open_encoder(copied)
    path = copied / name
    whole = path.read_bytes()
    damaged = {"flip": whole[:-9] + bytes([whole[-9] ^ 1]) + whole[-8:], "cut": whole[:-100]}
    path.unlink() if harm == "gone" else path.write_bytes(damaged[harm])
    with pytest.raises(EncoderError, match=rf"{name} .* is damaged or another file. Make it again with `make encoder`"):
        open_encoder(copied)


@pytest.mark.parametrize("text", ["{", "[]", '{"name": "x"}', "null", "[" * 5000])
def test_a_damaged_record_is_said(copied: Path, text: str) -> None:
    (copied / RECORD).write_text(text)
    with pytest.raises(EncoderError, match="cannot be read"):
        read_record(copied)


def test_another_encoder_is_refused_where_one_is_asked_for(folder: Path) -> None:
    revision = read_record(folder).revision
    assert open_encoder(folder, revision=revision).record.revision == revision
    with pytest.raises(EncoderError, match=r"is tests/tiny of revision .*, not 0123456789ab, whose vectors are others"):
        open_encoder(folder, revision="0123456789abcdef")


def test_weights_that_are_none_are_said(copied: Path) -> None:
    from common.files import sha256_of

    (copied / FULL).write_bytes(b"no graph")
    record = json.loads((copied / RECORD).read_text())
    record["files"][FULL] = sha256_of(copied / FULL)
    (copied / RECORD).write_text(json.dumps(record))
    with pytest.raises(EncoderError, match="cannot be loaded"):
        open_encoder(copied)
