"""What the REST endpoints of vectors give."""

from typing import Any

from django.utils.text import Truncator
from rest_framework import serializers

from common.rest import Figure, PageQuery, Query, Row
from labeling.models import AlikeGroup, AlikeText, VectorSet
from labeling.serializers import AnswerField
from labeling.services.vectors.groups import COUNTED, HEAD

MOST_SIMILAR = MOST_GROUPS = 50


class VectorsSerializer(serializers.Serializer[Any]):
    """`done` of `total` texts have a vector by `encoder`; `note` says why nothing goes on, and what to do."""

    state = serializers.ChoiceField(choices=VectorSet.State.choices)
    encoder = serializers.CharField()
    done = serializers.IntegerField()
    total = serializers.IntegerField()
    indexed = serializers.IntegerField(help_text="Vectors in the index of nearest neighbours.")
    cut = serializers.IntegerField(help_text="Texts longer than the encoder reads.")
    unknown = serializers.IntegerField(help_text="Texts mostly in characters that it does not know.")
    note = serializers.CharField()


class SimilarQuery(Query):
    """How many."""

    k = serializers.IntegerField(required=False, min_value=1, max_value=MOST_SIMILAR, help_text="5 unless given.")


class SimilarSampleSerializer(serializers.Serializer[Any]):
    """One golden sample; `answer` in the labels of today's task, null where it does not fit."""

    uid = serializers.UUIDField(source="golden.sample.uid")
    text = serializers.CharField(source="golden.sample.text")
    answer = AnswerField(allow_null=True)
    likeness = Figure(help_text="The cosine of both vectors, -1 to 1.")


class SimilarSamplesSerializer(serializers.Serializer[Any]):
    """The most alike first. `note`: why there are none, or what was not looked at."""

    samples = SimilarSampleSerializer(many=True, source="found")
    note = serializers.CharField()


class NearDuplicatesQuery(PageQuery):
    """Which groups."""

    page_size = serializers.IntegerField(required=False, min_value=1, max_value=MOST_GROUPS)
    crossing = serializers.BooleanField(
        required=False, default=False, help_text="Those alone that hold test texts beside texts that training uses."
    )


class AlikeTextSerializer(Row):
    uid = serializers.UUIDField(source="sample.uid")
    text = serializers.SerializerMethodField(help_text=f"Its first {HEAD} characters.")
    split = serializers.CharField(source="sample.split")
    likeness = Figure(help_text="The cosine to the nearest text of the group.")

    class Meta:
        model = AlikeText
        fields = ["uid", "text", "split", "likeness"]
        read_only_fields = fields

    def get_text(self, row: Any) -> str:
        return Truncator(row.head).chars(HEAD)


class AlikeGroupSerializer(Row):
    """A group of `size` texts in use: `test` of them in the test split, `training` in train and validation.

    `samples` are its first ten. `hidden` test texts wait for their blind answer and stand in no list.
    """

    size = serializers.IntegerField(read_only=True)
    test = serializers.IntegerField(read_only=True)
    training = serializers.IntegerField(read_only=True)
    hidden = serializers.IntegerField(read_only=True)
    is_part = serializers.BooleanField(
        read_only=True, help_text=f"It holds more than {COUNTED:,} texts; all that is said is of so many of them."
    )
    samples = AlikeTextSerializer(many=True, source="shown", read_only=True)

    class Meta:
        model = AlikeGroup
        fields = ["uid", "size", "test", "training", "hidden", "is_part", "samples"]
        read_only_fields = fields
