"""What the REST endpoints of exports take and give."""

from typing import Any

from rest_framework import serializers

from common.fields import validate_near
from common.rest import Row, Strict
from labeling.formats import WRITERS
from labeling.models import Export, Given, SampleState, Split, WayIn
from labeling.services import Filters


class NewExportSerializer(Strict):
    """What to write, and of which texts; all that are not withdrawn where nothing narrows it."""

    format = serializers.ChoiceField(choices=[(name, writer.title) for name, writer in WRITERS.items()])
    as_of = serializers.DateTimeField(
        required=False,
        default=None,
        allow_null=True,
        validators=[validate_near],
        help_text="Texts and answers as they were then; now if absent.",
    )
    test_answers = serializers.BooleanField(
        required=False, default=False, help_text="With the answers of the test split; takes the right to manage."
    )
    split = serializers.ChoiceField(choices=Split.choices, required=False)
    state = serializers.ChoiceField(
        choices=SampleState.choices, required=False, help_text="`withdrawn` takes the right to manage."
    )
    label = serializers.CharField(  # type: ignore[assignment]  # a field may have the name of an attribute
        max_length=100, required=False, help_text="Whose answer has this label."
    )
    reviewer = serializers.CharField(max_length=150, required=False, help_text="Whose answer this person gave.")
    given = serializers.ChoiceField(
        choices=Given.choices,
        required=False,
        help_text="How the answer was given. Certified ones are in no other format than `touchstone` unless asked for.",
    )
    way_in = serializers.ChoiceField(choices=WayIn.choices, required=False)
    since = serializers.DateField(required=False, help_text="Texts that came in on this day or later.")
    until = serializers.DateField(required=False, help_text="Texts that came in on this day or before.")

    def validate(self, given: dict[str, Any]) -> dict[str, Any]:
        """The filters together, as the service takes them."""
        names = [name for name in Filters.__dataclass_fields__ if name in given]
        filters = Filters(**{name: str(given.pop(name)) for name in names})
        return {**given, "filters": filters}


class ExportSerializer(Row):
    left_out = serializers.DictField(
        child=serializers.IntegerField(), help_text="Texts that are asked for and not in the file, by reason."
    )
    has_file = serializers.BooleanField(source="is_whole", read_only=True, help_text="Whether `.../file` gives it.")

    class Meta:
        model = Export
        fields = ["uid", "format", "filters", "as_of", "test_answers", "state", "total", "done", "rows", "left_out"]
        fields += ["bytes", "has_file", "error", "created_at", "finished_at"]
        read_only_fields = fields
