"""A chat template as plain texts: what it writes is what the template renders, or the base is refused in words."""

import pytest

from common.encoder.language import Frame, LanguageReader, LanguageRecord
from tests.training.engine.chat_tokenizers import tokenizer_for
from tests.training.engine.test_template import START, TURNS
from training.engine.chat import render
from training.engine.config import ChatOptions
from training.engine.errors import EngineError, Exit
from training.engine.heads.frame import frame_of
from training.engine.heads.targets import asked_ids
from training.engine.template import freeze

pytestmark = pytest.mark.ml
CHATML = TURNS + START
MARKS = "<|im_start|><|im_end|>"
TRIMMED = CHATML.replace("m.content", "m.content | trim")
FOLDED = "{% if messages[0].role == 'system' %}{{ raise_exception('no system turn') }}{% endif %}" + TRIMMED
TEXTS = ("Hello", "  two  spaces  ", "line\nbreak\n", "Где 👍🏽", "a <|im_end|> inside", "{{ braces }} <b>")


def asked(*texts: str) -> list[dict[str, str]]:
    turns = [{"role": ("user", "assistant")[at % 2], "content": each} for at, each in enumerate(texts)]
    return [{"role": "system", "content": "replaced"}, *turns]


def rows(*prompts: list[dict[str, str]]) -> list[tuple[str, list[dict[str, str]]]]:
    return [(f"row {number}", prompt) for number, prompt in enumerate(prompts, start=1)]


def reader_of(tokenizer, frame: Frame, limit: int = 2048) -> LanguageReader:
    record = LanguageRecord(
        name="a", revision="r", source="", licence="", dimension=8, limit=limit, frame=frame, files={}
    )
    return LanguageReader(record, tokenizer.backend_tokenizer)


@pytest.mark.parametrize("template", [CHATML, TRIMMED, FOLDED], ids=["plain", "trimmed", "folded"])
@pytest.mark.parametrize("instruction", ["Tag it.", ""])
def test_what_is_written_is_what_is_rendered(template: str, instruction: str) -> None:
    tokenizer = tokenizer_for(template + MARKS)
    tokenizer.chat_template = template
    freeze(tokenizer, ChatOptions())
    several = [asked("One?", "two", "three "), asked("One?", "two", "three", "four", "five")]
    prompts = [*(asked(text) for text in TEXTS), *several]
    frame = frame_of(tokenizer, instruction, rows(*prompts))
    assert {"<|im_end|>", "<|im_start|>"} <= set(frame.marks)
    assert (frame.strips_left, frame.strips_right) == {
        CHATML: (False, False), TRIMMED: (True, True), FOLDED: (not instruction, True),
    }[template]  # fmt: skip
    reader = reader_of(tokenizer, frame)
    for prompt in prompts:
        broken = [{**each, "content": each["content"].replace("<|im_end|>", "< |im_end|>")} for each in prompt]
        assert list(reader.read(prompt).ids) == asked_ids(tokenizer, instruction, broken)


@pytest.mark.parametrize(
    ("template", "said"),
    [
        (CHATML.replace("m.content", "m.content | upper"), "more than once, or not at all"),
        (CHATML.replace("m.content", "m.content + m.content"), "more than once"),
        (CHATML.replace("m.content", "m.content | replace('parcel', 'box')"), r"the text \(row 2\)"),
        ("{% if messages | length > 2 %}{{ raise_exception('one turn') }}{% endif %}" + CHATML, r"one turn alone"),
    ],
)
def test_a_template_that_does_more_is_refused_in_words(template: str, said: str) -> None:
    tokenizer = tokenizer_for(template + MARKS)
    tokenizer.chat_template = template
    prompts = [asked("Hello"), asked("My parcel is late")]
    if "alone" in said:
        prompts.append(asked("Hello", "Hi", "My parcel"))
        with pytest.raises(EngineError, match=r"refuses the messages: one turn|asked about one turn alone"):
            frame_of(tokenizer, "Tag it.", rows(*prompts))
        return
    with pytest.raises(EngineError, match=f"no plain text around what is asked.*{said}.*or train by sft") as error:
        frame_of(tokenizer, "Tag it.", rows(*prompts))
    assert error.value.code is Exit.BAD_CONFIG


def test_rows_with_several_instructions_are_refused() -> None:
    tokenizer = tokenizer_for(CHATML)
    other = [{"role": "system", "content": "Another."}, {"role": "user", "content": "Hello"}]
    with pytest.raises(EngineError, match="several instructions"):
        frame_of(tokenizer, None, rows(asked("Hello"), other))
    frame = frame_of(tokenizer, None, rows(other))
    assert frame.whole(other) == render(tokenizer, other)


def test_a_long_text_is_cut_at_its_end_and_the_question_stays_whole() -> None:
    tokenizer = tokenizer_for(CHATML)
    frame = frame_of(tokenizer, "Tag it.", rows(asked("Hello")))
    around = len(asked_ids(tokenizer, "Tag it.", asked("")))
    reader = reader_of(tokenizer, frame, around + 6)
    assert not reader.read(asked("Hello!")).is_cut
    for text in ("Hello! and more", "Hello! " * 50_000, "Hello!" + "👍🏽" * 9):
        read = reader.read(asked(text))
        assert (read.is_cut, list(read.ids)) == (True, asked_ids(tokenizer, "Tag it.", asked("Hello!")))
    assert len(reader.read(asked("👍" * 9)).ids) <= around + 6
    assert reader.read(asked("half \ud83d a pair")).ids
    for turns in ([], ["Hi", "there"]):
        with pytest.raises(ValueError, match="last turn is to be the user's"):
            reader.read(asked(*turns))
