"""What the REST endpoints of imports take and give."""

from rest_framework import serializers

from common.rest import Query, Row
from labeling.formats import SHAPES
from labeling.forms_imports import ENCODINGS
from labeling.importers import FORMATS
from labeling.models import ImportBatch
from labeling.services.import_job import ANSWERS

_LONGEST = 500


class ImportQuery(Query):
    """How the body is read; what is left out is recognised by its content."""

    name = serializers.CharField(max_length=255, required=False, default="upload", help_text="What the file is called.")
    path = serializers.CharField(
        max_length=_LONGEST,
        required=False,
        help_text="Of a file in the server's folder of imports; then no body.",
    )
    format = serializers.ChoiceField(choices=(*FORMATS, *SHAPES), required=False)
    text_column = serializers.CharField(
        max_length=_LONGEST,
        required=False,
        help_text="A name, a path such as data.text or notes.0.value, or a number.",
    )
    labels_column = serializers.CharField(max_length=_LONGEST, required=False, help_text="Of the answer.")
    id_column = serializers.CharField(max_length=_LONGEST, required=False)
    answers = serializers.ChoiceField(
        choices=ANSWERS, required=False, default="none", help_text="Known answers; only from those who may review."
    )
    separator = serializers.CharField(max_length=5, required=False, trim_whitespace=False)
    labels_by_number = serializers.BooleanField(required=False, default=False)
    no_header = serializers.BooleanField(required=False, default=False)
    list_path = serializers.CharField(max_length=_LONGEST, required=False, help_text="data.item for {'data': [...]}.")
    delimiter = serializers.CharField(max_length=1, required=False, trim_whitespace=False)
    encoding = serializers.ChoiceField(choices=list(ENCODINGS), required=False)
    told = serializers.BooleanField(
        required=False, default=False, help_text="Record what models said, of our complete format and Label Studio."
    )
    join = serializers.BooleanField(
        required=False, default=False, help_text="Put the labels of equal texts together; else the first answer counts."
    )


class ImportSerializer(Row):
    has_report = serializers.BooleanField(
        source="report", read_only=True, help_text="Whether `.../report` lists rows that were not taken."
    )

    class Meta:
        model = ImportBatch
        fields = ["uid", "name", "state", "is_trial", "bytes_total", "bytes_read", "rows_read", "imported", "golden"]
        fields += ["predictions", "duplicates", "bad_rows", "notes", "has_report", "error", "created_at", "finished_at"]
        read_only_fields = fields
