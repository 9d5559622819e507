"""A prompt over the context at staging: its text and its count are training's, or the version is refused."""

import pytest

from deployment.artifacts.parity import _trap
from deployment.artifacts.pipeline.proof import Expected
from deployment.servers.drivers import Rendered

CONTEXT = 512
LONG = Expected(messages=[{"role": "user", "content": "word"}], text="<user>word", tokens=3036)
SHORT = Expected(messages=LONG.messages, text=LONG.text, tokens=400)


@pytest.mark.parametrize(
    ("expected", "rendered", "trap"),
    [
        (LONG, Rendered(LONG.text, 3036), ""),
        (LONG, Rendered(LONG.text, 258), "merges"),
        (LONG, Rendered("<user>wo", 3036), "template"),
        (LONG, Rendered(LONG.text, None), ""),
        (SHORT, Rendered(SHORT.text, None), "merges"),
    ],
    ids=["counted", "cut silently", "another text", "refused without a count", "refused though it fits"],
)
def test_the_longest_text_is_held_to_trainings_count(expected, rendered, trap):
    assert _trap(expected, rendered, CONTEXT) == trap
