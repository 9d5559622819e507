"""What a model may write, and how it is read: the tests run over these cases, and `docs/reading.md` is made of them.

`python -m tests.labeling.reading_cases` writes the table into the page.
"""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from labeling.answers import ParsedAnswer, parse
from labeling.kinds import LabelDef, Spec

PAGE = Path(__file__).parents[2] / "docs" / "reading.md"
_TABLE = re.compile(r"(?<=<!-- cases -->\n).*(?=<!-- end of cases -->)", re.DOTALL)

_LABELS = tuple(map(LabelDef, ("billing", "delivery", "card_arrival", "other")))
SPECS = {
    "several": Spec("multi_label", "Tag the message.", _LABELS, max_labels=3),
    "described": Spec("multi_label", "Tag it.", (LabelDef("billing", "money"), LabelDef("other"))),
    "one": Spec("single_label", "Pick one.", _LABELS),
    "grade": Spec("single_label", "Grade it.", tuple(map(LabelDef, "12345"))),
    "truth": Spec("single_label", "Is it so?", (LabelDef("true"), LabelDef("false"))),
    "nullable": Spec("single_label", "Which?", (LabelDef("null"), LabelDef("not_spam"), LabelDef("spam"))),
    "chinese": Spec("multi_label", "标注。", (LabelDef("退款"), LabelDef("物流"))),
    "text": Spec("text", "Answer kindly."),
}


@dataclass(frozen=True)
class Case:
    """`answer` None: it fails, and the reason holds `says`. `stopped` False: the limit of tokens cut it off."""

    spec: str
    raw: str
    answer: Any = None
    status: str = "repaired"
    says: str = ""
    stopped: bool = True

    def read(self) -> ParsedAnswer:
        return parse(self.raw, SPECS[self.spec], None, complete=self.stopped)

    @property
    def expected(self) -> dict[str, Any] | None:
        if self.answer is None:
            return None
        key = {"multi_label": "labels", "single_label": "label", "text": "text"}[SPECS[self.spec].kind]
        return {key: self.answer}


def _several(answer: list[str] | None, *raws: str, says: str = "", spec: str = "several") -> list[Case]:
    status = "failed" if answer is None else "repaired"
    return [Case(spec, raw, answer, status, says) for raw in raws]


def _one(answer: str | None, *raws: str, says: str = "", spec: str = "one") -> list[Case]:
    status = "failed" if answer is None else "repaired"
    return [Case(spec, raw, answer, status, says) for raw in raws]


B, BD = ["billing"], ["billing", "delivery"]
SECTIONS: dict[str, list[Case]] = {
    "Strict": [
        Case("several", '{"labels": ["billing", "delivery"]}', BD, "strict"),
        Case("several", ' {"labels":["delivery","billing"]}\n', BD, "strict"),
        Case("several", '{"labels": []}', [], "strict"),
        Case("one", '{"label": "other"}', "other", "strict"),
        Case("text", " Dear Ana,\nit is on its way.\n", "Dear Ana,\nit is on its way.", "strict"),
        Case("text", "```python\nprint(1)\n```", "```python\nprint(1)\n```", "strict"),
    ],
    "Something stands around it": [
        *_several(
            B,
            '```json\n{"labels": ["billing"]}\n```',
            '```\n{"labels": ["billing"]}\n```',
            'Here is the answer:\n\n```json\n{"labels": ["billing"]}\n```\nThis should do the trick.',
            'Sure! Here it is: {"labels": ["billing"]} Hope it helps [1].',
            'The customer asks about delivery, too. {"labels": ["billing"]}',
            'Thought: a charge.\n\nAction:\n```\n{"labels": ["billing"]}\n```',
            '<think>\nmaybe {"labels": ["delivery"]}\n</think>\n{"labels": ["billing"]}',
            'It may be delivery, or not.\n</think>\n\n{"labels": ["billing"]}',
            '[THINK]delivery?[/THINK]{"labels": ["billing"]}',
            "<think></think>billing",
            '<|channel|>analysis<|message|>delivery?<|channel|>final<|message|>{"labels": ["billing"]}<|return|>',
            '{"labels": ["billing"]}<|im_end|>',
            '{"labels": ["billing"]}</s></s>\n',
            '{"labels": ["billing"]}\n{"labels": ["billing"]}',
            '[see] {"labels": ["billing"]}',
            '\ufeff{"labels": ["billing"]}',
            'Tag the message.\nLabels: billing, delivery, card_arrival, other\nAnswer in JSON: {"labels": ["billing"]}',
            'Answer in JSON: {"labels": ["..."]}, at most 3\n{"labels": ["billing"]}',
            '"{\\"labels\\": [\\"billing\\"]}"',
        ),
        *_several(
            B,
            'Labels:\nbilling: money\nother\nAnswer in JSON: {"labels": ["..."]}\n{"labels": ["billing"]}',
            spec="described",
        ),
        *_several(["other"], "other", spec="described"),
        *_one(
            "Hello",
            "<think>plan</think>Hello",
            "Hello<|im_end|>",
            "```\nHello\n```",
            "```text\nHello\n```",
            spec="text",
        ),
    ],
    "JSON as models write it": [
        *_several(
            BD,
            '{"labels": ["billing", "delivery",]}',
            "{'labels': ['billing', 'delivery']}",
            "{“labels”: [“billing”, “delivery”]}",
            "{labels: [billing, delivery]}",
            '{"labels": ["billing" "delivery"]}',
            '{"labels": {"billing", "delivery"}}',
            '{"labels": ["billing", // money\n"delivery"]}',
            '{"labels": "billing, delivery"}',
            '["billing", "delivery"]',
            '{"billing", "delivery"}',
            '[{"label": "billing"}, {"label": "delivery"}]',
            '{"labels": [{"name": "billing", "reason": "a charge"}, {"name": "delivery", "reason": "a parcel"}]}',
        ),
        *_several(
            B,
            '{"labels": ["billing"]\n\n```\nThis should do the trick.',
            '{"Labels": ["billing"]}',
            '{"tags": ["billing"]}',
            '{"answer": {"labels": ["billing"]}}',
            '[{"labels": ["billing"]}]',
            '{"labels": ["billing"], "why": "not for delivery"}',
            '{"labels": ["billing"], "confidence": 0.9}',
            '{"labels": ["billing"], "error": null}',
            '{"labels": ["billing"], "excluded_labels": ["delivery"]}',
            '{"labels": ["billing"], "label": "billing"}',
            '{"labels": ["billing"], "labels": ["billing"]}',
            '{"labels": "billing"}',
            '{"labels": ["billing", "billing"]}',
            '{"labels": ["Billing."]}',
            '"billing"',
        ),
        *_several(["card_arrival"], '{"labels": ["Card Arrival"]}', '{"labels": ["card\\_arrival"]}'),
        *_several(
            [], '{"labels": null}', '{"labels": "none"}', '{"labels": ["None"]}', '{"labels": ""}', '[{"labels": []}]'
        ),
        *_one(
            "other", '{"label": ["other"]}', '{"labels": "other"}', '["other", "other"]', '{"label": {"name": "other"}}'
        ),
        *_one("3", '{"label": 3}', "3", '{"label": [3]}', "[3]", "Answer: 3", spec="grade"),
        *_one("true", '{"label": true}', "true", "True", "{'label': True}", spec="truth"),
        *_one("null", '{"label": null}', spec="nullable"),
        *_one("not_spam", '{"label": "Not spam"}', "not spam", spec="nullable"),
    ],
    "Words": [
        *_several(
            B,
            "billing",
            '"billing."',
            "**billing**",
            "`billing`",
            "- billing",
            "# Billing",
            "The answer is billing.",
            "Answer: **Billing**",
            "Looking at the message, the best label is: billing.",
            "Sure! It is billing.",
            "Billing. The customer was charged twice.",
            "billing\n\nThe customer was charged twice.",
            "I would say billing!",
        ),
        *_several(
            BD,
            "billing, delivery",
            "billing and delivery",
            "Labels: billing, delivery",
            "- billing\n- delivery",
            "1. billing\n2. delivery",
            "* **billing**\n* **delivery**",
            "The labels are billing and delivery.",
        ),
        *_several([], "None", "No labels.", "Labels: none"),
        *_several(["退款", "物流"], "退款、物流", spec="chinese"),
        *_one("other", "other", "Category: other", "The category is 'other'."),
    ],
    "Cut off": [
        *_several(
            None,
            '{"labels": ["billing"',
            '{"labels": ["billing", "del',
            '{"labels": [',
            '{"labels": ["billing"]',
            '["billing"',
            '```json\n{"labels": ["billing"]',
            '{"labels": ["billing"]} {"labels": ["deli',
            '{"label": "billing',
            says="cut off",
        ),
        *_several(None, '"billing', "`billing", says="No JSON"),
        *_several(None, '<think>It may be {"labels": ["billing"]}', says="reasoning"),
        Case("several", '{"labels": ["billing"]}', None, "failed", "limit of tokens", stopped=False),
        Case("one", "other", None, "failed", "limit of tokens", stopped=False),
        Case("text", "Dear Ana, it is on its", None, "failed", "limit of tokens", stopped=False),
    ],
    "Taken back": [
        *_several(
            None,
            "not billing",
            "It isn't billing.",
            "Everything except billing",
            "billing? No.",
            "neither billing nor delivery",
            "The label is not billing.",
            says="No JSON",
        ),
        *_several(
            None,
            'It is not {"labels": ["billing"]}',
            'For example: {"labels": ["billing"]}',
            says="before the answer",
        ),
        *_several(
            None,
            '{"labels": ["billing"]} is wrong.',
            '{"labels": ["billing"]} Wait, let me look again.',
            '{"labels": ["billing"]} I don\'t think so.',
            says="take it back",
        ),
        *_several(
            None, '{"labels": ["billing"], "not": true}', '{"labels": ["billing"], "error": "unsure"}', says="back"
        ),
        *_several(None, '{"labels": ["billing"], "excluded": ["billing"]}', says="back"),
        *_several(
            None,
            '{"not": ["billing"]}',
            '{"excluded_labels": ["billing"]}',
            '{"error": "billing"}',
            "{'not': 'billing'}",
            says="no key 'labels'",
        ),
        *_one(None, '{"not_label": "other"}', says="no key 'label'"),
        *_one(None, '{"label": "not other"}', says="Unknown label"),
        *_several(None, '[{"label": "billing", "applies": false}]', says="not the name"),
    ],
    "Two things said": [
        *_several(None, '{"labels": ["billing"]} {"labels": ["delivery"]}', says="2 different answers"),
        *_several(None, '[{"labels": ["billing"]}, {"labels": ["delivery"]}]', says="2 different answers"),
        *_several(
            None,
            '{"labels": ["billing"], "labels": ["delivery"]}',
            "{'labels': ['billing'], 'labels': ['delivery']}",
            "{labels: [billing], labels: [delivery],}",
            says="twice",
        ),
        *_several(
            None,
            '{"labels": ["billing"], "label": "delivery"}',
            '{"labels": ["billing"], "x": "delivery"}',
            says="as well",
        ),
        *_several(None, '{"labels": ["billing"]} or delivery', '{"labels": ["billing"]} (billing)', says="as well"),
        *_several(None, '{"labels": ["billing"] // or delivery\n}', says="as well"),
        *_several(None, 'delivery. {"labels": ["billing"]}', 'None. {"labels": ["billing"]}', says="before the JSON"),
        *_several(None, "billing or delivery", "billing. Perhaps delivery.", "billing/delivery", says="No JSON"),
        *_several(None, '[{"label": "billing", "score": 0.9}, {"label": "delivery", "score": 0.1}]', says="scores"),
        *_one(None, '{"label": ["billing", "other"]}', "billing, other", '{"billing", "other"}', says="exactly one"),
        *_one(None, "1. 3", "3 or 4", says="No JSON", spec="grade"),
    ],
    "No answer": [
        *_several(None, "", " \n", "<|im_end|>", "<think>x</think>", says="empty"),
        *_several(None, "I would say it is about money.", "**", "The user wants billing", says="No JSON"),
        *_several(None, '{"labels": ["money"]}', says="'money'"),
        *_several(None, '{"labels": ["billing", "delivery", "other", "card_arrival"]}', says="at most 3"),
        *_several(None, "Labels: billing, delivery, card_arrival, other", says="repeated the prompt"),
        *_several(None, 'Answer in JSON: {"labels": ["..."]}', says="Unknown label"),
        *_several(None, '{"type": "object", "properties": {"labels": {"enum": ["billing"]}}}', says="no key"),
        *_several(None, "{}", '{"foo": ["billing"]}', says="no key"),
        *_several(None, "null", says="null"),
        *_several(None, '{"labels": {"billing": true, "delivery": false}}', says="not the name"),
        *_several(None, '{"labels": [["billing"]]}', says="not the name"),
        *_several(None, '{"labels": ["billing"}', says="broken"),
        *_one(None, '{"label": null}', says="not the name"),
        *_one(None, "None", says="No JSON"),
        *_one(None, '{"label": 6}', says="6 is not", spec="grade"),
        *_one(None, "<think>plan", says="reasoning", spec="text"),
        *_one(None, "<think>plan</think>", says="empty", spec="text"),
    ],
}
CASES = [case for cases in SECTIONS.values() for case in cases]
UNTIDY = [case for case in CASES if case.status == "repaired"]


def table() -> str:
    """The cases as sections of Markdown."""
    lines = []
    for title, cases in SECTIONS.items():
        lines += [f"\n### {title}\n", "| asked for | the model writes | read as |", "|---|---|---|"]
        lines += [f"| {_asked(case)} | {_code(case.raw)} | {_read(case)} |" for case in cases]
    return "\n".join(lines) + "\n\n"


def _asked(case: Case) -> str:
    return f"{case.spec}{'' if case.stopped else ', cut by the limit'}"


def _read(case: Case) -> str:
    parsed = case.read()
    if parsed.answer is None:
        return f"failed: {parsed.reason}"
    said = next(iter(parsed.answer.values()))
    shown = _code(said if isinstance(said, str) else ", ".join(said)) if said else "no label"
    return f"{parsed.status}: {shown}"


def _code(text: str) -> str:
    shown = text.replace("\n", "⏎").replace("\ufeff", "(BOM)").replace("|", "\\|")
    fence = "`" * (max(map(len, re.findall("`+", shown)), default=0) + 1)
    pad = " " if not shown.strip() or shown.startswith("`") or shown.endswith("`") else ""
    return f"{fence}{pad}{shown}{pad}{fence}" if shown else "(nothing)"


def page_with_table(page: str) -> str:
    """The page with the table of today in its place."""
    return _TABLE.sub(lambda _: table(), page)


if __name__ == "__main__":
    PAGE.write_text(page_with_table(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
