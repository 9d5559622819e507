"""What REST takes and gives of versions, their files and where they stand."""

from typing import Any

from rest_framework import serializers

from common.rest import FiguresField, Row, Strict
from deployment.artifacts.verdicts import staleness
from deployment.files import VersionFile, file_of
from deployment.models import ParityReport, StagedVersion
from training.models import ModelVersion
from training.serializers import VersionSerializer as TrainedSerializer


class StagedSerializer(Row):
    """`verdict_stale`: it passed, but against another version than the one that is live; `stale_because` says which."""

    server = serializers.CharField(source="server.name")
    held_against = serializers.IntegerField(
        source="held_against.number", allow_null=True, default=None, help_text="What the verdict compares it with."
    )
    verdict_report = FiguresField()
    verdict_stale = serializers.SerializerMethodField()
    stale_because = serializers.SerializerMethodField()

    class Meta:
        model = StagedVersion
        fields = [
            "server",
            "tag",
            "state",
            "uploaded_percent",
            "uploaded_digest",
            "layer_digest",
            "manifest_digest",
            "verdict",
            "verdict_sentence",
            "verdict_report",
            "held_against",
            "verdict_stale",
            "stale_because",
            "gate_report",
            "judged_at",
            "staged_at",
            "error",
        ]

    def get_verdict_stale(self, row: StagedVersion) -> bool:
        return bool(self.get_stale_because(row))

    def get_stale_because(self, row: StagedVersion) -> str:
        return staleness(row, self.context["live"])


class ParitySerializer(Row):
    """Evidence that what is served is what was trained. `ok` is null where a figure is only reported."""

    server = serializers.CharField(source="server.name", allow_null=True, default=None)

    class Meta:
        model = ParityReport
        fields = [
            "uid",
            "question",
            "server",
            "server_version",
            "ok",
            "checked",
            "agreed",
            "bound",
            "limit",
            "trap",
            "sentence",
            "differences",
            "created_at",
        ]


class VersionSerializer(TrainedSerializer):
    """A version, and how it stands with the file that it is served from. Context: `files` by id, for lists.

    `gguf_digest` and `gguf_bytes` are `file_digest` and `file_bytes` under older names, whatever the file's format.
    """

    state = serializers.SerializerMethodField()
    file_digest = serializers.SerializerMethodField(help_text="SHA-256 of the file; empty until it is built.")
    file_bytes = serializers.SerializerMethodField()
    gguf_digest = serializers.SerializerMethodField(method_name="get_file_digest", help_text="Use `file_digest`.")
    gguf_bytes = serializers.SerializerMethodField(method_name="get_file_bytes", help_text="Use `file_bytes`.")
    quantization = serializers.SerializerMethodField()
    error = serializers.SerializerMethodField()

    class Meta(TrainedSerializer.Meta):
        fields = [
            *TrainedSerializer.Meta.fields, "state", "file_digest", "file_bytes", "gguf_digest", "gguf_bytes",
            "quantization", "error",
        ]  # fmt: skip

    def _file(self, version: ModelVersion) -> VersionFile:
        files: dict[int, VersionFile] = self.context.get("files", {})
        return files.get(version.pk) or file_of(version)

    def get_state(self, version: ModelVersion) -> str:
        return self._file(version).state

    def get_file_digest(self, version: ModelVersion) -> str:
        return self._file(version).digest

    def get_file_bytes(self, version: ModelVersion) -> int | None:
        return self._file(version).bytes

    def get_quantization(self, version: ModelVersion) -> str:
        return self._file(version).quantization

    def get_error(self, version: ModelVersion) -> str:
        return self._file(version).error


class EditRequest(Strict):
    """An edited Modelfile; only PARAMETER lines and SYSTEM may differ from the version's own."""

    modelfile = serializers.CharField(max_length=100_000, trim_whitespace=False)
    note = serializers.CharField(max_length=300, help_text="Why; it stays with the version.")


class VersionStateResponse(serializers.Serializer[Any]):
    """A version, its file, and where it stands."""

    uid = serializers.UUIDField(source="version.uid")
    version = serializers.IntegerField(source="version.number")
    model = serializers.CharField(source="version.tag")
    state = serializers.CharField(source="file.state")
    file_digest = serializers.CharField(source="file.digest", help_text="SHA-256; empty until it is built.")
    file_bytes = serializers.IntegerField(source="file.bytes", allow_null=True)
    gguf_digest = serializers.CharField(source="file.digest", help_text="Use `file_digest`.")
    gguf_bytes = serializers.IntegerField(source="file.bytes", allow_null=True, help_text="Use `file_bytes`.")
    quantization = serializers.CharField(source="file.quantization")
    proof = FiguresField(source="file.proof")
    error = serializers.CharField(source="file.error")
    origin = serializers.CharField(source="version.origin", help_text="A run's snapshot, another version, or a base.")
    modelfile = serializers.CharField(help_text="As it may be edited; empty while there is none.")
    nowhere = serializers.CharField(help_text="Why it stands on no server that could serve it; empty where it does.")
    staged = StagedSerializer(many=True)
    parity = ParitySerializer(many=True)
