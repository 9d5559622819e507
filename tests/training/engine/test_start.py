"""A run starts without what it does not use."""

import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.training.engine.folders import ROOT

pytestmark = pytest.mark.ml

ASK = """
import sys
from pathlib import Path
from training.engine.start import leave_out_unused
leave_out_unused(Path(sys.argv[1]))
import peft.import_utils, transformers.utils
print(peft.import_utils.is_bnb_available(), transformers.utils.is_scipy_available())
"""


@pytest.mark.parametrize(
    ("options", "said"),
    [({}, "False False"), ({"method": "qlora"}, "True False"), ({"objective": "lm_head"}, "False True")],
    ids=["lora", "qlora", "lm_head"],
)
def test_a_library_is_there_for_the_runs_that_use_it(options: dict[str, str], said: str, tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text(yaml.safe_dump({"base_model": {"name": "x"}, **options}))
    done = subprocess.run([sys.executable, "-c", ASK, str(tmp_path)], cwd=ROOT, capture_output=True, text=True)
    assert done.stdout.strip() == said, done.stderr
