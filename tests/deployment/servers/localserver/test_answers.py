"""What a model answers through the front: schema, log-probabilities, limits, the same again."""

import json
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.deployment.servers.localserver.conftest import SCHEMA, content

FORMAT = {"type": "json_schema", "json_schema": {"name": "answer", "schema": SCHEMA}}


@pytest.fixture(scope="module")
def tag(front, tiny_ggufs):
    return front.create(tiny_ggufs[0], context=512, slots=4)


def test_a_schema_holds(front, tag):
    answer = json.loads(content(front.ask(tag, response_format=FORMAT, max_tokens=100)))
    assert set(answer) == {"tags"}
    assert set(answer["tags"]) <= {"billing", "delivery", "praise"}


def test_log_probabilities_come_where_asked_for(front, tag):
    answer = front.ask(tag, max_tokens=100, logprobs=True, response_format=FORMAT)
    tokens = answer["choices"][0]["logprobs"]["content"]
    assert len(tokens) == answer["usage"]["completion_tokens"]
    assert all(token["logprob"] <= 0 and len(token["top_logprobs"]) == 1 for token in tokens)
    more = front.ask(tag, max_tokens=1, logprobs=True, top_logprobs=3, response_format=FORMAT)
    assert len(more["choices"][0]["logprobs"]["content"][0]["top_logprobs"]) == 3
    assert not front.ask(tag, max_tokens=5)["choices"][0].get("logprobs")


def test_the_same_question_gets_the_same_answer_alone_and_in_a_crowd(front, tag):
    texts = [f"Question {number % 10} about a parcel" for number in range(40)]
    alone = {text: content(front.ask(tag, text, max_tokens=40)) for text in texts[:10]}
    with ThreadPoolExecutor(8) as pool:
        crowd = list(pool.map(lambda text: content(front.ask(tag, text, max_tokens=40)), texts))
    assert crowd == [alone[text] for text in texts]


def test_an_answer_always_has_an_end(front, tag):
    assert front.ask(tag, max_tokens=7)["usage"]["completion_tokens"] <= 7
    assert front.ask(tag)["usage"]["completion_tokens"] <= 256
    for bad in (0, -1, "many", 1.5, True):
        assert "max_tokens" in front.ask(tag, status=400, max_tokens=bad)["error"]["message"]


def test_the_context_is_each_requests_own(front, tag):
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda number: front.ask(tag, f"{number} " + "x" * 440, max_tokens=8), range(4)))
    assert all(answer["usage"]["prompt_tokens"] > 440 for answer in answers)
    refused = front.ask(tag, "x" * 600, status=400)["error"]
    assert "context" in refused["message"]


def test_what_llama_refuses_comes_back_with_its_words(front, tag):
    bad = {"type": "json_schema", "json_schema": {"name": "x", "schema": {"type": "nonsense"}}}
    assert front.ask(tag, status=400, response_format=bad)["error"]["message"]


def test_fields_that_would_be_dropped_silently_are_refused(front, tag):
    assert "num_predict" in front.ask(tag, status=400, num_predict=3)["error"]["message"]
    assert "stream" in front.ask(tag, status=400, stream=True)["error"]["message"]


def test_tokens_and_the_rendered_prompt(front, tag):
    body = {"model": tag, "content": "<|im_start|>ab", "add_special": True, "parse_special": True}
    assert front.post("/tokenize", **body)["tokens"][0] == 3
    assert len(front.post("/tokenize", **body | {"parse_special": False})["tokens"]) > 3
    prompt = front.post("/apply-template", model=tag, messages=[{"role": "user", "content": "Hello"}])["prompt"]
    assert prompt == "<|im_start|>user\nHello<|im_end|>\n<|im_start|>assistant\n"
