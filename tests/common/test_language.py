"""How a question for a language model is cut: what was said last is read, whatever was said before."""

from pathlib import Path

import pytest
from tokenizers import Tokenizer

from common.encoder.language import Frame, LanguageReader, LanguageRecord
from common.encoder.record import TOKENIZER
from tests.encoders import make_encoder

pytestmark = pytest.mark.pure
FRAME = Frame(opening="tag ", closing=" end", answering=" then ", asking=" next ")
WORDS = "tag end then next old said new refund"
LIMIT = 8


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_encoder(tmp_path_factory.mktemp("language"), WORDS)


def read(folder: Path, *texts: str, limit: int = LIMIT) -> tuple[str, bool]:
    """What is read of turns, in words, and whether something is not."""
    record = LanguageRecord(
        name="a", revision="r", source="", licence="", dimension=8, limit=limit, frame=FRAME, files={}
    )
    tokenizer = Tokenizer.from_file(str(folder / TOKENIZER))
    turns = [{"role": ("user", "assistant")[at % 2], "content": each} for at, each in enumerate(texts)]
    found = LanguageReader(record, tokenizer).read(turns)
    assert len(found.ids) <= limit
    return tokenizer.decode(list(found.ids), skip_special_tokens=False), found.is_cut


def test_the_oldest_pairs_of_turns_go_before_anything_of_the_newest(folder: Path) -> None:
    assert read(folder, "old", "said", "new") == ("tag old then said next new end", False)
    assert read(folder, "old old", "said", "new") == ("tag old old then said next new end", False)
    assert read(folder, "old old", "said", "new new") == ("tag new new end", True)
    assert read(folder, "old", "said", "old", "said", "new") == ("tag old then said next new end", True)
    assert read(folder, *["old", "said"] * 3000, "new") == ("tag old then said next new end", True)
    assert read(folder, "old " * 9000, "said", "new") == ("tag new end", True)


def test_the_last_turn_alone_is_cut_at_its_end(folder: Path) -> None:
    assert read(folder, "old", "said", "new " * 20) == ("tag new new new new new new end", True)
    assert read(folder, "new " * 20) == ("tag new new new new new new end", True)
    with pytest.raises(ValueError, match="last turn is to be the user's"):
        read(folder, "old", "said")


def test_half_a_surrogate_pair_is_a_mark_everywhere(folder: Path) -> None:
    record = LanguageRecord(
        name="a", revision="r", source="", licence="", dimension=8, limit=LIMIT, frame=FRAME, files={}
    )
    reader = LanguageReader(record, Tokenizer.from_file(str(folder / TOKENIZER)))
    assert reader.written([{"role": "user", "content": "a \ud83d"}]) == "tag a ? end"
    assert len(reader.ids("refund \ud83d")) == 2
    assert reader.read([{"role": "user", "content": "refund \ud83d"}]).is_cut is False
