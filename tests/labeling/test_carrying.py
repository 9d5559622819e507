"""Answers given under one spec, read under another: labels are known by their identity."""

import pytest

from labeling.carrying import Carrier
from labeling.kinds import LabelDef, NoLongerFitsError, Spec

pytestmark = pytest.mark.pure


def multi(*labels: LabelDef, limit: int = 0) -> Spec:
    return Spec("multi_label", "Tag it.", labels, max_labels=limit)


def single(*labels: LabelDef) -> Spec:
    return Spec("single_label", "Pick one.", labels)


LATE, LOST, RUDE = (LabelDef(name, id=name.upper()) for name in ("late", "lost", "rude"))
GIVEN = multi(LATE, LOST, RUDE)


def test_under_the_same_spec_an_answer_stays() -> None:
    carrier = Carrier(GIVEN, GIVEN)
    assert carrier.carry({"labels": ["late", "rude"]}) == {"labels": ["late", "rude"]}
    said = {"labels": ["unheard of"]}
    assert carrier.carry_reading(said) is said


def test_renamed_and_reordered_labels_are_found_again() -> None:
    asked = multi(LabelDef("gone", id="LOST"), LabelDef("delayed", id="LATE"))
    carrier = Carrier(GIVEN, asked)
    assert carrier.carry({"labels": ["late", "lost"]}) == {"labels": ["gone", "delayed"]}
    assert carrier.carry_reading({"labels": ["late", "lost"]}) == {"labels": ["gone", "delayed"]}


def test_merged_labels_are_one() -> None:
    asked = multi(LabelDef("parcel", id="LATE", merged=("LOST",)), RUDE)
    assert Carrier(GIVEN, asked).carry({"labels": ["late", "lost", "rude"]}) == {"labels": ["parcel", "rude"]}


def test_a_removed_label_leaves_an_answer_out_and_counts_a_reading_as_wrong() -> None:
    carrier = Carrier(GIVEN, multi(LATE, LOST))
    with pytest.raises(NoLongerFitsError, match="the label 'rude' was removed"):
        carrier.carry({"labels": ["late", "rude"]})
    assert carrier.carry_reading({"labels": ["late", "rude"]}) == {"labels": ["late", "rude"]}


@pytest.mark.parametrize(("limit", "says"), [(1, "more than 1 label$"), (2, "more than 2 labels")])
def test_a_lower_limit_leaves_an_answer_out(limit: int, says: str) -> None:
    with pytest.raises(NoLongerFitsError, match=says):
        Carrier(GIVEN, multi(LATE, LOST, RUDE, limit=limit)).carry({"labels": ["late", "lost", "rude"]})


def test_one_label_is_carried_alike() -> None:
    given, asked = single(LATE, LOST), single(LabelDef("delayed", id="LATE"), LabelDef("new", id="NEW"))
    carrier = Carrier(given, asked)
    assert carrier.carry({"label": "late"}) == {"label": "delayed"}
    assert carrier.carry_reading({"label": "late"}) == {"label": "delayed"}
    assert carrier.carry_reading({"label": "lost"}) == {"label": "lost"}
    with pytest.raises(NoLongerFitsError, match="'lost' was removed"):
        carrier.carry({"label": "lost"})


def test_a_text_is_the_same_under_any_spec() -> None:
    carrier = Carrier(Spec("text", "Answer."), Spec("text", "Answer briefly."))
    assert carrier.carry({"text": "Yes."}) == {"text": "Yes."}
