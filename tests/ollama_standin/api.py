"""The routes, and what each answers."""

import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

from tests.ollama_standin import openai
from tests.ollama_standin.answers import Asked, Messages, Mind, Said
from tests.ollama_standin.creation import create
from tests.ollama_standin.errors import JSON, PLAIN, HTTPError, NotShownError
from tests.ollama_standin.faults import Faults
from tests.ollama_standin.registry import LOOKUPS, Registry
from tests.ollama_standin.runners import DEFAULT_CONTEXT, Runners
from tests.ollama_standin.shapes import figures, logprobs, show, stamped, tag_row
from tests.ollama_standin.shown import Shown
from tests.ollama_standin.store import Store

STREAM = "application/x-ndjson"
EVENTS = "text/event-stream"
Body = dict[str, Any]


@dataclass
class Answer:
    """Lines of JSON, or of text as they stand; those of an iterator are sent one by one. None: an empty body."""

    lines: Iterable[Any] | None = None
    status: int = 200
    content_type: str | None = None


class Api:
    """One method per verb; `HTTPError` for the rest."""

    def __init__(self, store: Store, runners: Runners, mind: Mind) -> None:
        self.store, self.runners, self.mind = store, runners, mind
        self.faults, self.registry, self.shown = Faults(), Registry(store), Shown()
        self.gets: dict[str, Callable[[], Any]] = {
            "/api/version": lambda: {"version": store.version},
            "/api/tags": lambda: {"models": [tag_row(name, model) for name, model in store.whole()]},
            "/api/ps": lambda: {"models": runners.rows()},
            "/_lookups": lambda: {"names": LOOKUPS},
        }
        self.verbs: dict[tuple[str, str], Callable[[Body], Answer]] = {
            ("POST", "/_faults"): self._told(self.faults.add),
            ("POST", "/_registry"): self._told(self.registry.put),
            ("POST", "/_empty"): self._told(lambda body: store.empty(body["model"])),
            ("POST", "/api/create"): lambda body: self._streamed(body, create(store, body)),
            ("POST", "/api/pull"): lambda body: self._streamed(body, self.registry.pull(body["model"])),
            ("POST", "/api/copy"): self._told(lambda body: store.copy(body["source"], body["destination"])),
            ("DELETE", "/api/delete"): self._told(lambda body: store.delete(body["model"])),
            ("POST", "/api/show"): self._show,
            ("POST", "/api/generate"): self._generate,
            ("POST", "/api/chat"): self._chat,
            ("POST", "/v1/chat/completions"): self._completions,
        }

    def route(self, method: str, path: str, content: bytes) -> Answer:
        verb = self.verbs.get((method, path))
        if verb and path.startswith("/_"):
            return verb(json.loads(content))
        body = self._body(content) if verb else None
        if path not in self.gets or not path.startswith("/_"):
            self.shown.check(method, path, body)
        if verb:
            return verb(body or {})
        if path == "/":
            return Answer(["Ollama is running"], content_type="text/plain; charset=utf-8")
        if path.startswith("/api/blobs/"):
            return self._blob(method, path.rpartition("/")[2], content)
        if path == "/v1/models":
            return Answer([openai.models([name for name, _ in self.store.whole()])], content_type=PLAIN)
        return Answer([self.gets[path]()], content_type=JSON)

    def _body(self, content: bytes) -> Body:
        try:
            found: Body = json.loads(content)
        except ValueError:
            raise HTTPError(400, "unexpected EOF") from None
        return found

    def _told(self, act: Callable[[Body], None]) -> Callable[[Body], Answer]:
        def verb(body: Body) -> Answer:
            act(body)
            return Answer()

        return verb

    def _blob(self, method: str, digest: str, content: bytes) -> Answer:
        if method == "POST":
            return Answer(status=self.store.add_blob(digest, content))
        there = self.store.blob(digest).exists()
        return Answer(status=200) if there else Answer(status=404, content_type=JSON)

    def _streamed(self, body: Body, lines: Iterator[Any]) -> Answer:
        if body.get("stream") is False:
            return Answer([list(lines)[-1]], content_type=PLAIN)
        return Answer(_told_at_the_end(lines), content_type=STREAM)

    def _show(self, body: Body) -> Answer:
        if not body.get("model"):
            raise HTTPError(400, "model is required")
        return Answer([show(body["model"], self.store.model(body["model"]))], content_type=JSON)

    def _generate(self, body: Body) -> Answer:
        name, prompt = body["model"], body.get("prompt") or ""
        if not prompt:
            return Answer([{**stamped(name), "response": "", "done": True, "done_reason": self._keep(body)}], 200, JSON)
        messages = [{"role": "user", "content": prompt}]
        if body.get("system"):
            messages.insert(0, {"role": "system", "content": body["system"]})
        said, rendered = self._ask(body, prompt if body.get("raw") else messages)
        if said is None:
            debug = {"response": "", "done": False, "_debug_info": {"rendered_template": rendered}}
            return Answer([{**stamped(name), **debug}], content_type=JSON)
        if said.thinking:
            raise NotShownError("thoughts before what is generated")
        end = figures(said) if body.get("raw") else {"context": [1, 2, 3], **figures(said)}
        return self._said(body, said, lambda text: {"response": text}, end)

    def _keep(self, body: Body) -> str:
        """Load or unload; Ollama's `done_reason`."""
        if body.get("keep_alive") == 0:
            self.runners.unload(body["model"])
            return "unload"
        with self.runners.use(body["model"], body.get("options") or {}, body.get("keep_alive")):
            return "load"

    def _chat(self, body: Body) -> Answer:
        said, rendered = self._ask(body, body["messages"])
        if said is None:
            debug = {"done": False, "_debug_info": {"rendered_template": rendered}}
            return Answer([{**stamped(body["model"]), "message": _message("", ""), **debug}], content_type=JSON)
        if said.thinking and body.get("stream") is not False:
            raise NotShownError("thoughts in a stream")
        thought = {"thinking": said.thinking} if said.thinking else {}
        return self._said(body, said, lambda text: {"message": _message("assistant", text) | thought}, figures(said))

    def _ask(self, body: Body, prompt: Messages | str) -> tuple[Said | None, str]:
        """An answer, or only the rendered prompt where that was asked for."""
        with ExitStack() as stack:
            model = stack.enter_context(
                self.runners.use(body["model"], body.get("options") or {}, body.get("keep_alive"))
            )
            if model.facts.adapter or model.template:
                raise NotShownError("an answer by an adapter alone, or through a template of the request's own")
            if model.system and not isinstance(prompt, str) and not any(m["role"] == "system" for m in prompt):
                prompt = [{"role": "system", "content": model.system}, *prompt]
            if body.get("think") and "thinking" not in model.facts.capabilities:
                raise HTTPError(400, f'"{body["model"]}" does not support thinking')
            # Silence switches thinking on where the template knows it.
            think = body.get("think", True) and "thinking" in model.facts.capabilities
            if body.get("_debug_render_only"):
                return None, prompt if isinstance(prompt, str) else self.mind.render(model, prompt, think)
            options = {"num_ctx": DEFAULT_CONTEXT, **model.parameters, **(body.get("options") or {})}
            told = {name: body[name] for name in ("truncate", "shift") if name in body}
            return self.mind.say(model, Asked(prompt, options, body.get("format"), think, **told)), ""

    def _said(self, body: Body, said: Said, part: Callable[[str], Body], end: Body) -> Answer:
        extra = {"logprobs": logprobs(said, body.get("top_logprobs", 0))} if body.get("logprobs") else {}
        head = stamped(body["model"])
        if body.get("stream") is False:
            return Answer([{**head, **part(said.text), **extra, **end}], content_type=JSON)
        lines = [{**head, **part(token), "done": False} for token, _ in said.tokens]
        return Answer(iter([*lines, {**head, **part(""), **extra, **end}]), content_type=STREAM)

    def _completions(self, body: Body) -> Answer:
        try:
            said, _ = self._ask(openai.asked(body), body["messages"])
        except HTTPError as error:
            return Answer([openai.error(error)], error.status, PLAIN)
        assert said is not None
        if body.get("stream"):
            return Answer(openai.events(body, said), content_type=EVENTS)
        return Answer([openai.whole(body, said)], content_type=PLAIN)


def _message(role: str, content: str) -> dict[str, str]:
    return {"role": role, "content": content}


def _told_at_the_end(lines: Iterator[Any]) -> Iterator[Any]:
    """A stream has already said 200 when it fails."""
    try:
        yield from lines
    except HTTPError as error:
        yield {"error": str(error)}
