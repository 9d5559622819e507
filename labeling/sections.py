"""The sections of a project's settings: each floor registers its own, with the form that it is changed by."""

from collections.abc import Callable
from dataclasses import dataclass

from common.actor import Actor
from labeling.access import Right
from labeling.models import Project
from labeling.settings_form import SettingsForm

Save = Callable[[Actor, Project, SettingsForm], None]


@dataclass(frozen=True)
class Section:
    """One section: `name` stands in its address; `right` is what changing it takes.

    `form` is its class; `save` is called with a valid form, within a transaction, and may raise `ProblemError`.
    `says`: how it stands now, in a sentence.
    """

    name: str
    title: str
    about: str
    order: int
    right: Right
    form: type[SettingsForm]
    save: Save
    says: Callable[[Project], str]


_sections: dict[str, Section] = {}


def register(*sections: Section) -> None:
    """Show these sections, each once, however often it is registered."""
    for section in sections:
        _sections[section.name] = section


def sections(rights: set[str]) -> list[Section]:
    """Those that somebody with these rights may change, in their order."""
    found = [section for section in _sections.values() if section.right.value in rights]
    return sorted(found, key=lambda section: section.order)


def section_named(name: str) -> Section | None:
    """The section of that name; None where there is none."""
    return _sections.get(name)
