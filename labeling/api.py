"""REST endpoints of this floor: projects, samples, predictions, feedback."""

from typing import Any, cast
from uuid import UUID

from django.db.models import Prefetch, QuerySet
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import generics, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from labeling import serializers as shapes
from labeling import services
from labeling.access import Right, project_for, projects_for, token_of
from labeling.kinds import storable
from labeling.models import Feedback, GoldenSample, Prediction, Project, Sample, SampleState, Split, User, WayIn
from labeling.problems import ConflictError, ProblemError
from labeling.services.samples import stored_answer


class ProjectDoor(APIView):
    """Views below a project: `self.open(right)` is the one way to it, 404 or 403 for those without."""

    def open(self, right: Right) -> Project:
        """The project of the URL, if the caller (and the token) has `right`."""
        return project_for(self.request.user, self.kwargs["key"], right, token_of(self.request))

    def may(self, project: Project, right: Right) -> bool:
        """Whether the caller, through the token, has `right` in `project`."""
        token = token_of(self.request)
        return bool(projects_for(self.request.user, right, token).filter(pk=project.pk).exists())


class ProjectList(generics.ListAPIView[Project]):
    """The projects that the caller may read."""

    serializer_class = shapes.ProjectSerializer
    queryset = Project.objects.none()

    def get_queryset(self) -> QuerySet[Project]:
        return cast("QuerySet[Project]", projects_for(self.request.user, Right.VIEW, token_of(self.request)))


class ProjectDetail(ProjectDoor, generics.RetrieveAPIView[Project]):
    """One project with its labels."""

    serializer_class = shapes.ProjectDetailSerializer
    queryset = Project.objects.none()

    def get_object(self) -> Project:
        return self.open(Right.VIEW)


def _with_answers(samples: QuerySet[Sample]) -> QuerySet[Sample]:
    current = GoldenSample.objects.current()
    return samples.prefetch_related(Prefetch("golden_samples", queryset=current, to_attr="golden_in_force"))


class Samples(ProjectDoor, generics.ListAPIView[Sample]):
    """The samples of a project, newest first; and adding texts."""

    serializer_class = shapes.SampleSerializer
    queryset = Sample.objects.none()

    def get_queryset(self) -> QuerySet[Sample]:
        asked = self.request.query_params
        rows = _with_answers(Sample.objects.filter(project=self.open(Right.VIEW)))
        for name in ("state", "split", "way_in", "external_id"):
            if asked.get(name):
                rows = rows.filter(**{name: storable(asked[name])})
        return rows

    @extend_schema(
        parameters=[
            OpenApiParameter("state", enum=SampleState.values),
            OpenApiParameter("split", enum=Split.values),
            OpenApiParameter("way_in", enum=WayIn.values),
            OpenApiParameter("external_id"),
        ]
    )
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().get(request, *args, **kwargs)

    @extend_schema(request=shapes.NewSamplesSerializer, responses={201: shapes.AddedSamplesSerializer})
    def post(self, request: Request, key: str) -> Response:
        """Add up to 1000 texts. Texts that are there already come back as they are; one bare text may be sent too."""
        project = self.open(Right.IMPORT)
        body = shapes.NewSamplesSerializer(data=_many(request.data))
        body.is_valid(raise_exception=True)
        texts = _new_texts(project, body.validated_data["samples"])
        may_approve = self.may(project, Right.REVIEW)
        pairs = services.create_samples(cast(User, request.user), project, texts, may_approve=may_approve)
        ids = [sample.pk for sample, _ in pairs]
        rows = {row.pk: row for row in _with_answers(Sample.objects.filter(pk__in=ids))}
        answer = {
            "created": len({sample.pk for sample, is_new in pairs if is_new}),
            "samples": [rows[pk] for pk in ids],
        }
        return Response(shapes.AddedSamplesSerializer(answer).data, status=status.HTTP_201_CREATED)


def _many(data: Any) -> Any:
    """One text or a bare list of texts, as the object that the schema describes."""
    if isinstance(data, list):
        return {"samples": data}
    return {"samples": [data]} if isinstance(data, dict) and "samples" not in data else data


def _new_texts(project: Project, rows: list[dict[str, Any]]) -> list[services.NewText]:
    spec, texts = project.spec, []
    for number, row in enumerate(rows):
        try:
            answer = None if row["answer"] is None else stored_answer(spec, row["answer"])
        except ProblemError as error:
            raise ProblemError(f"Sample {number}: {error}") from error
        texts.append(services.NewText(storable(row["text"]), storable(row["external_id"]), answer))
    return texts


class SampleDetail(ProjectDoor, generics.RetrieveAPIView[Sample]):
    """One sample with its golden answer."""

    serializer_class = shapes.SampleSerializer
    queryset = Sample.objects.none()

    def get_object(self) -> Sample:
        rows = _with_answers(Sample.objects.filter(project=self.open(Right.VIEW)))
        return get_object_or_404(rows, uid=self.kwargs["uid"])


class WithdrawSample(ProjectDoor):
    """Take a sample out of every use."""

    @extend_schema(request=shapes.ReasonSerializer, responses=shapes.SampleSerializer)
    def post(self, request: Request, key: str, uid: UUID) -> Response:
        """For managers, with a reason; 409 where it is withdrawn already. Nothing is deleted."""
        sample = get_object_or_404(Sample.objects.filter(project=self.open(Right.MANAGE)), uid=uid)
        body = shapes.ReasonSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        services.withdraw_sample(cast(User, request.user), sample, body.validated_data["reason"])
        return _answer_with(sample)


class RestoreSample(ProjectDoor):
    """Bring a withdrawn sample back."""

    @extend_schema(request=shapes.OptionalReasonSerializer, responses=shapes.SampleSerializer)
    def post(self, request: Request, key: str, uid: UUID) -> Response:
        """For managers; it has the state and the answer that it had. 409 where it is not withdrawn."""
        sample = get_object_or_404(Sample.objects.filter(project=self.open(Right.MANAGE)), uid=uid)
        body = shapes.OptionalReasonSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        services.restore_sample(cast(User, request.user), sample, body.validated_data["reason"])
        return _answer_with(sample)


def _answer_with(sample: Sample) -> Response:
    return Response(shapes.SampleSerializer(_with_answers(Sample.objects.all()).get(pk=sample.pk)).data)


class PredictionDetail(ProjectDoor, generics.RetrieveAPIView[Prediction]):
    """One prediction, as it was recorded. Of a test text that waits for its blind answer, to tokens alone."""

    serializer_class = shapes.PredictionSerializer
    queryset = Prediction.objects.none()

    def get_object(self) -> Prediction:
        rows = Prediction.objects.filter(project=self.open(Right.VIEW)).select_related("sample", "spec")
        found = get_object_or_404(rows, uid=self.kwargs["uid"])
        # A token belongs to a program, which was given the answer when it asked; a person may have to answer blind.
        if found.sample and found.sample.is_blind and token_of(self.request) is None:
            raise ConflictError("This is a test text; what models say of it is shown when it has its own answer.")
        return found


class FeedbackList(ProjectDoor, generics.ListAPIView[Feedback]):
    """The feedback of a project, newest first; and giving some."""

    serializer_class = shapes.FeedbackSerializer
    queryset = Feedback.objects.none()

    def get_queryset(self) -> QuerySet[Feedback]:
        return Feedback.objects.filter(project=self.open(Right.VIEW)).select_related("prediction")

    @extend_schema(request=shapes.NewFeedbackSerializer, responses={201: shapes.FeedbackSerializer})
    def post(self, request: Request, key: str) -> Response:
        """Say whether a prediction was right. A right answer from an expert is approved at once, from a token
        it is a hint: the text goes to the front of the review queue. `effect` says what followed; test texts are
        neither answered nor moved by feedback."""
        project = self.open(Right.FEEDBACK)
        body = shapes.NewFeedbackSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        said = dict(body.validated_data)
        uid: UUID = said.pop("prediction")
        rows = Prediction.objects.filter(project=project).select_related("project", "sample")
        feedback = services.give_feedback(
            get_object_or_404(rows, uid=uid), user=cast(User, request.user), token=token_of(request), **said
        )
        return Response(shapes.FeedbackSerializer(feedback).data, status=status.HTTP_201_CREATED)
