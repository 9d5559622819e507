"""What the REST endpoints of this floor take and give. `uid` is the only id that shows."""

import json
from typing import Any, cast

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import PolymorphicProxySerializer, extend_schema_field
from rest_framework import serializers

from common.rest import ObjectField, PageQuery, Row, Strict
from labeling.models import Given, GoldenSample, Project, Sample, SampleState, Split, WayIn
from labeling.serializers_labels import LabelSerializer
from labeling.services.describing import MAX_METADATA, MAX_TAG, MAX_TAGS, about
from labeling.services.fitting import Fitting
from labeling.services.prices import label_list_price
from labeling.services.withdrawals import MAX_REASON

MAX_SAMPLES = 1000
MAX_TEXT = 100_000


class AnswerField(ObjectField):
    """An answer in its stored form, an object such as `{"labels": [...]}`: the project's kind says which."""


@extend_schema_field(OpenApiTypes.ANY)
class InputField(serializers.JSONField):
    """What is asked about, where that is more than a text: a list of turns, `{"role": "user", "content": "..."}`."""


class ProjectSerializer(Row):
    class Meta:
        model = Project
        fields = ["uid", "key", "name", "description", "kind", "instruction", "max_labels", "schema"]
        fields += ["thinking", "lists_labels", "created_at"]


class ProjectDetailSerializer(ProjectSerializer):
    labels = LabelSerializer(many=True)
    spec_number = serializers.SerializerMethodField(help_text="The newest frozen form of the task.")
    label_list_price = serializers.SerializerMethodField(
        help_text="What the list of labels is of a prompt, in a sentence; empty for kinds without labels."
    )

    class Meta(ProjectSerializer.Meta):
        fields = [
            *ProjectSerializer.Meta.fields, "prompt_template", "decoding", "train_share", "validation_share",
            "test_share", "keep_api_texts", "labels", "spec_number", "label_list_price",
        ]  # fmt: skip

    def get_label_list_price(self, project: Project) -> str:
        return label_list_price(project)

    def get_spec_number(self, project: Project) -> int | None:
        newest = project.specs.order_by("-number").first()
        return newest.number if newest else None


class SampleSerializer(Row):
    tags = serializers.ListField(child=serializers.CharField(), read_only=True)
    metadata = ObjectField(read_only=True, help_text="What the caller's own system keeps with it.")
    input = InputField(allow_null=True, help_text="Null where the text is all that is asked about.")
    answer = serializers.SerializerMethodField(
        help_text="The golden answer in force, in the labels of today's task; null where there is none that fits it."
    )
    given = serializers.SerializerMethodField(help_text="What the giver of the answer had in sight.")
    must_pass = serializers.SerializerMethodField(
        help_text="Why no version may lose this test text; null where it is not marked."
    )

    class Meta:
        model = Sample
        fields = [
            "uid", "text", "input", "external_id", "tags", "metadata", "split", "way_in", "state", "answer", "given",
            "must_pass", "created_at",
        ]  # fmt: skip

    @extend_schema_field({"type": ["object", "null"], "additionalProperties": {}})
    def get_answer(self, sample: Sample) -> dict[str, Any] | None:
        golden = _golden(sample)
        return self._fitting(sample).read(golden.spec_id, golden.answer) if golden else None

    def _fitting(self, sample: Sample) -> Fitting:
        """One for all rows of an answer: they are of one project."""
        context = cast(dict[str, Any], self.context)
        if "fitting" not in context:
            context["fitting"] = Fitting(sample.project.spec.to_spec())
        return cast(Fitting, context["fitting"])

    @extend_schema_field(serializers.ChoiceField(choices=Given.choices, allow_null=True))
    def get_given(self, sample: Sample) -> str | None:
        golden = _golden(sample)
        return golden.given if golden else None

    def get_must_pass(self, sample: Sample) -> str | None:
        return next((mark.reason for mark in getattr(sample, "marks_in_force", [])), None)


class ReceiptSerializer(Row):
    """A sample for whoever may add or change it and not read it."""

    class Meta:
        model = Sample
        fields = ["uid", "external_id", "state"]


SAMPLE_SHOWN = PolymorphicProxySerializer(
    component_name="SampleShown",
    serializers=[SampleSerializer, ReceiptSerializer],
    resource_type_field_name=None,
)


def shown(samples: list[Sample], *, readable: bool) -> Any:
    """The samples in full or, for those who may not read them, as receipts."""
    serializer = SampleSerializer if readable else ReceiptSerializer
    return serializer(samples, many=True).data


def _golden(sample: Sample) -> GoldenSample | None:
    return next(iter(getattr(sample, "golden_in_force", [])), None)


class SamplesQuery(PageQuery):
    """Which samples."""

    narrows = ("state", "split", "way_in", "external_id")
    state = serializers.ChoiceField(choices=SampleState.choices, required=False)
    split = serializers.ChoiceField(choices=Split.choices, required=False)
    way_in = serializers.ChoiceField(choices=WayIn.choices, required=False)
    external_id = serializers.CharField(max_length=200, required=False)
    tag = serializers.CharField(max_length=MAX_TAG, required=False)
    q = serializers.CharField(max_length=200, required=False, help_text="Words that the text holds, in any case.")
    since = serializers.DateTimeField(required=False, help_text="Added from this time on.")
    until = serializers.DateTimeField(required=False, help_text="Added before this time.")


class ReasonSerializer(Strict):
    """Why a sample is withdrawn or must pass; it stays with it."""

    reason = serializers.CharField(max_length=MAX_REASON)


class OptionalReasonSerializer(Strict):
    """Why a sample is brought back or may fail, where there is something to say."""

    reason = serializers.CharField(max_length=MAX_REASON, required=False, default="", allow_blank=True)


class AskedSerializer(Strict):
    """A text or, where the project asks about more, an input."""

    # `validated_data["asked"]` is what was sent.

    example = {"text": "I was charged twice. Please send the money back."}
    longest = MAX_TEXT
    text = serializers.CharField(max_length=MAX_TEXT, required=False)
    input = InputField(required=False, default=None, allow_null=True)

    def validate(self, given: dict[str, Any]) -> dict[str, Any]:
        """One of both, and no more of it than of a text."""
        text, input = given.pop("text", None), given.pop("input", None)
        if text is None and input is None:
            raise serializers.ValidationError({"text": "This field is required."})
        if text is not None and input is not None:
            raise serializers.ValidationError({"input": "Send `text` or `input`, not both."})
        if input is not None and len(json.dumps(input)) > self.longest:
            raise serializers.ValidationError({"input": f"The input has more than {self.longest} characters."})
        return {**given, "asked": input if text is None else text}


class TagsField(serializers.ListField):
    """Words by which a caller finds its texts again."""

    def __init__(self, **options: Any) -> None:
        child = serializers.CharField(max_length=MAX_TAG)
        super().__init__(**{"child": child, "max_length": MAX_TAGS, "required": False, **options})


class MetadataField(ObjectField):
    """Whatever a caller's own system wants to keep with a text: an object of up to 10,000 characters as JSON."""

    def to_internal_value(self, data: Any) -> Any:
        found = super().to_internal_value(data)
        if len(json.dumps(found)) > MAX_METADATA:
            raise serializers.ValidationError(f"These are more than {MAX_METADATA} characters as JSON.")
        return found


class DescribeSerializer(Strict):
    """What is said of a sample besides its text; what is left out stays."""

    example = {"external_id": "ticket-4711", "tags": ["mail", "urgent"]}

    external_id = serializers.CharField(max_length=200, required=False, allow_blank=True)
    tags = TagsField()
    metadata = MetadataField(required=False)


class DescribedSerializer(AskedSerializer):
    """A text or, where the project asks about more, an input; and what the caller's own system says of it."""

    example = {
        "text": "I was charged twice.",
        "external_id": "ticket-4711",
        "tags": ["mail"],
        "metadata": {"vip": True},
    }

    external_id = serializers.CharField(
        max_length=200, required=False, default="", allow_blank=True, help_text="Its id in the caller's own system."
    )
    tags = TagsField(default=list)
    metadata = MetadataField(required=False, default=dict)

    def validate(self, given: dict[str, Any]) -> dict[str, Any]:
        found = super().validate(given)
        said = about(found.pop("external_id"), found.pop("tags"), found.pop("metadata"))
        return {**found, "said": said}


class NewSampleSerializer(DescribedSerializer):
    """One text, or input, to add."""

    answer = AnswerField(
        required=False, default=None, allow_null=True, help_text="Known answer; only from those who may review."
    )


class NewSamplesSerializer(Strict):
    """Up to 1,000 texts to add; all of them or, where one is wrong, none."""

    example = {"samples": [{"text": "I was charged twice.", "external_id": "ticket-4711"}, {"text": "Where is it?"}]}

    samples = NewSampleSerializer(many=True, allow_empty=False, max_length=MAX_SAMPLES)  # type: ignore[call-arg]  # of the list


SAMPLES_TO_ADD = PolymorphicProxySerializer(
    component_name="SamplesToAdd",
    serializers=[NewSamplesSerializer, NewSampleSerializer],
    resource_type_field_name=None,
)


class AddedSamplesSerializer(serializers.Serializer[Any]):
    """The samples of all texts, in order; `created` counts those that were not there before."""

    created = serializers.IntegerField()
    samples = SampleSerializer(many=True)


class AddedReceiptsSerializer(serializers.Serializer[Any]):
    """The same for a token that may import and not read."""

    created = serializers.IntegerField()
    samples = ReceiptSerializer(many=True)


SAMPLES_ADDED = PolymorphicProxySerializer(
    component_name="SamplesAdded",
    serializers=[AddedSamplesSerializer, AddedReceiptsSerializer],
    resource_type_field_name=None,
)
