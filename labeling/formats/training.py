"""What language models are trained on elsewhere: chat lines of several makers, Alpaca's three fields, questions."""

from typing import Any

from labeling.formats.base import Item, Writer, encode, line
from labeling.prompts import system_message

_FROM = {"system": "system", "user": "human", "assistant": "gpt"}


class ChatWriter(Writer):
    """A system message with the task, the text as it stands or its turns, and what a model should write."""

    def turns(self, item: Item) -> list[Any]:
        """The messages before the answer. The template is not put around the text: that is in our snapshots."""
        asked: list[Any] = item.input if isinstance(item.input, list) else [{"role": "user", "content": item.text}]
        return [{"role": "system", "content": system_message(self.spec)}, *asked]


class OpenAiChat(ChatWriter):
    """`{"messages": [...]}`."""

    name = "openai_chat"
    title = "OpenAI chat JSONL"
    told = "For fine-tuning a chat model elsewhere. Texts without an answer are left out."

    def row(self, item: Item) -> str:
        """The answer is the last message."""
        said = {"role": "assistant", "content": self.said(item)}
        return line({"messages": [*self.turns(item), said]})


class PromptCompletion(ChatWriter):
    """`{"prompt": [...], "completion": [...]}`, TRL's conversational form."""

    name = "prompt_completion"
    title = "TRL prompt and completion"
    told = "For TRL elsewhere. Texts without an answer are left out."

    def row(self, item: Item) -> str:
        """The answer is the completion."""
        said = {"role": "assistant", "content": self.said(item)}
        return line({"prompt": self.turns(item), "completion": [said]})


class ShareGptJson(ChatWriter):
    """`{"conversations": [{"from", "value"}]}`."""

    name = "sharegpt"
    title = "ShareGPT JSONL"
    told = "Conversations by from and value. Texts without an answer are left out."

    def row(self, item: Item) -> str:
        """The answer is the last turn."""
        said = [*self.turns(item), {"role": "assistant", "content": self.said(item)}]
        turns = [{"from": _FROM[each["role"]], "value": each["content"]} for each in said]
        return line({"conversations": turns})


class QuestionAnswer(Writer):
    """`{"question", "answer"}`."""

    name = "question_answer"
    title = "Question and answer JSONL"
    told = "Two fields and your id. Texts without an answer are left out."

    def row(self, item: Item) -> str:
        """The text and what a model should write."""
        return line({"question": item.text, "answer": self.said(item), "id": item.external_id})


class Alpaca(Writer):
    """`{"instruction", "input", "output"}`; a JSON list, as its readers expect."""

    name = "alpaca"
    title = "Alpaca JSON"
    told = "Instruction, input and output. Texts without an answer are left out."
    suffix = "json"
    media_type = "application/json"
    begin = "[\n"
    between = ",\n"
    end = "\n]\n"

    def row(self, item: Item) -> str:
        """The instruction is the task's, the same in each row."""
        return encode({"instruction": self.spec.instruction, "input": item.text, "output": self.said(item)})
