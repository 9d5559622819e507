"""Rows that language models are trained on, and what chat programs write: questions, answers, conversations."""

from typing import Any

from labeling.formats.shapes import PREFERENCES, Plain, Shape, ShapeError, is_message, messages, of_turns, words_of


class ChatRows(Shape):
    """OpenAI's fine-tuning lines, and TRL's: `{"messages": [{"role", "content"}]}`; `[{"user", "assistant"}]` too."""

    name = "openai_chat"
    title = "Chat messages (OpenAI, TRL)"

    def fits(self, record: dict[str, Any]) -> bool:
        """Messages of either kind."""
        found = record.get("messages")
        return isinstance(found, list) and bool(found) and (is_message(found[0]) or self._is_pair(found[0]))

    def read(self, record: dict[str, Any], instruction: str, with_answer: bool) -> Plain:
        """The last turn of the assistant is the answer; a row that says that it is a bad one gives none."""
        found = record.get("messages")
        if isinstance(found, list) and found and all(map(self._is_pair, found)):
            turns = [(role, each[role]) for each in found for role in ("user", "assistant") if role in each]
        else:
            turns = messages(found)
        plain = of_turns(turns)
        return plain._replace(answer=None) if record.get("label") is False else plain

    def _is_pair(self, value: Any) -> bool:
        return isinstance(value, dict) and "user" in value and "role" not in value


class ShareGpt(Shape):
    """`{"conversations": [{"from": "human", "value": "..."}]}`."""

    name = "sharegpt"
    title = "ShareGPT"

    def fits(self, record: dict[str, Any]) -> bool:
        """A list of turns that say whose they are."""
        found = record.get("conversations")
        return isinstance(found, list) and bool(found) and isinstance(found[0], dict) and "from" in found[0]

    def read(self, record: dict[str, Any], instruction: str, with_answer: bool) -> Plain:
        """The last turn of the model is the answer."""
        found = record.get("conversations")
        if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
            raise ShapeError("Its conversations are not a list of turns.")
        return of_turns([(each.get("from"), each.get("value")) for each in found])


class AlpacaRows(Shape):
    """`{"instruction", "input", "output"}`; Dolly's `context` and `response` are the same."""

    name = "alpaca"
    title = "Alpaca"

    def fits(self, record: dict[str, Any]) -> bool:
        """An instruction and an output."""
        return "instruction" in record and bool({"output", "response"} & set(record))

    def read(self, record: dict[str, Any], instruction: str, with_answer: bool) -> Plain:
        """Where the instruction is the task's own, the input is the text; else both are, a paragraph each."""
        asked = words_of(record.get("instruction") or "")
        given = words_of(record.get("input") or record.get("context") or "")
        output = record.get("output", record.get("response"))
        if asked.strip() == instruction.strip() and given:
            return Plain(given, output)
        before = _turns(record.get("history"))
        if before:
            return of_turns([*before, ("user", _joined(asked, given)), ("assistant", output or "")])
        return Plain(_joined(asked, given), output)


def _turns(history: Any) -> list[tuple[str, Any]]:
    """Earlier pairs of what was asked and answered, as turns. Raises `ShapeError`."""
    if not history:
        return []
    if not isinstance(history, list) or not all(isinstance(pair, list) and len(pair) == 2 for pair in history):
        raise ShapeError("Its history is not a list of pairs.")
    return [turn for asked, said in history for turn in (("user", asked), ("assistant", said))]


def _joined(asked: str, given: str) -> str:
    return f"{asked}\n\n{given}" if given.strip() else asked


class Completions(Shape):
    """TRL's prompt and completion, as texts or as messages; with a label (KTO) a bad one gives no answer."""

    name = "prompt_completion"
    title = "Prompt and completion (TRL)"

    def fits(self, record: dict[str, Any]) -> bool:
        """A prompt, and what follows it."""
        return "prompt" in record and bool({"completion", "chosen"} & set(record))

    def read(self, record: dict[str, Any], instruction: str, with_answer: bool) -> Plain:
        """Preferences are refused."""
        if "chosen" in record and with_answer:
            raise ShapeError(PREFERENCES)
        prompt, completion = record.get("prompt"), record.get("completion")
        if isinstance(prompt, list):
            plain = of_turns([*messages(prompt), *messages(completion or [])])
        else:
            plain = Plain(prompt, completion)
        return plain._replace(answer=None) if record.get("label") is False else plain


class Questions(Shape):
    """`{"question", "answer"}`."""

    name = "question_answer"
    title = "Question and answer"

    def fits(self, record: dict[str, Any]) -> bool:
        """Both, and both texts."""
        return isinstance(record.get("question"), str) and isinstance(record.get("answer"), str)

    def read(self, record: dict[str, Any], instruction: str, with_answer: bool) -> Plain:
        """As they stand."""
        return Plain(record.get("question"), record.get("answer"), record.get("id"))


class Langfuse(Shape):
    """Items of a dataset (`expectedOutput`), and observations or traces (`output`), as Langfuse exports them."""

    name = "langfuse"
    title = "Langfuse"

    def fits(self, record: dict[str, Any]) -> bool:
        """An input with something that only Langfuse has beside it."""
        own = {"expectedOutput", "expected_output", "traceId", "trace_id", "datasetId", "sourceTraceId", "observations"}
        return "input" in record and bool(own & set(record))

    def read(self, record: dict[str, Any], instruction: str, with_answer: bool) -> Plain:
        """What was expected is an answer; what a model put out is none, as nobody has approved it."""
        expected = record.get("expectedOutput", record.get("expected_output"))
        plain = self._asked(record.get("input"))
        return plain._replace(answer=self._said(expected), id=record.get("id"))

    def _asked(self, value: Any) -> Plain:
        if isinstance(value, dict) and isinstance(value.get("messages"), list):
            value = value["messages"]
        if isinstance(value, list):
            return of_turns(messages(value))
        if isinstance(value, dict):
            texts = [each for each in value.values() if isinstance(each, str)]
            if len(texts) != 1:
                raise ShapeError(
                    "Its input is an object; say with a path which part is the text, such as input.question."
                )
            value = texts[0]
        return Plain(value)

    def _said(self, value: Any) -> Any:
        if is_message(value):
            return words_of(value["content"])
        return value


class OpenWebUi(Shape):
    """Chats as Open WebUI exports them."""

    name = "open_webui"
    title = "Open WebUI chats"

    def fits(self, record: dict[str, Any]) -> bool:
        """A chat with its messages."""
        return isinstance(record.get("chat"), dict) and bool({"messages", "history"} & set(record["chat"]))

    def read(self, record: dict[str, Any], instruction: str, with_answer: bool) -> Plain:
        """What was said at last; no model's words are an approved answer."""
        chat = record.get("chat")
        found = chat.get("messages") if isinstance(chat, dict) else None
        if not found and isinstance(chat, dict):
            found = self._branch(chat.get("history"))
        return of_turns(messages(found))._replace(answer=None, id=record.get("id"))

    def _branch(self, history: Any) -> list[Any]:
        """The messages that lead to the current one: a chat may have been taken up again anywhere."""
        known = history.get("messages") if isinstance(history, dict) else None
        at = history.get("currentId") if isinstance(history, dict) else None
        found: list[Any] = []
        while isinstance(known, dict) and isinstance(at, str) and at in known and len(found) <= len(known):
            found.append(known[at])
            at = known[at].get("parentId") if isinstance(known[at], dict) else None
        return found[::-1]
