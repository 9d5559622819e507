"""REST endpoints of what experts decided, the golden samples that came of it, and the predictions beside them."""

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import generics, status
from rest_framework.request import Request
from rest_framework.response import Response

from common.text import storable
from labeling import serializers_reviews as shapes
from labeling import services
from labeling.access import Right, may_have_to_answer_blind
from labeling.models import GoldenSample, Prediction, Review, Sample, SampleState, Split
from labeling.querysets import withheld
from labeling.rest import ProjectDoor, narrowed
from labeling.serializers_predictions import PredictionSerializer
from labeling.services.queue import refuse_chosen


class Reviews(ProjectDoor, generics.ListAPIView[Review]):
    """The decisions of a project's experts, newest first."""

    serializer_class = shapes.ReviewSerializer
    queryset = Review.objects.none()
    queries = {"GET": shapes.ReviewsQuery}

    def get_queryset(self) -> QuerySet[Review]:
        rows = Review.objects.filter(sample__project=self.open())
        rows = rows.select_related("sample", "prediction", "reviewer", "undoes", "spec")
        paths = {"reviewer": "reviewer__username", "sample": "sample__uid", "since": "created_at__gte"}
        return narrowed(rows, self.query, action="action", **paths)


class ReviewSample(ProjectDoor):
    """Decide on a sample.

    On a test text, or an audit, that waits only where the review page gave it to the caller: nobody chooses those.
    """

    rights = {"POST": Right.REVIEW}

    @extend_schema(request=shapes.NewReviewSerializer, responses={201: shapes.ReviewSerializer})
    def post(self, request: Request, key: str, uid: UUID) -> Response:
        """`correct` gives its answer, `reject` takes it out of the queue, `reopen` sends it back to review.

        A test text that has its answer is asked again of others, blind, and another one with it, as on its page. The
        decision is its owner's where a token of the scope `review` makes it. 409 where somebody else has the sample
        now, or came first.
        """
        sample = get_object_or_404(Sample.objects.filter(project=self.open()).select_related("project"), uid=uid)
        asked = self.asked(shapes.NewReviewSerializer)
        if sample.is_blind and sample.lease_user_id != self.caller.person_id:
            refuse_chosen(sample)
        comment = storable(asked["comment"])
        if asked["action"] == "correct":
            done = services.decide(self.caller, sample, asked["answer"], none_ok=True, comment=comment)
        elif asked["action"] == "reject":
            done = services.reject(self.caller, sample, comment=comment)
        elif sample.split == Split.TEST and sample.state == SampleState.GOLDEN:
            services.recheck(self.caller, sample)
            done = sample.reviews.latest("pk")
        else:
            done = services.reopen(self.caller, sample)
        found: Any = shapes.ReviewSerializer(done).data
        return Response(found, status=status.HTTP_201_CREATED)


class GoldenSamples(ProjectDoor, generics.ListAPIView[GoldenSample]):
    """The approved answers in force, newest first; exports hold them as files."""

    serializer_class = shapes.GoldenSerializer
    queryset = GoldenSample.objects.none()
    queries = {"GET": shapes.GoldenQuery}

    def get_queryset(self) -> QuerySet[GoldenSample]:
        rows = GoldenSample.objects.current().filter(project=self.open()).select_related("sample", "spec")
        return narrowed(rows, self.query, given="given", source="source", since="created_at__gte")


class Predictions(ProjectDoor, generics.ListAPIView[Prediction]):
    """What models answered in a project, newest first.

    Without those on texts that wait for their blind answer, for whoever may give one.
    """

    serializer_class = PredictionSerializer
    queryset = Prediction.objects.none()
    queries = {"GET": shapes.PredictionsQuery}

    def get_queryset(self) -> QuerySet[Prediction]:
        rows = Prediction.objects.filter(project=self.open()).select_related("sample", "spec")
        if may_have_to_answer_blind(self.request):
            rows = rows.exclude(withheld())
        if "tag" in self.query:
            rows = rows.filter(tags__contains=[storable(self.query["tag"])])
        paths = {"model": "model_tag", "sample": "sample__uid", "since": "created_at__gte"}
        return narrowed(rows, self.query, source="source", external_id="external_id", **paths)
