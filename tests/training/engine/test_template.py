"""Chat templates as tasks have them: seventy published ones, and one for each thing that servers set in their way."""

import datetime
from typing import Any

import pytest

from tests.llama_templates import real_templates
from tests.training.engine.chat_tokenizers import END, tokenizer_for
from training.engine.chat import end_ids, render
from training.engine.config import ChatOptions
from training.engine.data import IGNORED, encode
from training.engine.errors import EngineError
from training.engine.template import freeze, thinks

pytestmark = pytest.mark.ml

ASK = [{"role": "system", "content": "Tag the message."}, {"role": "user", "content": "Where is my order?"}]
SAID = {"role": "assistant", "content": '{"labels": ["delivery"]}'}
DAY = datetime.date(2025, 3, 9)
OFF, ON = ChatOptions(date=DAY), ChatOptions(date=DAY, thinking=True)
# Templates for tools alone, which render no plain conversation.
FOR_TOOLS = {
    "CohereForAI-c4ai-command-r-plus-tool_use",
    "NousResearch-Hermes-2-Pro-Llama-3-8B-tool_use",
    "NousResearch-Hermes-3-Llama-3.1-8B-tool_use",
    "fireworks-ai-llama-3-firefunction-v2",
}
TURNS = "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}"
START = "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
# As Qwen 3: a thought before the last answer, empty where there is none, and a switch that puts it into the prompt.
THINKS = (
    "{% for m in messages %}<|im_start|>{{ m.role }}\n{% if m.role == 'assistant' and loop.last %}"
    "<think>\n{{ m.reasoning_content or '' }}\n</think>\n\n{% endif %}{{ m.content }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n"
    "{% if enable_thinking is defined and enable_thinking is false %}<think>\n\n</think>\n\n{% endif %}{% endif %}"
)


def frozen(template: str, options: ChatOptions = OFF) -> Any:
    tokenizer = tokenizer_for(template)
    freeze(tokenizer, options)
    return tokenizer


def asked(tokenizer: Any, **server: Any) -> str:
    """The prompt that a server makes which sets these variables."""
    return str(tokenizer.apply_chat_template(ASK, add_generation_prompt=True, tokenize=False, **server))


def row(tokenizer: Any) -> tuple[str, str]:
    """What a row has before what is learnt, and what is learnt."""
    encoded = encode(tokenizer, ASK, [SAID])
    learnt = [token for token in encoded["labels"] if token != IGNORED]
    before = encoded["input_ids"][: len(encoded["input_ids"]) - len(learnt)]
    return tokenizer.decode(before), tokenizer.decode(learnt)


@pytest.fixture(scope="module")
def published() -> dict[str, str]:
    return real_templates()


@pytest.mark.parametrize("options", [OFF, ON], ids=["plain", "thinking"])
def test_published_templates_teach_the_answer_and_its_end_behind_the_served_prompt(
    published: dict[str, str], options: ChatOptions
) -> None:
    done = 0
    for name in sorted(set(published) - FOR_TOOLS):
        if options.thinking and not thinks(tokenizer_for(published[name])):
            continue
        tokenizer = frozen(published[name], options)
        prompt, (before, learnt) = asked(tokenizer), row(tokenizer)
        end = encode(tokenizer, ASK, [SAID])["labels"][-1]
        assert ASK[0]["content"] in prompt, name
        assert ASK[1]["content"] in prompt, name
        assert end in end_ids(tokenizer), name
        assert learnt == SAID["content"] + tokenizer.decode([end]), name
        # Only a model that thinks has something between prompt and answer: a thought that is empty, and not learnt.
        assert before == prompt or (options.thinking and before.startswith(prompt)), name
        # Whatever a server sets, and on whatever day, the prompt is the same.
        said = {"enable_thinking": True} if options.thinking else {"enable_thinking": True, "thinking": True}
        assert asked(tokenizer, date_string="1 Jan 2031", **said) == prompt, name
        freeze(tokenizer, options)
        assert asked(tokenizer) == prompt, name
        done += 1
    assert done > (30 if options.thinking else 60)


def test_a_template_for_tools_alone_is_refused_in_a_sentence(published: dict[str, str]) -> None:
    for name in FOR_TOOLS:
        with pytest.raises(EngineError, match="chat template refuses the messages"):
            frozen(published[name])


def test_a_template_that_leaves_nothing_open_is_kept() -> None:
    for template in (TURNS + START, f"{TURNS}{START}\n", "{{ bos_token }}" + TURNS + START):
        assert frozen(template).chat_template == template


def test_thinking_off_writes_an_empty_thought_into_every_prompt_and_never_learns_it() -> None:
    tokenizer = frozen(THINKS)
    assert asked(tokenizer).endswith("<|im_start|>assistant\n<think>\n\n</think>\n\n")
    assert asked(tokenizer, enable_thinking=True) == asked(tokenizer)
    assert row(tokenizer) == (asked(tokenizer), SAID["content"] + END)


def test_thinking_on_leaves_the_thought_to_the_model_and_learns_the_answer_behind_an_empty_one() -> None:
    tokenizer = frozen(THINKS, ON)
    assert asked(tokenizer).endswith("<|im_start|>assistant\n")
    assert row(tokenizer) == (asked(tokenizer) + "<think>\n\n</think>\n\n", SAID["content"] + END)


def test_a_thought_that_the_prompt_always_opens_is_closed() -> None:
    opens = TURNS + START.replace("assistant\n", "assistant\n<think>\n")
    assert asked(frozen(opens)).endswith("<think>\n\n</think>\n\n")
    before, learnt = row(frozen(opens, ON))
    assert before.endswith("<think>\n\n</think>\n\n")
    assert learnt == SAID["content"] + END


def test_a_model_that_cannot_think_is_not_told_to() -> None:
    with pytest.raises(EngineError, match="knows no thinking"):
        frozen(TURNS + START, ON)


@pytest.mark.parametrize(
    "refusal",
    [
        "{% if messages[0].role == 'system' %}{{ raise_exception('no') }}{% endif %}" + TURNS,
        TURNS.replace("{% for m in messages %}", "{% for m in messages if m.role != 'system' %}"),
    ],
)
def test_where_there_is_no_system_turn_the_instruction_goes_into_the_users(refusal: str) -> None:
    tokenizer = frozen(refusal + START)
    assert "user\nTag the message.\n\nWhere is my order?<|im_end|>" in asked(tokenizer)
    assert "system" not in asked(tokenizer)
    turns = [*ASK, SAID, {"role": "user", "content": "Thanks."}]
    assert render(tokenizer, turns).count("Tag the message.") == 1
    assert row(tokenizer) == (asked(tokenizer), SAID["content"] + END)


@pytest.mark.parametrize(
    ("dated", "written"),
    [
        ("It is {{ strftime_now('%d %B %Y %H:%M') }}. ", "It is 09 March 2025 00:00. "),
        ('{{ strftime_now( "%Y-%m-%d" ) }} ', "2025-03-09 "),
        ("{% if not date_string is defined %}{% set date_string = '26 Jul 2024' %}{% endif %}{{ date_string }} ",
         "09 Mar 2025 "),
        ("{% if not date_string is defined %}{% set date_string = strftime_now('%d %b %Y') %}{% endif %}"
         "{{ date_string }} ", "09 Mar 2025 "),
    ],
)  # fmt: skip
def test_the_date_is_the_tasks_for_ever(dated: str, written: str) -> None:
    tokenizer = frozen(dated + TURNS + START)
    assert asked(tokenizer).startswith(written)
    assert asked(tokenizer, date_string="1 Jan 2031") == asked(tokenizer)
    assert "strftime_now(" not in tokenizer.chat_template


def test_a_clock_that_cannot_be_frozen_is_refused() -> None:
    with pytest.raises(EngineError, match="cannot be frozen"):
        frozen("{% set form = '%Y' %}{{ strftime_now(form) }}" + TURNS + START)
    # One that no prompt reaches says nothing.
    assert frozen("{% if now %}{{ strftime_now(form) }}{% endif %}" + TURNS + START)


def test_the_first_end_is_learnt_and_nothing_behind_it() -> None:
    tokenizer = tokenizer_for("{% for m in messages %}<|{{ m.role }}|>{{ m.content }}<|end|>\n{% endfor %}<|im_end|>")
    assert row(tokenizer)[1] == SAID["content"] + "<|end|>"
