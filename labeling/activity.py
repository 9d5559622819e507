"""What happened, for people: the events that one may see, narrowed by person, verb, subject and day."""

from datetime import date, datetime, time, timedelta
from typing import Any

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db.models import Model, Q, QuerySet
from django.utils import timezone

from labeling.access import known_projects
from labeling.models import Event, FirstLink, LoginCounter, Project, User
from labeling.services.events import noun_of, uid_of
from labeling.verbs import VERBS


def events_in(project: Project | None) -> QuerySet[Event]:
    """The events of a project, or of all, newest first."""
    rows = Event.objects.order_by("-id")
    return rows if project is None else rows.filter(project_id=project.pk)


def events_of(row: Model) -> QuerySet[Event]:
    """What happened to one row, newest first."""
    return Event.objects.filter(subject_type=noun_of(row), subject_uid=uid_of(row)).order_by("-id")


def open_to(user: User, rows: QuerySet[Event]) -> QuerySet[Event]:
    """The events of one row that a person may see who sees the row: those of their projects, and of no project.

    Who logged in when and from where is for administrators and the person alone.
    """
    if user.is_superuser:
        return rows
    logins = Q(subject_type__in=[noun_of(User), noun_of(LoginCounter), noun_of(FirstLink)])
    own = Q(subject_type=noun_of(User), subject_uid=user.uid)
    here = Q(project_id__in=known_projects(user).values("pk"))
    return rows.filter(here | Q(project_id=None) & (own | ~logins))


def _subjects() -> list[str]:
    """The nouns that events are about, as tables of ours are called."""
    from django.apps import apps

    ours = {"labeling", "training", "deployment", "evaluation"}
    nouns = {noun_of(model) for model in apps.get_models() if model._meta.app_label in ours}
    return sorted(nouns | {"group"})


def _verb_choices() -> list[tuple[str, str]]:
    return [("", "Anything"), *((verb, f"{verb}: {words}") for verb, words in sorted(VERBS.items()))]


def _subject_choices() -> list[tuple[str, str]]:
    return [("", "Any subject"), *((noun, noun.replace("_", " ")) for noun in _subjects())]


# Days beyond these have no midnight in every time zone.
DAYS = (MinValueValidator(date(1970, 1, 1)), MaxValueValidator(date(2999, 12, 31)))


class ActivityForm(forms.Form):
    """What is asked of the events; a value that means nothing is refused, never passed over."""

    person = forms.CharField(required=False, max_length=150, label="Person, token or job")
    verb = forms.ChoiceField(required=False, choices=_verb_choices)
    subject = forms.ChoiceField(required=False, choices=_subject_choices)
    uid = forms.UUIDField(required=False, label="Id of the subject")
    since = forms.DateField(
        required=False, label="From", widget=forms.DateInput(attrs={"type": "date"}), validators=DAYS
    )
    until = forms.DateField(required=False, label="To", widget=forms.DateInput(attrs={"type": "date"}), validators=DAYS)

    def clean_person(self) -> str:
        name: str = self.cleaned_data["person"].strip().replace("\x00", "")
        if name and not Event.objects.filter(actor_name=name).exists():
            raise forms.ValidationError("Nobody of this name has done anything yet. Type it exactly.")
        return name

    def narrowed(self, rows: QuerySet[Event]) -> QuerySet[Event]:
        """The rows that are asked for; call it on a valid form."""
        asked = self.cleaned_data
        wanted: dict[str, Any] = {
            "actor_name": asked["person"],
            "verb": asked["verb"],
            "subject_type": asked["subject"],
            "subject_uid": asked["uid"],
            "at__gte": _midnight(asked["since"]) if asked["since"] else None,
            "at__lt": _midnight(asked["until"]) + timedelta(days=1) if asked["until"] else None,
        }
        return rows.filter(**{name: value for name, value in wanted.items() if value})


def _midnight(day: Any) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))
