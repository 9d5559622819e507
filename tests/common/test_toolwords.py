"""What tools say, as one sentence with the rest behind it."""

import pytest

from common.toolwords import Words

pytestmark = pytest.mark.pure

TRACEBACK = """Traceback (most recent call last):
  File "/opt/convert_hf_to_gguf.py", line 12, in <module>
    main()
  File "/opt/convert_hf_to_gguf.py", line 9, in main
    {line}
{last}"""


def said(line: str, last: str) -> Words:
    return Words.of(TRACEBACK.format(line=line, last=last), doing="convert")


def test_a_vocabulary_beyond_the_weights_is_named():
    words = said("assert max(tokenizer.vocab.values()) < vocab_size", "AssertionError")
    assert words.sentence.startswith("convert failed. The tokenizer knows more tokens than the weights")
    assert "Traceback" not in words.sentence
    assert words.details.endswith("AssertionError")


@pytest.mark.parametrize("last", ["KeyError: 'rotary_pct'", 'KeyError: "rotary_pct"'])
def test_a_missing_key_of_the_configuration_is_named(last):
    assert "`rotary_pct`" in said("self.hparams['rotary_pct']", last).sentence


@pytest.mark.parametrize(
    ("log", "sentence"),
    [
        ("ERROR:hf-to-gguf:Model FancyForCausalLM is not supported", "architecture FancyForCausalLM"),
        ("OSError: [Errno 28] No space left on device", "The disk is full"),
        ("torch.OutOfMemoryError: CUDA out of memory. Tried to allocate", "not enough memory"),
        ("FileNotFoundError: model-00002.safetensors: No such file", "weights is missing: model-00002.safetensors:"),
        ("some.module.OddError: it broke\n", "merge failed. it broke."),
        ("ValueError\n", "merge failed. ValueError."),
        ("first line\nthe last word\n", "merge failed. the last word."),
        ("What is wrong? Everything!", "merge failed. What is wrong? Everything!"),
        ("  \n", "merge failed. It said nothing."),
    ],
)
def test_the_useful_line_becomes_the_sentence(log, sentence):
    assert sentence in Words.of(log, doing="merge").sentence


def test_the_details_are_the_end_of_the_log():
    words = Words.of("\n".join(f"line {number}" for number in range(100)), doing="merge")
    assert words.sentence == "merge failed. line 99."
    assert words.details.splitlines()[0] == "line 60"
    assert len(words.details.splitlines()) == 40


def test_words_are_kept_as_one_text_and_read_again():
    words = Words("It failed.", "a\n\nb")
    assert Words.kept(str(words)) == words
    assert Words.kept("It failed.") == Words("It failed.")
    assert Words.kept("It failed:\nline") == Words("It failed:", "line")
    assert str(Words("Alone.")) == "Alone."
    assert str(Words("Alone.", "Alone.")) == "Alone."
