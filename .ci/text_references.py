"""Figures of the field for the pairs of texts in `tests/evaluation/text_references.json`, written there anew.

`python .ci/text_references.py SCRIPT`, with the path of SQuAD's evaluation script (its version 2.0), in an environment
that has rouge-score: it comes without a wheel and brings nltk, so it is no requirement of ours (docs/adr/0032). A new
pair is written into the file by hand as `[expected, got]`.
"""

import importlib.util
import json
import sys
from pathlib import Path

from rouge_score.rouge_scorer import RougeScorer

FILE = Path(__file__).parents[1] / "tests/evaluation/text_references.json"


def main(script: str) -> None:
    """Each pair with F1 and exact match of the script, and the F-measure of rougeL without stemming."""
    loader = importlib.util.spec_from_file_location("squad", script)
    squad = importlib.util.module_from_spec(loader)
    loader.loader.exec_module(squad)
    rouge = RougeScorer(["rougeL"])
    rows = []
    for expected, got, *_ in json.loads(FILE.read_text(encoding="utf-8")):
        figures = (
            squad.compute_f1(expected, got),
            squad.compute_exact(expected, got),
            rouge.score(expected, got)["rougeL"].fmeasure,
        )
        rows.append([expected, got, *(round(float(figure), 9) for figure in figures)])
    lines = ",\n".join(f"  {json.dumps(row, ensure_ascii=False)}" for row in rows)
    FILE.write_text(f"[\n{lines}\n]\n", encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1])
