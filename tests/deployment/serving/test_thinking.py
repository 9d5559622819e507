"""A model thinks aloud where its task says so and nowhere else, and what it thought is kept with its answer."""

import json

import pytest

from deployment.models import StagedVersion
from deployment.servers.drivers import Driver
from deployment.servers.drivers.local import LocalDriver
from deployment.servers.drivers.ollama import OllamaDriver
from deployment.serving import predict as serving
from deployment.serving.predict import ask
from labeling.models import TaskSpec
from labeling.services import record_prediction
from tests.deployment.servers.test_strangers import answering
from tests.deployment.standins import content_of, make_staged
from tests.deployment.tiny_gguf import write_tiny_gguf
from tests.factories import SYSTEM

TAG = "models.invalid/touchstone/thinker:v1"
ASK = [{"role": "system", "content": "Tag it."}, {"role": "user", "content": "Where is my parcel?"}]
# As MiniCPM's: it opens a thought where it is told to, and closes it else.
THINKER = (
    "{% for m in messages %}<|im_start|>{{ m.role }}\n{% if m.reasoning_content %}"
    "{{ '<think>\n' + m.reasoning_content + '\n</think>\n\n' }}{% endif %}{{ m.content }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n<think>\n' }}"
    "{% if not enable_thinking %}{{ '\n</think>\n\n' }}{% endif %}{% endif %}"
)


@pytest.fixture(params=["local", "llama"])
def driver(request, tmp_path) -> Driver:
    """With a model of random weights that opens its answers with a thought."""
    if request.param == "local":
        found = LocalDriver(request.getfixturevalue("local_url"), "for-tests", 2, 60.0)
    else:
        found = OllamaDriver(request.getfixturevalue("llama_standin_url"), "", 1, 60.0)
    path = write_tiny_gguf(tmp_path / "thinker.gguf", 5, template=THINKER)
    found.stage(TAG, content_of(path, parameters={"num_ctx": 512}))
    yield found
    found.remove(TAG)


def test_the_prompt_opens_a_thought_only_where_that_is_said(driver):
    plain, thinking = driver.render(TAG, ASK), driver.render(TAG, ASK, thinking=True)
    assert plain.text.endswith("<think>\n\n</think>\n\n")
    assert thinking.text.endswith("<think>\n")
    assert thinking.tokens == driver.chat(TAG, ASK, {"num_predict": 1}, None, thinking=True).prompt_tokens
    assert plain.tokens > thinking.tokens


def test_thoughts_and_answer_are_told_apart(driver):
    plain = driver.chat(TAG, ASK, {"num_predict": 20}, None)
    thinking = driver.chat(TAG, ASK, {"num_predict": 20}, None, thinking=True)
    assert (plain.reasoning, plain.whole) == ("", plain.text)
    # A model of random weights thinks until the limit.
    assert thinking.reasoning
    assert (thinking.text, thinking.complete) == ("", False)
    assert thinking.whole.startswith("<think>\n")


@pytest.mark.django_db
def test_thoughts_are_kept_with_the_prediction_and_change_nothing_in_its_reading(shop, monkeypatch):
    TaskSpec.objects.filter(project=shop).update(thinking=True)
    staged = StagedVersion.objects.get(version=make_staged(shop, 1))
    message = {"role": "assistant", "content": '{"labels": ["billing"]}', "thinking": "Money, so billing."}
    said = {"message": message, "done": True, "done_reason": "stop", "logprobs": [{"logprob": -0.1}]}
    with answering(200, json.dumps(said)) as url:
        monkeypatch.setattr(serving, "driver_for", lambda server: OllamaDriver(url, "", 1, 5.0))
        answer = ask(staged, shop.spec.to_spec(), "I paid twice.", logprobs=True)
    assert (answer.parsed.status, answer.parsed.answer) == ("strict", {"labels": ["billing"]})
    assert answer.confidence is None, "the probabilities are those of the thoughts, too"
    kept = record_prediction(
        SYSTEM,
        shop,
        spec=shop.spec,
        model_tag="shop:v1",
        raw=answer.raw,
        parsed=answer.parsed,
        source="analyze",
        input="I paid twice.",
    )
    assert kept.raw == '<think>\nMoney, so billing.\n</think>\n\n{"labels": ["billing"]}'
