"""An encoder that can be fine-tuned, for tests: a BERT of one layer, exported and proven by `make encoder`."""

import random
from pathlib import Path

from common import jsonl
from tests.training.engine.encoders import write_bert
from tests.training.heads.folders import TELLING, VOCABULARY, text_of
from training.engine.encoders.making import Wanted, make_encoder


def make_tunable(folder: Path, work: Path) -> Path:
    """The encoder's folder, with the weights that it was exported from."""
    chance = random.Random(3)
    labels = [[name] for name in TELLING] * 8
    rows = [{"text": text_of(each, chance), "labels": each} for each in labels]
    work.mkdir(parents=True, exist_ok=True)
    jsonl.write(work / "messages.jsonl", rows)
    # What an export takes grows with the layers; that of several is looked at in `engine/test_encoders.py`.
    bert = write_bert(work / "bert", [VOCABULARY, *(row["text"] for row in rows)], layers=1)
    make_encoder(folder, Wanted(str(bert), work / "messages.jsonl"))
    return folder
