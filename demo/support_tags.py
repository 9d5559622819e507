"""The task of the demo: what is asked of its shipped messages. No Django here."""

from pathlib import Path

from labeling.kinds import LabelDef, Spec

KEY = "support-tags"
# What each tag means, as the prompt says it.
MEANINGS = {
    "billing": "charges, invoices, payment",
    "refund": "wants money back",
    "delivery": "parcel late, lost or shipping",
    "returns": "send back or exchange",
    "defect": "broken, damaged or missing parts",
    "account": "login, password, profile, data",
    "app_bug": "website or app does not work",
    "membership": "the Plus membership",
    "product_question": "asks about size, use or stock",
    "praise": "thanks and compliments",
}
TAGS = tuple(MEANINGS)
INSTRUCTION = "Tag the customer's message with every topic that it is about."
MAX_LABELS = 4
SHIPPED = Path(__file__).parent / "data" / "support_tags" / "messages.jsonl"


def spec() -> Spec:
    """The task as the demo's project asks it."""
    labels = tuple(LabelDef(name, meaning) for name, meaning in MEANINGS.items())
    return Spec("multi_label", INSTRUCTION, labels, MAX_LABELS)
