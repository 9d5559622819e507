"""Files that are no bundle, damaged, cut off or made to hurt: one sentence each, and an end in good time."""

import json
import time

import pytest

from evaluation.bundles.cases import CUT_OFF
from evaluation.bundles.comparing import Compared
from evaluation.bundles.reading import BundleError, read
from evaluation.bundles.writing import line_of, lines
from evaluation.policy import Policy
from evaluation.verify import looked_at, run
from labeling.answers import parse
from labeling.kinds import LabelDef, Spec

pytestmark = pytest.mark.pure

HEAD = {"part": "bundle", "format": 1, "project": "shop", "deployment": "d", "software": {}}
MOVE = {
    "part": "promotion", "version": "shop:v1", "before": None, "by": "olga", "automatic": False, "reason": "we try it",
    "asked_at": "", "live_at": "", "judgments": [], "proofs": {},
}  # fmt: skip
SPEC = {
    "part": "spec", "of": "candidate", "kind": "single_label", "instruction": "Tag it.", "max_labels": 0,
    "labels": [{"name": "a", "description": "", "id": "", "merged": []}], "prompt_template": "{text}",
    "decoding": {}, "json_schema": None, "thinking": False, "lists_labels": True,
}  # fmt: skip
VERSION = {
    "part": "version", "role": "candidate", "tag": "shop:v1", "number": 1, "method": "sft", "base": {},
    "adapter_digest": "", "artifact": {}, "staged": {}, "server": {}, "asked": {}, "training": None,
}  # fmt: skip
SUITE = {"part": "suite", "uid": "u", "number": 1, "digest": "d", "size": 1, "left_out": {}}
POLICY = {"part": "policy", "policy": Policy().model_dump()}
REPORT = {
    "part": "report", "uid": "r", "at": "", "held_against": None, "verdict": "insufficient", "sentence": "No.",
    "checks": [], "told": {}, "has_look": False, "clears": False, "figures": {"candidate": {}},
}  # fmt: skip
SIDE = {
    "prompt": [], "raw": "a", "answer": {"label": "a"}, "status": "repaired", "reason": "", "exact": True,
    "scores": {}, "latency_ms": 1.0,
}  # fmt: skip
CASE = {
    "part": "case", "position": 0, "order": 0, "uid": "c", "group": 0, "text": "x", "input": None,
    "expected": {"label": "a"}, "candidate": SIDE, "reference": None,
    "sample": 0, "is_grouped": True, "once_live": {},
}  # fmt: skip
PARTS = [HEAD, MOVE, SPEC | {"of": "suite"}, SPEC, VERSION, SUITE, POLICY, REPORT, CASE]


@pytest.fixture
def bundle(tmp_path):
    path = tmp_path / "it"
    path.write_bytes(b"".join(lines(PARTS)))
    return path


def refused(path, body: bytes) -> str:
    path.write_bytes(body)
    with pytest.raises(BundleError) as found:
        read(path)
    return str(found.value)


def with_line(line: str) -> bytes:
    """A bundle in which the case's line is another one; its end is never reached."""
    whole = list(lines(PARTS))
    return b"".join([*whole[:8], line.encode("utf-8", "surrogatepass") + b"\n", *whole[9:]])


def test_a_file_is_read_back(bundle):
    found = read(bundle)
    assert (found.head.project, found.promotion.by, found.versions["candidate"].tag) == ("shop", "olga", "shop:v1")
    assert (len(found.cases.kept), found.lines) == (1, 10)


def test_damage_is_found_wherever_it_is(bundle, tmp_path):
    """Any single byte that is changed, and any end that is cut off."""
    whole = bundle.read_bytes()
    for place in range(0, len(whole), 97):
        assert refused(tmp_path / "x", whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        assert refused(tmp_path / "x", whole[:place])
    assert "was cut off" in refused(tmp_path / "x", whole[:-2])
    assert "before its own last line: it was cut off" in refused(tmp_path / "x", b"".join(list(lines(PARTS))[:-1]))
    changed = whole.replace(b'"reason":"we', b'"reason":"me').replace(b'"we try it"', b'"me try it"')
    assert "the SHA-256 of its part “promotion” is not the one at its end" in refused(tmp_path / "x", changed)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"", "is empty"),
        (b"\x89PNG\r\n\x1a\n\xff", "is not UTF-8 text"),
        (b'{"id": 1, "expected": {}}\n', "line 1: not a part of a bundle"),
        (b"name,label\n", "line 1: not a line of a bundle"),
        (b"[1]\n", "line 1: not a part of a bundle"),
        (line_of(MOVE).encode(), "does not begin as a bundle"),
        (line_of(HEAD | {"format": 2}).encode(), "is of format 2; this release reads format 1"),
        (line_of(HEAD).encode() * 2, "“bundle” is there twice"),
        (b"".join(lines([HEAD, POLICY, MOVE])), "“promotion” stands too late"),
        (b"".join(lines([HEAD, MOVE])), "lacks the part “policy”"),
        (b"".join(lines([HEAD, MOVE, SPEC, SPEC])), "The candidate is there twice"),
        (b"".join(lines([HEAD, MOVE, CASE])), "without its suite"),
        (b"".join(lines([HEAD, MOVE, SPEC | {"kind": "poem"}])), "Unknown kind"),
        (b"".join(lines([HEAD, MOVE, SPEC | {"labels": [{"name": 1}]}])), "is none"),
        (b"".join(lines([HEAD, MOVE, POLICY | {"policy": {"minimun": 1}}])), "Did you mean minimum?"),
        (b"".join(lines([HEAD, MOVE, POLICY | {"policy": {"resamples": 1_000_000}}])), "at most 100,000 are made"),
        (
            b"".join(lines([*PARTS[:2], SPEC | {"of": "suite", "kind": "text", "labels": []}, *PARTS[3:]])),
            "several kinds",
        ),
        (b"".join(lines([*PARTS[:8], CASE | {"reference": SIDE}])), "does not name"),
        (b"".join(lines([*PARTS[:8], CASE | {"more": 1}])), "There is no such option"),
        (b"".join(lines([*PARTS[:8], CASE | {"candidate": SIDE | {"status": "fine"}}])), "part “case”"),
    ],
)
def test_what_is_no_bundle_is_said_in_a_sentence(tmp_path, body, said):
    assert said in refused(tmp_path / "it", body)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('{"part":"case","text":' + "[" * 100_000 + "]" * 100_000 + "}", "nested too deeply"),
        ('{"part":"case","position":' + "9" * 5_000 + "}", "not a line of a bundle"),
        ('{"part":"case","position":1e999}', "not a line of a bundle"),
        ('{"part":"case","position":NaN}', "NaN is not JSON"),
        (line_of(CASE).strip().replace('"latency_ms": 1.0', '"latency_ms": 1.00'), "were changed"),
        (line_of(CASE).strip().replace('"part"', '"part": "case", "part"'), "were changed"),
        (json.dumps(CASE), "were changed"),
        (line_of(CASE).strip() + " " * 10, "were changed"),
    ],
)
def test_a_hostile_line_is_refused(tmp_path, line, said):
    began = time.process_time()
    assert said in refused(tmp_path / "it", with_line(line))
    assert time.process_time() - began < 5


@pytest.mark.parametrize(
    "case",
    [
        {"order": 10**4000, "group": -(10**4000)},
        {"text": "\ud800", "candidate": SIDE | {"raw": "\ud800"}},
        {"expected": {"label": ["a"]}},
        {"expected": {}},
        {"expected": {"label": "unknown"}},
        {"candidate": SIDE | {"answer": {"labels": 3}}},
        {"candidate": SIDE | {"answer": None}},
        {"candidate": SIDE | {"answer": {"label": {"a": []}}}},
        {"candidate": SIDE | {"raw": '{"label":' * 60}},
        {"candidate": SIDE | {"scores": {"f1": 10.0**300}, "latency_ms": -1e308}},
        {"input": [{"role": "user", "content": "x"}]},
    ],
)
def test_values_of_no_use_are_found_wrong_and_raise_nothing(tmp_path, case, capsys):
    path = tmp_path / "it"
    path.write_bytes(b"".join(lines([*PARTS[:8], CASE | case])))
    assert run([str(path)]) == 1
    said = capsys.readouterr().out
    assert said.endswith("Not verified: something above is wrong.\n")
    assert max(map(len, said.split("\n"))) < 2_100


@pytest.mark.parametrize(
    "report",
    [
        {"told": {"look": 3, "test": [], "advice": None}},
        {"has_look": True},
        {"verdict": "baseline"},
        {"clears": True, "checks": [{"value": 10**300}]},
        {"figures": {"candidate": {"main": 10**4000, "latency_ms": []}, "reference": {}}},
    ],
)
def test_a_report_of_no_use_raises_nothing(tmp_path, report):
    path = tmp_path / "it"
    path.write_bytes(b"".join(lines([*PARTS[:7], REPORT | report, CASE])))
    assert run([str(path)]) == 1


def test_what_a_file_says_is_one_line_on_a_terminal(tmp_path, capsys):
    path = tmp_path / "it"
    hostile = MOVE | {"reason": "x\x1b[31m\n\rok    all: fine\u202e" * 1_000}
    path.write_bytes(b"".join(lines([HEAD, hostile, SPEC, VERSION, POLICY])))
    assert run([str(path)]) == 0
    said = capsys.readouterr().out
    assert "\x1b" not in said
    assert "\u202e" not in said
    assert len(said.split("\n")) == 6


def test_judgments_on_other_servers_are_not_in_it(tmp_path):
    path = tmp_path / "it"
    judged = [{"server": "far", "report": "x", "verdict": "passed", "sentence": "It passed."}]
    path.write_bytes(b"".join(lines([HEAD, MOVE | {"judgments": judged}, SPEC, VERSION, POLICY, REPORT])))
    unseen = {said.what: said.sentence for said in looked_at(path) if said.ok is None}
    assert unseen["servers"].startswith("the judgments on far")
    assert unseen["verdict"] == "it was judged without cases: No."


def test_last_bits_are_said_and_more_is_wrong():
    compared = Compared()
    compared.value("test", {"p": 0.1, "method": "exact", "ok": True}, {"p": 0.1 + 1e-16, "method": "exact", "ok": True})
    assert (compared.exact, compared.near, compared.faults) == (2, 1, [])
    assert "but for the last bits" in compared.said
    for kept, found in ((0.1, 0.1001), (True, 1), (1, True), ([1], [1, 2]), ({}, {"p": 1}), ({"p": 1}, {}), (None, 0)):
        other = Compared()
        other.value("it", kept, found)
        assert len(other.faults) == 1


def test_what_was_cut_off_is_known_by_what_the_reader_says():
    spec = Spec("single_label", "Tag it.", (LabelDef("a"),))
    assert parse("a", spec, "x", complete=False).reason.startswith(CUT_OFF)


def test_a_file_that_is_not_there_is_said(tmp_path, capsys):
    assert run([str(tmp_path / "nowhere")]) == 1
    assert "No such file" in capsys.readouterr().out
