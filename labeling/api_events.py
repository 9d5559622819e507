"""REST endpoints of what happened: in one project, and for administrators over all."""

from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from rest_framework import generics, serializers

from common.rest import PageQuery, Row
from labeling.access import user_behind
from labeling.activity import DAYS, ActivityForm, events_in
from labeling.models import Event
from labeling.rest import Door, ProjectDoor
from labeling.verbs import VERBS

# The form of the page calls some of them otherwise.
_FORM = {"actor": "person", "subject_type": "subject", "subject_uid": "uid"}


class EventsQuery(PageQuery):
    """Which events. Its names are those of an event."""

    actor = serializers.CharField(
        required=False, max_length=150, help_text="The exact name of a person, a token, or a job of the system."
    )
    verb = serializers.ChoiceField(choices=sorted(VERBS), required=False)
    subject_type = serializers.CharField(
        required=False, max_length=100, help_text="What it is about, such as `training_run`."
    )
    subject_uid = serializers.UUIDField(required=False)
    since = serializers.DateField(required=False, validators=DAYS, help_text="From this day on.")
    until = serializers.DateField(required=False, validators=DAYS, help_text="Up to the end of this day.")


class EventValues(serializers.DictField):
    """Ids, numbers, states and digests; never texts."""


class ActivitySerializer(Row):
    """One verb: who, what, when, and the ids and numbers before and after."""

    actor = serializers.CharField(source="actor_name", read_only=True)
    project = serializers.CharField(source="project_key", read_only=True, help_text="Its key; empty for none.")
    words = serializers.SerializerMethodField(help_text="The verb as it is said of the actor.")
    before = EventValues(read_only=True)
    after = EventValues(read_only=True)

    class Meta:
        model = Event
        fields = [
            "uid", "at", "actor", "actor_kind", "verb", "words", "project", "subject_type", "subject_uid", "before",
            "after", "request_id",
        ]  # fmt: skip
        read_only_fields = fields

    def get_words(self, event: Event) -> str:
        return VERBS.get(event.verb, event.verb)


class Narrowed(Door, generics.ListAPIView[Event]):
    """Events, newest first."""

    serializer_class = ActivitySerializer
    queryset = Event.objects.none()
    queries = {"GET": EventsQuery}

    def narrowed(self, rows: QuerySet[Event]) -> QuerySet[Event]:
        """What is asked for of these. Raises `ValidationError` for what is not known here."""
        form = ActivityForm({_FORM.get(name, name): value for name, value in self.query.items()})
        if not form.is_valid():
            names = {theirs: ours for ours, theirs in _FORM.items()}
            raise serializers.ValidationError(
                {names.get(name, name): list(map(str, why)) for name, why in form.errors.items()}
            )
        return form.narrowed(rows)


class ProjectEvents(Narrowed, ProjectDoor):
    """What happened in a project."""

    def get_queryset(self) -> QuerySet[Event]:
        return self.narrowed(events_in(self.open()))


class AllEvents(Narrowed):
    """What happened anywhere, for administrators; tokens are bound to projects."""

    @classmethod
    def scopes_of(cls, method: str) -> list[str]:
        return []

    def get_queryset(self) -> QuerySet[Event]:
        user = user_behind(self.caller)
        if self.caller.token_id is not None or user is None or not user.is_superuser:
            raise PermissionDenied("Only administrators see what happens in all projects.")
        return self.narrowed(events_in(None))
