"""What language models are trained on elsewhere: OpenAI's chat lines and Alpaca's three fields."""

from typing import Any

from labeling.formats.base import Item, Writer, encode, line
from labeling.prompts import system_message


class OpenAiChat(Writer):
    """`{"messages": [...]}`: the task, the text as it stands, and what a model should write."""

    name = "openai_chat"
    title = "OpenAI chat JSONL"
    told = "For fine-tuning a chat model elsewhere. Texts without an answer are left out."

    def row(self, item: Item) -> str:
        """The template is not put around the text: snapshots hold what our own versions are trained on."""
        turns: list[Any] = item.input if isinstance(item.input, list) else [{"role": "user", "content": item.text}]
        said = {"role": "assistant", "content": self.said(item)}
        return line({"messages": [{"role": "system", "content": system_message(self.spec)}, *turns, said]})


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
