"""REST of serving: predictions, and looking again at what is served."""

from typing import Any
from uuid import UUID

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from deployment.serving.batch import predict_many
from deployment.serving.predict import predict
from deployment.serving.reload import reload_serving
from deployment.serving.serializers import (
    BatchRequest,
    BatchResponse,
    PredictionResponse,
    PredictRequest,
    ReloadResponse,
    WhyResponse,
)
from deployment.serving.why import why
from labeling.access import Right, may_have_to_answer_blind
from labeling.models import Prediction
from labeling.rest import ProjectDoor
from labeling.serializers_vectors import SimilarQuery
from labeling.services.vectors.similar import SHOWN


class AskingDoor(ProjectDoor):
    """Where texts are asked about."""

    @property
    def source(self) -> Prediction.Source:
        """Whoever has seen an answer and may review the text asks as on the Analyze page: a person, or such a token."""
        seen = may_have_to_answer_blind(self.request)
        return Prediction.Source.ANALYZE if seen else Prediction.Source.API


class PredictView(AskingDoor):
    """Ask the live version about one text."""

    rights = {"POST": Right.PREDICT}

    @extend_schema(request=PredictRequest, responses=PredictionResponse)
    def post(self, request: Request, key: str) -> Response:
        """409 where nothing is live; 503 with Retry-After where no model server answers. A person who is logged in asks
        as on the Analyze page: the text is kept, and judges no version."""
        project = self.open()
        body = self.asked(PredictRequest)
        prediction = predict(self.caller, project, body["asked"], source=self.source, said=body["said"])
        return Response(PredictionResponse(prediction).data)

    def kept(self, body: Any) -> Any:
        """The prediction's row has the answer; it is not kept twice."""
        return body["uid"]

    def recalled(self, kept: Any) -> Any:
        return PredictionResponse(get_object_or_404(Prediction.objects.select_related("sample"), uid=kept)).data


class BatchPredictView(AskingDoor):
    """Ask the live version about up to 100 texts, several at once."""

    rights = {"POST": Right.PREDICT}

    @extend_schema(request=BatchRequest, responses=BatchResponse)
    def post(self, request: Request, key: str) -> Response:
        """Results in the order of the texts; one that failed holds `error` and `status_code` in place of an answer."""
        project = self.open()
        body = self.asked(BatchRequest)
        found = predict_many(self.caller, project, body["asked"], source=self.source)
        failed = [each for each in found if not isinstance(each, Prediction)]
        if failed and len(failed) == len(found):
            raise failed[0]
        return Response(BatchResponse({"results": found}).data)

    def kept(self, body: Any) -> Any:
        """Of each prediction its id alone; of a text without an answer, why."""
        return [row["uid"] or {name: row[name] for name in ("error", "status_code")} for row in body["results"]]

    def recalled(self, kept: Any) -> Any:
        uids = [one for one in kept if type(one) is str]
        found = Prediction.objects.filter(uid__in=uids).select_related("sample")
        rows = {str(row.uid): row for row in found}
        return BatchResponse({"results": [rows[one] if type(one) is str else one for one in kept]}).data


class ReloadView(ProjectDoor):
    """Look again at what should be served, without downtime."""

    rights = {"POST": Right.OPERATE}

    @extend_schema(request=None, responses=ReloadResponse)
    def post(self, request: Request, key: str) -> Response:
        """Loads the live version on its servers and queues builds and stagings that are due."""
        project = self.open()
        return Response(ReloadResponse(reload_serving(self.caller, project)).data)


class WhyView(ProjectDoor):
    """What a head's answer follows from."""

    queries = {"GET": SimilarQuery}

    @extend_schema(responses=WhyResponse)
    def get(self, request: Request, key: str, uid: UUID) -> Response:
        """The golden samples that are most like the text, the most alike first. 409 where no head made the prediction,
        where its text was not kept, and for a test text that waits for its blind answer.
        """
        rows = Prediction.objects.filter(project=self.open()).select_related("sample__project", "project")
        found = why(self.caller, get_object_or_404(rows, uid=uid), self.query.get("k", SHOWN))
        return Response(WhyResponse(found).data)
