"""What REST gives of a project's history: one recipe over its seeds, gains, what more cases take."""

from typing import Any

from rest_framework import serializers

from common.rest import Figure


class SeededSerializer(serializers.Serializer[Any]):
    """A version of the recipe."""

    version = serializers.IntegerField()
    seed = serializers.IntegerField(allow_null=True)
    main = Figure(help_text="The judged figure.")


class SpreadSerializer(serializers.Serializer[Any]):
    """One recipe (data, base and options alike) with several seeds on the same cases."""

    mean = Figure(help_text="Of the judged figure.")
    sd = Figure(help_text="The standard deviation (n - 1) of the judged figure.")
    versions = SeededSerializer(many=True, source="rows")


class EffortSerializer(serializers.Serializer[Any]):
    """What more test cases take, by the newest decisions of the project's experts."""

    cases = serializers.IntegerField()
    reviews = Figure()
    reviews_interval = serializers.ListField(child=Figure(), help_text="95 %, by bootstrap.")
    minutes = Figure()
    minutes_interval = serializers.ListField(child=Figure(), help_text="95 %, by bootstrap.")
    sentence = serializers.CharField()


class ShrunkenSerializer(serializers.Serializer[Any]):
    """A gain as it probably is, with its 95 % interval."""

    value = Figure()
    low = Figure()
    high = Figure()


class GainSerializer(serializers.Serializer[Any]):
    """What a version that went live gained over the one that it was held against."""

    version = serializers.IntegerField()
    over = serializers.IntegerField(help_text="The version that it was held against; 0 is the bare base.")
    benchmark = serializers.UUIDField(allow_null=True)
    live_at = serializers.DateTimeField()
    measured = Figure()
    low = Figure(help_text="The lower end of its interval.")
    high = Figure(help_text="The upper end.")
    shrunken = ShrunkenSerializer(
        allow_null=True, help_text="Null while it is not known yet, and of a gain over the bare base."
    )


class GainsSerializer(serializers.Serializer[Any]):
    """All gains, newest first."""

    sentence = serializers.CharField()
    gains = GainSerializer(many=True, source="rows")
