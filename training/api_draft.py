"""REST of a project's draft."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from labeling.rest import ProjectDoor
from training.draft_facts import DraftFacts, draft_facts
from training.models import RetrainPolicy


class DraftSerializer(serializers.Serializer[Any]):
    """The head that learns at once. What was measured is null before the first fit."""

    model = serializers.CharField(source="draft.tag", default=None, allow_null=True, help_text="As its proposals say.")
    number = serializers.IntegerField(source="draft.number", default=None, allow_null=True)
    golden = serializers.IntegerField(source="draft.golden", default=None, allow_null=True)
    figure = serializers.FloatField(
        source="draft.figure", default=None, allow_null=True, help_text="On samples left out."
    )
    seconds = serializers.FloatField(source="draft.seconds", default=None, allow_null=True)
    fitted_at = serializers.DateTimeField(source="draft.fitted_at", default=None, allow_null=True)
    every = serializers.IntegerField(source="policy.draft_every", default=0, help_text="Golden samples; 0: no draft.")
    step = serializers.IntegerField(
        default=0,
        help_text="New golden samples for the next fit: `every`, or a fiftieth of `golden` if more.",
    )
    fresh = serializers.IntegerField(default=0, help_text="So many are there; counted up to 1,000.")
    proposes = serializers.BooleanField(default=False)
    obstacle = serializers.CharField(default="", help_text="Why none is fitted, and what to do; empty where one is.")
    problem = serializers.CharField(
        default="",
        help_text="Why it could not be fitted, or not propose, last; what is live proposes to all then.",
    )


class DraftOfProject(ProjectDoor):
    """The draft of a project."""

    @extend_schema(responses=DraftSerializer)
    def get(self, request: Request, key: str) -> Response:
        """A head fitted again after every few golden samples; it may propose, and is never promoted."""
        project = self.open()
        facts: DraftFacts | dict[str, Any] | None = draft_facts(
            project, RetrainPolicy.objects.select_related("project").filter(project=project).first()
        )
        found: dict[str, Any] = dict(DraftSerializer(facts or {}).data)
        return Response(found)
