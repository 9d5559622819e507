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
from training.engine.__main__ import _spare_the_start
_spare_the_start(Path(sys.argv[1]))
import peft.import_utils
print(peft.import_utils.is_bnb_available(), sys.modules.get("bitsandbytes") is not None)
"""


@pytest.mark.parametrize(("method", "said"), [("lora", "False False"), ("qlora", "True True")])
def test_the_library_for_four_bits_is_imported_for_four_bits_only(method: str, said: str, tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text(yaml.safe_dump({"base_model": {"name": "x"}, "method": method}))
    done = subprocess.run([sys.executable, "-c", ASK, str(tmp_path)], cwd=ROOT, capture_output=True, text=True)
    assert done.stdout.strip() == said, done.stderr
