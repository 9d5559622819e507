"""REST endpoints of samples, single predictions and feedback."""

from dataclasses import replace
from typing import Any
from uuid import UUID

from django.db.models import Prefetch, QuerySet
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import generics, status
from rest_framework.request import Request
from rest_framework.response import Response

from common.problems import ConflictError, ProblemError
from common.text import storable
from labeling import serializers as shapes
from labeling import serializers_predictions as predictions
from labeling import services
from labeling.access import Right, may_have_to_answer_blind
from labeling.models import Feedback, GoldenSample, MustPass, Prediction, Project, Sample
from labeling.querysets import withheld
from labeling.rest import ProjectDoor, narrowed
from labeling.rest_edit import EditedDoor
from labeling.services.golden import stored_answer
from labeling.services.samples import new_text


def _with_answers(samples: QuerySet[Sample]) -> QuerySet[Sample]:
    current, marks = GoldenSample.objects.current(), MustPass.objects.in_force()
    return samples.prefetch_related(
        Prefetch("golden_samples", queryset=current, to_attr="golden_in_force"),
        Prefetch("must_passes", queryset=marks, to_attr="marks_in_force"),
    )


class Samples(ProjectDoor, generics.ListAPIView[Sample]):
    """The samples of a project, newest first; and adding texts."""

    rights = {"POST": Right.IMPORT}

    serializer_class = shapes.SampleSerializer
    queryset = Sample.objects.none()
    queries = {"GET": shapes.SamplesQuery}

    def get_queryset(self) -> QuerySet[Sample]:
        rows = _with_answers(Sample.objects.filter(project=self.open()))
        if "tag" in self.query:
            rows = rows.filter(tags__contains=[storable(self.query["tag"])])
        paths = {"since": "created_at__gte", "until": "created_at__lt", "q": "text__icontains"}
        return narrowed(rows, self.query, **{name: name for name in shapes.SamplesQuery.narrows}, **paths)

    @extend_schema(request=shapes.SAMPLES_TO_ADD, responses={201: shapes.SAMPLES_ADDED})
    def post(self, request: Request, key: str) -> Response:
        """Add up to 1,000 texts. Texts that are there already come back as they are, to whoever may read them; one bare
        text may be sent too."""
        project = self.open()
        asked = self.read(shapes.NewSamplesSerializer(data=_many(request.data)))
        texts = _new_texts(project, asked["samples"])
        may_approve = self.may(project, Right.REVIEW)
        pairs = services.create_samples(self.caller, project, texts, may_approve=may_approve)
        created = len({sample.pk for sample, is_new in pairs if is_new})
        uids = [str(sample.uid) for sample, _ in pairs]
        return Response(self._added(project, created, uids), status=status.HTTP_201_CREATED)

    def kept(self, body: Any) -> Any:
        return {"created": body["created"], "uids": [row["uid"] for row in body["samples"]]}

    def recalled(self, kept: Any) -> Any:
        return self._added(get_object_or_404(Project, key=self.kwargs["key"]), kept["created"], kept["uids"])

    def _added(self, project: Project, created: int, uids: list[str]) -> Any:
        rows = {str(row.uid): row for row in _with_answers(project.samples.filter(uid__in=uids))}
        readable = self.may(project, Right.VIEW)
        return {"created": created, "samples": shapes.shown([rows[uid] for uid in uids], readable=readable)}


def _many(data: Any) -> Any:
    """One bare text as the list that it stands for."""
    return {"samples": [data]} if isinstance(data, dict) and "samples" not in data else data


def _new_texts(project: Project, rows: list[dict[str, Any]]) -> list[services.NewText]:
    spec, texts = project.spec, []
    for number, row in enumerate(rows):
        try:
            text = new_text(project, row["asked"], said=row["said"])
            answer = None if row["answer"] is None else stored_answer(spec, row["answer"], text.whole_input)
            texts.append(replace(text, answer=answer))
        except ProblemError as error:
            raise ProblemError(f"Sample {number}: {error}") from error
    return texts


class SampleDetail(EditedDoor):
    """One sample with its golden answer."""

    rights = {"PATCH": Right.IMPORT}

    def shown(self, project: Project) -> dict[str, Any]:
        rows = _with_answers(Sample.objects.filter(project=project).select_related("project"))
        sample = get_object_or_404(rows, uid=self.kwargs["uid"])
        return dict(shapes.shown([sample], readable=self.may(project, Right.VIEW))[0])

    @extend_schema(responses=shapes.SampleSerializer)
    def get(self, request: Request, key: str, uid: UUID) -> Response:
        """One sample with its golden answer. Its `ETag` is what a change of it sends as `If-Match`."""
        return self.told(self.open())

    @extend_schema(request=shapes.DescribeSerializer, responses=shapes.SAMPLE_SHOWN)
    def patch(self, request: Request, key: str, uid: UUID) -> Response:
        """Change what your own system says of a sample: its id there, its tags, its metadata. What is left out stays.

        The text never changes; withdraw the sample and add another.
        """
        project = self.open()
        asked = self.asked(shapes.DescribeSerializer)
        with self.unchanged(project):
            sample = get_object_or_404(Sample.objects.filter(project=project).select_related("project"), uid=uid)
            services.describe_sample(self.caller, sample, **asked)
        return self.told(project)


class SampleVerb(ProjectDoor):
    """What changes one sample and answers with it."""

    def shown(self, uid: UUID | str) -> Any:
        """The sample as it is now, as far as the caller may read it."""
        sample = _with_answers(Sample.objects.select_related("project")).get(uid=uid)
        return shapes.shown([sample], readable=self.may(sample.project, Right.VIEW))[0]

    def kept(self, body: Any) -> Any:
        return body["uid"]

    def recalled(self, kept: Any) -> Any:
        return self.shown(kept)


class WithdrawSample(SampleVerb):
    """Take a sample out of every use."""

    rights = {"POST": Right.MANAGE}

    @extend_schema(request=shapes.ReasonSerializer, responses=shapes.SAMPLE_SHOWN)
    def post(self, request: Request, key: str, uid: UUID) -> Response:
        """For managers, with a reason; 409 where it is withdrawn already. Nothing is deleted."""
        sample = get_object_or_404(Sample.objects.filter(project=self.open()), uid=uid)
        services.withdraw_sample(self.caller, sample, self.asked(shapes.ReasonSerializer)["reason"])
        return Response(self.shown(uid))


class RestoreSample(SampleVerb):
    """Bring a withdrawn sample back."""

    rights = {"POST": Right.MANAGE}

    @extend_schema(request=shapes.OptionalReasonSerializer, responses=shapes.SAMPLE_SHOWN)
    def post(self, request: Request, key: str, uid: UUID) -> Response:
        """For managers; it has the state and the answer that it had. 409 where it is not withdrawn."""
        sample = get_object_or_404(Sample.objects.filter(project=self.open()), uid=uid)
        services.restore_sample(self.caller, sample, self.asked(shapes.OptionalReasonSerializer)["reason"])
        return Response(self.shown(uid))


class MustPassSample(SampleVerb):
    """Mark a test text that no version may lose."""

    rights = {"POST": Right.MANAGE}

    @extend_schema(request=shapes.ReasonSerializer, responses=shapes.SAMPLE_SHOWN)
    def post(self, request: Request, key: str, uid: UUID) -> Response:
        """For managers, with a reason; of test texts alone. 409 where it is marked already."""
        sample = get_object_or_404(Sample.objects.filter(project=self.open()), uid=uid)
        services.mark_must_pass(self.caller, sample, self.asked(shapes.ReasonSerializer)["reason"])
        return Response(self.shown(uid))


class MayFailSample(SampleVerb):
    """Take a must-pass mark back."""

    rights = {"POST": Right.MANAGE}

    @extend_schema(request=shapes.OptionalReasonSerializer, responses=shapes.SAMPLE_SHOWN)
    def post(self, request: Request, key: str, uid: UUID) -> Response:
        """For managers; 409 where it is not marked. The mark stays in the sample's history."""
        sample = get_object_or_404(Sample.objects.filter(project=self.open()), uid=uid)
        services.lift_must_pass(self.caller, sample, self.asked(shapes.OptionalReasonSerializer)["reason"])
        return Response(self.shown(uid))


class PredictionDetail(ProjectDoor, generics.RetrieveAPIView[Prediction]):
    """One prediction, as it was recorded. Of a text that waits for its blind answer, to tokens alone."""

    serializer_class = predictions.PredictionSerializer
    queryset = Prediction.objects.none()

    def get_object(self) -> Prediction:
        rows = Prediction.objects.filter(project=self.open()).select_related("sample", "spec")
        found = get_object_or_404(rows, uid=self.kwargs["uid"])
        if found.is_withheld and may_have_to_answer_blind(self.request):
            what = "an audit" if found.sample and found.sample.is_audit else "a test text"
            raise ConflictError(f"This is {what}; what models say of it is shown when it has its own answer.")
        return found


class FeedbackList(ProjectDoor, generics.ListAPIView[Feedback]):
    """The feedback of a project, newest first; and giving some.

    Without that on texts that wait for their blind answer, for whoever may give one.
    """

    rights = {"POST": Right.FEEDBACK}

    serializer_class = predictions.FeedbackSerializer
    queryset = Feedback.objects.none()
    queries = {"GET": predictions.FeedbackQuery}

    def get_queryset(self) -> QuerySet[Feedback]:
        rows = Feedback.objects.filter(project=self.open()).select_related("prediction")
        if may_have_to_answer_blind(self.request):
            rows = rows.exclude(withheld("prediction__"))
        paths = {"prediction": "prediction__uid", "since": "created_at__gte"}
        return narrowed(rows, self.query, thumb="thumb", effect="effect", **paths)

    @extend_schema(request=predictions.NewFeedbackSerializer, responses={201: predictions.FeedbackSerializer})
    def post(self, request: Request, key: str) -> Response:
        """Say whether a prediction was right, or what is.

        A right answer from an expert is approved at once, from a token it is a hint: the text goes to the front of the
        review queue. `effect` says what followed; test texts are neither answered nor moved by feedback.
        """
        project = self.open()
        said = self.asked(predictions.NewFeedbackSerializer)
        uid: UUID = said.pop("prediction")
        rows = Prediction.objects.filter(project=project).select_related("project", "sample")
        feedback = services.give_feedback(self.caller, get_object_or_404(rows, uid=uid), **said)
        return Response(predictions.FeedbackSerializer(feedback).data, status=status.HTTP_201_CREATED)
