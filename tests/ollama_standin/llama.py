"""A real llama.cpp behind the API: one child process per loaded model, the one that the local server uses, too."""

import json
import os
import secrets
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from deployment.servers.localserver.child import KEY_VARIABLE
from tests.ollama_standin.answers import Asked, Messages, Said
from tests.ollama_standin.errors import HTTPError, NotShownError
from tests.ollama_standin.store import Model

_TOO_LONG = "exceed_context_size_error"
_OPTIONS = ("temperature", "seed", "stop", "top_k", "top_p", "min_p", "repeat_penalty")


@dataclass(frozen=True)
class Child:
    """A running llama.cpp."""

    process: "subprocess.Popen[str]"
    http: httpx.Client

    def post(self, path: str, body: dict[str, Any]) -> Any:
        """Its answer. A refusal is passed on in its own words, as Ollama does."""
        try:
            answer = self.http.post(path, json=body)
        except httpx.HTTPError as error:
            raise HTTPError(500, f"llama runner process no longer running: {error!r}") from error
        if answer.is_error:
            raise HTTPError(answer.status_code, answer.text)
        return answer.json()


class Llama:
    """See `Mind`."""

    def __init__(self) -> None:
        self._children: dict[str, Child] = {}
        # A child ends with the thread that started it, and a request's thread ends with its connection.
        self._starter = ThreadPoolExecutor(1)

    def load(self, model: Model, path: Path, context: int, threads: int) -> None:
        self._children[model.blob] = self._starter.submit(_start, path, context, threads).result()

    def unload(self, model: Model) -> None:
        _end(self._children.pop(model.blob))

    def close(self) -> None:
        for child in self._children.values():
            _end(child)

    def render(self, model: Model, messages: Messages, think: bool) -> str:
        body = {"messages": messages, "chat_template_kwargs": {"enable_thinking": think}}
        return str(self._children[model.blob].post("/apply-template", body)["prompt"])

    def say(self, model: Model, asked: Asked) -> Said:
        if not asked.shift:
            raise NotShownError("shift: false with a real llama.cpp behind the stand-in")
        try:
            return self._say(self._children[model.blob], asked)
        except HTTPError as error:
            if _TOO_LONG in str(error) and asked.truncate and not model.facts.pieces:
                raise NotShownError("a prompt that a real llama.cpp behind the stand-in would have to cut") from error
            raise

    def _say(self, child: Child, asked: Asked) -> Said:
        prompt, options = asked.prompt, asked.options
        body = {name: options[name] for name in _OPTIONS if name in options}
        limit = options.get("num_predict", -1)
        if isinstance(prompt, str):
            found = child.post("/completion", {**body, "prompt": prompt, "n_predict": limit, "n_probs": 1})
            tokens = tuple((each["token"], each["logprob"]) for each in found.get("completion_probabilities", []))
            reason = "length" if found.get("stop_type") == "limit" else "stop"
            return Said(_exact(tokens, found["content"], reason), found["tokens_evaluated"], reason)
        body |= {"messages": prompt, "max_tokens": limit, "logprobs": True, "top_logprobs": 1}
        body["chat_template_kwargs"] = {"enable_thinking": asked.think}
        if asked.format == "json":
            body["response_format"] = {"type": "json_object"}
        elif asked.format:
            schema = {"name": "answer", "schema": asked.format}
            body["response_format"] = {"type": "json_schema", "json_schema": schema}
        found = child.post("/v1/chat/completions", body)
        choice = found["choices"][0]
        tokens = tuple((each["token"], each["logprob"]) for each in (choice.get("logprobs") or {}).get("content") or [])
        reason = "length" if choice["finish_reason"] == "length" else "stop"
        thought = choice["message"].get("reasoning_content") or ""
        text = thought + (choice["message"]["content"] or "")
        return Said(_exact(tokens, text, reason), found["usage"]["prompt_tokens"], reason, thought)


def _start(path: Path, context: int, threads: int) -> Child:
    """Load a file; the child is ready when this returns."""
    key = secrets.token_urlsafe(16)
    command = [sys.executable, "-m", "deployment.servers.localserver.child", "--gguf", str(path), "--slots", "1"]
    process = subprocess.Popen(
        [*command, "--context", str(context), "--threads", str(threads), "--parent", str(os.getpid())],
        env={"OMP_WAIT_POLICY": "passive", **os.environ, KEY_VARIABLE: key},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    line = process.stdout.readline()
    if not line:
        process.wait()
        raise HTTPError(500, "llama runner process has terminated: error loading model")
    headers = {"Authorization": f"Bearer {key}"}
    http = httpx.Client(base_url=json.loads(line)["url"], headers=headers, timeout=600, trust_env=False)
    return Child(process, http)


def _exact(tokens: tuple[tuple[str, float], ...], text: str, reason: str) -> tuple[tuple[str, float], ...]:
    """The tokens of the answer, whose texts joined are the answer: without its end, and with what the server trims."""
    if reason == "stop" and tokens and not tokens[-1][0]:
        tokens = tokens[:-1]
    if "".join(token for token, _ in tokens) == text:
        return tokens
    kept = [("", logprob) for _, logprob in tokens] or [("", 0.0)]
    return ((text, kept[0][1]), *kept[1:])


def _end(child: Child) -> None:
    child.http.close()
    child.process.kill()
    child.process.wait()
