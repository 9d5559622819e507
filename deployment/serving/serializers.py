"""What REST takes and gives where a version is asked."""

import json
from typing import Any

from rest_framework import serializers

from common.problems import ProblemError
from common.rest import Strict
from deployment.serving.why import Why
from labeling.models import Prediction
from labeling.serializers import DescribedSerializer, InputField
from labeling.serializers_predictions import SharedRow
from labeling.serializers_vectors import SimilarSampleSerializer

MAX_TEXT = 20_000
MAX_BATCH = 100
# Of all texts together: some characters grow eighteenfold when texts are compared, and the web process does that.
MAX_BATCH_TEXT = 200_000


class PredictRequest(DescribedSerializer):
    """A text or, where the project asks about more, an input; what is said of it stays with the prediction."""

    longest = MAX_TEXT
    text = serializers.CharField(max_length=MAX_TEXT, required=False)


class BatchRequest(Strict):
    """Texts or, where the project asks about more, inputs."""

    # `validated_data["asked"]` is what was sent.
    example = {"texts": ["I was charged twice.", "Where is my parcel?"]}

    texts = serializers.ListField(
        child=serializers.CharField(max_length=MAX_TEXT), min_length=1, max_length=MAX_BATCH, required=False
    )
    inputs = serializers.ListField(child=InputField(), min_length=1, max_length=MAX_BATCH, required=False)

    def validate(self, given: dict[str, Any]) -> dict[str, Any]:
        """Long texts go in smaller batches, or one by one."""
        if len(given) != 1:
            said = "Send `texts` or `inputs`, not both." if given else "This field is required."
            raise serializers.ValidationError({"texts": said})
        ((name, asked),) = given.items()
        total = sum(len(each) if name == "texts" else len(json.dumps(each)) for each in asked)
        if total > MAX_BATCH_TEXT:
            raise serializers.ValidationError(
                {name: f"The {name} have {total} characters together; send at most {MAX_BATCH_TEXT} at once."}
            )
        return {"asked": asked}


class PredictionResponse(SharedRow):
    """An answer. `answer` is null where `status` is `failed`; `confidence` and `share` are 0 to 1.

    `confidence` is the model's own probability of the whole answer: of a language model the product of its tokens', of
    a head each label taken by itself. `share` says what that is worth.
    """

    uid = serializers.UUIDField(read_only=True, help_text="What feedback is tied to.")
    sample = serializers.UUIDField(
        source="sample.uid", allow_null=True, default=None, help_text="The sample of the text; null: it is not kept."
    )
    model = serializers.CharField(source="model_tag", help_text="The version that answered.")
    answer = serializers.JSONField(allow_null=True)

    class Meta:
        model = Prediction
        fields = ["uid", "sample", "model", "answer", "confidence", "share", "label_chances"]
        fields += ["status", "reason", "raw", "latency_ms", "external_id"]


class BatchItem(PredictionResponse):
    """A prediction; where it failed, the other fields are null and `error` says why."""

    error = serializers.CharField(default="", help_text="Empty, or why this text got no answer.")
    status_code = serializers.IntegerField(default=200)

    class Meta(PredictionResponse.Meta):
        fields = [*PredictionResponse.Meta.fields, "error", "status_code"]

    def to_representation(self, instance: Any) -> dict[str, Any]:
        blank: dict[str, Any] = dict.fromkeys(PredictionResponse.Meta.fields)
        if isinstance(instance, ProblemError):
            return blank | {"error": str(instance), "status_code": instance.problem_status}
        if isinstance(instance, dict):
            return blank | instance
        return PredictionResponse().to_representation(instance) | {"error": "", "status_code": 200}


class BatchResponse(serializers.Serializer[Any]):
    results = BatchItem(many=True)


class ReloadResponse(serializers.Serializer[Any]):
    live = serializers.IntegerField(
        source="live.number", allow_null=True, default=None, help_text="The version that answers."
    )
    newest = serializers.IntegerField(source="newest.number", allow_null=True, default=None)
    loaded_on = serializers.ListField(child=serializers.CharField())
    loading_on = serializers.ListField(
        child=serializers.CharField(), help_text="Servers that take long to load it: a worker goes on there."
    )


class WhyResponse(serializers.Serializer[Any]):
    """The golden samples that are most like the text of a head's prediction.

    `note`: why there are none, or what was not looked at.
    """

    version = serializers.IntegerField(source="version.number")
    model = serializers.CharField(source="version.tag")
    encoder = serializers.CharField(
        help_text="The sentence encoder that it is a head on; of a language model the one that compares texts, if any."
    )
    samples = SimilarSampleSerializer(many=True, source="likes.found")
    note = serializers.SerializerMethodField()

    def get_note(self, found: Why) -> str:
        return " ".join(filter(None, (found.note, found.likes.note)))
