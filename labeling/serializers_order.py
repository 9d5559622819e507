"""What the REST endpoints of the order of review take and give."""

from typing import Any

from django.utils.text import Truncator
from rest_framework import serializers

from common.rest import Figure, Query, Row, Strict
from labeling.models import Place
from labeling.services.order.told import MOST_DOUBTFUL

HEAD = 200


class SharesSerializer(serializers.Serializer[Any]):
    """Percent of what is given out, by stream; together 100."""

    teach = serializers.IntegerField()
    random = serializers.IntegerField()
    blind = serializers.IntegerField()


class RankingSerializer(serializers.Serializer[Any]):
    """How the training texts were ranked last."""

    by_head = serializers.BooleanField(help_text="By the newest draft; else by the vectors alone.")
    looked_at = serializers.IntegerField(help_text="Training texts that were compared.")
    golden = serializers.IntegerField(help_text="Golden samples that the draft had learnt from.")
    seconds = serializers.FloatField()
    orders = serializers.ListField(child=serializers.CharField())
    ranked_at = serializers.DateTimeField(allow_null=True)


class OrderSerializer(serializers.Serializer[Any]):
    """The order of review. `note`: why training texts come by chance, and what to do; empty where they are ranked."""

    shares = SharesSerializer(help_text="As they were set.")
    now = SharesSerializer(help_text="As they are in force: without test texts once the gate has enough.")
    order = serializers.CharField(source="row.order", help_text="Of training texts.")
    seed = serializers.IntegerField(source="row.seed", help_text="Of the order by chance.")
    wants_blind = serializers.BooleanField(help_text="The gate has too few test texts with an answer.")
    answered = serializers.DictField(
        child=serializers.IntegerField(), help_text="Answers in force that people gave, by the stream of the text."
    )
    ranking = RankingSerializer(allow_null=True)
    note = serializers.CharField()


class OrderChangeSerializer(Strict):
    """What is to change; the shares come together."""

    teach = serializers.IntegerField(required=False, min_value=0, max_value=100)
    random = serializers.IntegerField(required=False, min_value=0, max_value=100)
    blind = serializers.IntegerField(required=False, min_value=0, max_value=100)
    order = serializers.CharField(required=False, max_length=20)
    seed = serializers.IntegerField(required=False, min_value=0, max_value=2**31 - 1)


class DoubtfulQuery(Query):
    """How many."""

    k = serializers.IntegerField(
        required=False, min_value=1, max_value=MOST_DOUBTFUL, help_text=f"{MOST_DOUBTFUL} unless given."
    )


class DoubtfulSerializer(Row):
    """A golden sample whose answer heads, which had not seen it, would give otherwise."""

    uid = serializers.UUIDField(source="sample.uid")
    text = serializers.SerializerMethodField(help_text=f"Its first {HEAD} characters.")
    split = serializers.CharField(source="sample.split")
    doubt = Figure(source="score", help_text="How much more likely another answer is, 0 to 1.")

    class Meta:
        model = Place
        fields = ["uid", "text", "split", "doubt"]
        read_only_fields = fields

    def get_text(self, row: Place) -> str:
        return Truncator(row.sample.text).chars(HEAD)
