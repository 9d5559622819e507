"""The ways to make a version: a registry, asked for what a method can, never for what it is called. Pure."""

from dataclasses import dataclass

from labeling.kinds import Asked, kind_of


@dataclass(frozen=True)
class Method:
    """One way. `needs` and `yields` are words for people; `unserved` says why no model server serves what comes out."""

    name: str
    title: str
    needs: str
    yields: str
    labels_only: bool = False
    unserved: str = ""

    def obstacle(self, asked: Asked) -> str:
        """Why it cannot answer what a task asks for, in a sentence; empty where it can."""
        kind = kind_of(asked)
        if not self.labels_only or kind.has_labels:
            return ""
        return f"{self.title} ({self.name}) learns labels, and answers of the kind “{kind.title}” are not made of any."


SFT = Method(
    name="sft",
    title="Language model",
    needs="the base's 16-bit weights and a host that trains",
    yields="an adapter that writes answers; merged into its base, it is served as a GGUF file",
)
LM_HEAD = Method(
    name="lm_head",
    title="Language model with a classification head",
    needs="the base's 16-bit weights and a host that trains",
    yields="an adapter and a classification head, which give each label a probability",
    labels_only=True,
    unserved="It answers by a classification head (lm_head), and no model server serves that yet: its run tells its "
    "figure on the validation rows.",
)
METHODS: dict[str, Method] = {method.name: method for method in (SFT, LM_HEAD)}


def method_choices() -> list[tuple[str, str]]:
    """The methods for a form, with their titles."""
    return [(name, method.title) for name, method in METHODS.items()]
