"""The form of a section of a project's settings: in groups, with units, defaults and presets, and safe against others
who save at the same time."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from django import forms
from django.db import models
from django.http import QueryDict

from common.actor import Actor
from labeling.models import Project
from labeling.services.rows import set_row
from labeling.services.settings import premise_of


@dataclass(frozen=True)
class Group:
    """Fields that belong together; `folded` ones are for the few who need them."""

    title: str
    names: tuple[str, ...]
    about: str = ""
    folded: bool = False


@dataclass(frozen=True)
class Preset:
    """A set of values that suits a purpose; it fills the form in and saves nothing."""

    name: str
    title: str
    about: str
    values: Mapping[str, Any]


def short(value: Any) -> Any:
    """A number without a fraction as one: 2, not 2.0."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


class Shares(forms.FloatField):
    """A share of 0 to 1, asked for and shown in percent."""

    def __init__(self, *, low: float, high: float, **kwargs: Any) -> None:
        super().__init__(min_value=round(100 * low, 6), max_value=round(100 * high, 6), step_size=None, **kwargs)
        self.widget.attrs["step"] = "any"

    def prepare_value(self, value: Any) -> Any:
        return short(round(100 * value, 6)) if isinstance(value, float) else value

    def has_changed(self, initial: Any, data: Any) -> bool:
        try:
            return bool(self.clean(data) != initial)
        except forms.ValidationError:
            return True

    def clean(self, value: Any) -> Any:
        percent = super().clean(value)
        return None if percent is None else round(percent / 100, 8)


class SettingsForm(forms.Form):
    """One section. Subclasses say their fields, `groups`, `units`, `presets`, and how it stands (`current`)."""

    groups: ClassVar[tuple[Group, ...]] = ()
    units: ClassVar[Mapping[str, str]] = {}
    presets: ClassVar[tuple[Preset, ...]] = ()
    # What the section stands at where nobody has changed it, by field.
    defaults: ClassVar[Mapping[str, Any]] = {}

    premise = forms.CharField(max_length=64, required=False, widget=forms.HiddenInput)

    def __init__(self, project: Project, data: QueryDict | None = None, preset: str = "") -> None:
        self.project = project
        now = self.current(project)
        chosen = next((each for each in self.presets if each.name == preset), None)
        self.preset = chosen
        filled = {**now, **(chosen.values if chosen else {})}
        # What is asked for in percent is turned into that by its field.
        initial = {
            name: value if isinstance(self.base_fields.get(name), Shares) else short(value)
            for name, value in filled.items()
        } | {"premise": premise_of(now)}
        super().__init__(data, initial=initial, label_suffix="")
        self.adapt()

    def adapt(self) -> None:
        """Change fields by what the project is; called once they are there."""

    @classmethod
    def current(cls, project: Project) -> dict[str, Any]:
        """What the fields stand at now."""
        raise NotImplementedError

    @property
    def values(self) -> dict[str, Any]:
        """What was entered."""
        return {name: value for name, value in self.cleaned_data.items() if name != "premise"}

    @property
    def changes(self) -> dict[str, Any]:
        """Of these what is another than before."""
        now = self.current(self.project)
        return {name: value for name, value in self.values.items() if now.get(name) != _plain(value)}

    def shown(self) -> Iterator[tuple[Group, list["Field"]]]:
        """The groups with their fields, for the template; those that the project has not are left out."""
        for group in self.groups:
            found = [Field(self, name) for name in group.names if name in self.fields]
            if found:
                yield group, found

    def fresh(self, now: Mapping[str, Any]) -> None:
        """Take note of what somebody else has saved: the next attempt is about that."""
        data = QueryDict(mutable=True)
        data.update(self.data)
        data["premise"] = premise_of(now)
        self.data = data
        self.now = dict(now)

    now: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class Field:
    """A field as the template shows it: with its unit, its default, and what somebody else has put there meanwhile."""

    form: SettingsForm
    name: str

    @property
    def bound(self) -> forms.BoundField:
        return self.form[self.name]

    @property
    def unit(self) -> str:
        return self.form.units.get(self.name, "")

    @property
    def default(self) -> str:
        """What it is unless somebody chooses; empty where nothing is the default."""
        value = self.form.defaults.get(self.name)
        return "" if value is None else self._said(value)

    @property
    def meanwhile(self) -> str:
        """What stands there now, where somebody else has changed it since the form was opened."""
        now = self.form.now
        if now is None or self.name not in now or not self._differs(now[self.name]):
            return ""
        return self._said(now[self.name]) or "nothing"

    def _differs(self, value: Any) -> bool:
        field = self.form.fields[self.name]
        return bool(field.has_changed(value, self.bound.data))

    def _said(self, value: Any) -> str:
        if isinstance(value, bool):
            return "on" if value else "off"
        field = self.form.fields[self.name]
        if isinstance(field, forms.ModelMultipleChoiceField) or isinstance(value, list | tuple):
            rows = getattr(field, "queryset", None)
            names = [str(row) for row in rows.filter(pk__in=value)] if rows is not None else list(map(str, value))
            return ", ".join(names)
        if isinstance(field, forms.ModelChoiceField):
            row = field.queryset.filter(pk=value).first() if value is not None else None  # type: ignore[union-attr]
            return str(row or field.empty_label or "none")
        if isinstance(field, forms.ChoiceField):
            return str(dict(field.choices).get(value, value))  # type: ignore[arg-type]  # flat choices
        if value is None:
            return ""
        shown = field.prepare_value(value)
        number = f"{shown:,.10g}" if isinstance(shown, int | float) else str(shown)
        return number if self.unit.startswith("(") else f"{number} {self.unit}".strip()

    @property
    def is_tick(self) -> bool:
        return isinstance(self.form.fields[self.name], forms.BooleanField)

    @property
    def is_many(self) -> bool:
        return isinstance(self.form.fields[self.name], forms.MultipleChoiceField | forms.ModelMultipleChoiceField)


class RowForm(SettingsForm):
    """A section that is a part of one row of the project: `names` of `model`, which is made where it is missing."""

    model: ClassVar[type[models.Model]]
    names: ClassVar[tuple[str, ...]]

    @classmethod
    def row(cls, project: Project) -> models.Model:
        """The row; a new one with the defaults where there is none."""
        return cls.model._default_manager.filter(project=project).first() or cls.model(project=project)

    @classmethod
    def current(cls, project: Project) -> dict[str, Any]:
        row = cls.row(project)
        return {name: _column(row, name).value_from_object(row) for name in cls.names}

    def clean(self) -> dict[str, Any]:
        """Each field within its range, and all of them together, by the row's own rules; beside the field."""
        found = super().clean() or self.cleaned_data
        if not self.errors:
            row = self.row(self.project)
            for name in self.names:
                if name in found:
                    setattr(row, name, found[name])
            try:
                row.full_clean()
            except forms.ValidationError as error:
                for name, said in error.message_dict.items():
                    self.add_error(name if name in self.fields else None, said)
        return found


def save_as_row(actor: Actor, project: Project, form: SettingsForm) -> None:
    """Keep what a `RowForm` says. Raises `ProblemError`."""
    assert isinstance(form, RowForm)
    set_row(actor, form.model, form.changes, project=project)


def _plain(value: Any) -> Any:
    """As `current` says it: rows by their keys."""
    if isinstance(value, models.Model):
        return value.pk
    return sorted(value.values_list("pk", flat=True)) if isinstance(value, models.QuerySet) else value


def defaults_of(model: type[models.Model], *names: str) -> dict[str, Any]:
    """What the fields of a table are unless somebody chooses."""
    return {name: _column(model, name).get_default() for name in names}


def _column(model: models.Model | type[models.Model], name: str) -> Any:
    return model._meta.get_field(name)
