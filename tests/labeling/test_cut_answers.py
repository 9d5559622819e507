"""Golden answers of every kind, cut at every place: none is ever read as another answer."""

import random
import re
from collections import Counter
from collections.abc import Iterator

import pytest

from labeling.answers import Status, parse
from labeling.kinds import KINDS, Answer, LabelDef, Spec, canonical, dumps
from tests.labeling.reading_cases import CASES, SPECS
from tests.records import BILL
from tests.records import spec_of as bills_spec

pytestmark = pytest.mark.pure

# Names that begin as others do, hold commas, look like JSON, or deny.
NAMES = (
    "billing", "delivery", "card_arrival", "card", "other", "not_spam", "spam", "Größe", "yes, please", "1", "12",
    "true", "refund request", "refund",
)  # fmt: skip
BILLS = bills_spec()
LABELS = tuple(map(LabelDef, NAMES))
SENTENCE = "Dear Ana, thank you for your message. The parcel is on its way and will arrive on Monday."


def golden() -> Iterator[tuple[Spec, Answer]]:
    """700 answers."""
    chance = random.Random(7)
    several, one, text, pieces = (
        Spec("multi_label", "Tag.", LABELS),
        Spec("single_label", "Pick.", LABELS),
        Spec("text", "Say."),
        Spec("spans", "Mark.", LABELS),
    )
    for _ in range(400):
        chosen = chance.sample(NAMES, chance.randint(0, 5))
        yield several, {"labels": [name for name in NAMES if name in chosen]}
    for _ in range(200):
        yield one, {"label": chance.choice(NAMES)}
    for _ in range(60):
        yield text, {"text": " ".join(chance.choice(SENTENCE.split()) for _ in range(chance.randint(3, 15)))}
    for count in range(20):
        found = chance.sample(list(re.finditer(r"\w+", SENTENCE)), count % 4)
        spans = [{"label": chance.choice(NAMES), "start": each.start(), "end": each.end()} for each in found]
        yield pieces, canonical(pieces, {"spans": spans}, SENTENCE)
    for count in range(20):
        lines = [{"sku": chance.choice(NAMES), "n": number + 1} for number in range(count % 4)]
        yield BILLS, BILL | {"total": count * 11, "paid": count % 2 == 0, "lines": lines}


GOLDEN = list(golden())


def asked(spec: Spec) -> str | None:
    """The text that an answer quotes, where it does."""
    return SENTENCE if KINDS[spec.kind].has_places else None


def cuts(spec: Spec, answer: Answer) -> Iterator[str]:
    whole = dumps(spec, answer, asked(spec))
    return (whole[:end] for end in range(1, len(whole)))


def test_the_answers_are_of_every_kind_and_whole_ones_are_read() -> None:
    assert {spec.kind for spec, _ in GOLDEN} == KINDS.keys()
    assert {parse(dumps(spec, answer, asked(spec)), spec, asked(spec)).status for spec, answer in GOLDEN} == {
        Status.STRICT
    }


def test_what_the_limit_cut_off_fails() -> None:
    found = Counter(
        parse(cut, spec, asked(spec), complete=False).status for spec, answer in GOLDEN for cut in cuts(spec, answer)
    )
    assert found[Status.FAILED] == found.total() > 20_000


def test_cut_json_fails_even_where_nobody_says_that_it_is_cut() -> None:
    read = [
        (cut, parsed.answer)
        for spec, answer in GOLDEN
        if KINDS[spec.kind].is_json
        for cut in cuts(spec, answer)
        if (parsed := parse(cut, spec, asked(spec))).answer is not None
    ]
    assert read == []


@pytest.mark.parametrize(
    "form", ["```json\n{}\n```", "<think>spam?</think>{}", "Sure! {} Bye.", "{}<|im_end|>", "[{}]"]
)
def test_around_it_other_text_may_be_cut_but_never_the_answer(form: str) -> None:
    for spec, answer in GOLDEN[::7]:
        whole = form.replace("{}", dumps(spec, answer, asked(spec)))
        if KINDS[spec.kind].is_json:
            read = {str(parse(whole[:end], spec, asked(spec)).answer) for end in range(len(whole))}
            assert read <= {"None", str(answer)}


@pytest.mark.parametrize("case", [case for case in CASES if "{" in case.raw and case.answer], ids=lambda case: case.raw)
def test_untidy_json_that_is_cut_is_read_as_it_was_or_not_at_all(case) -> None:
    read = [parse(case.raw[:end], SPECS[case.spec], None).answer for end in range(len(case.raw))]
    assert [each for each in read if each not in (None, case.expected)] == []
