"""The token proof over real GGUFs: equal where the folder is right, and each known trap named where it is not."""

import pytest

from deployment.artifacts.gguf.tokens import prove_tokens
from tests.deployment.artifacts.gguf.conftest import gguf_rows

pytestmark = pytest.mark.ml


def test_ids_are_equal_on_every_hard_text(ggufs, asked, expected, tmp_path):
    proof = prove_tokens(expected, gguf_rows(ggufs["good"].path, asked, tmp_path))
    assert proof.ok, proof.sentence
    assert proof.checked == len(asked)
    assert proof.first_difference is None


@pytest.mark.parametrize(
    ("trap", "said"), [("dropped", "other merges"), ("bos", "a BOS token in front"), ("space", "a prefix space")]
)
def test_a_trap_fails_the_proof_and_is_named(trap, said, ggufs, asked, expected, tmp_path):
    proof = prove_tokens(expected, gguf_rows(ggufs[trap].path, asked, tmp_path))
    assert not proof.ok
    assert said in proof.sentence
    others = {"other merges", "a BOS token in front", "a prefix space", "another text"} - {said}
    assert not [other for other in others if other in proof.sentence]
    found = proof.first_difference
    assert found is not None
    assert found["training"] != found["gguf"]
    assert len(found["gguf_pieces"]) == len(found["gguf"])
