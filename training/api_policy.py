"""REST of what a project is trained by: its retrain policy, profiles, and the files of its snapshots."""

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.http import FileResponse, Http404
from django.shortcuts import get_object_or_404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import generics, serializers
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from common.rest import ObjectField, Row, Strict
from labeling.access import Right
from labeling.rest import ProjectDoor
from labeling.rest_policy import PolicyDoor, policy
from training import queries
from training.models import BaseModel, RetrainMethod, RetrainPolicy, TrainingProfile
from training.serializers import NamedField
from training.services.snapshots import SPLITS, folder_of


class MethodSerializer(Row):
    profile = serializers.CharField(source="profile.name", allow_null=True, default=None)
    base = serializers.CharField(source="base.name", allow_null=True, default=None)

    class Meta:
        model = RetrainMethod
        fields = ["method", "profile", "base"]


class RetrainPolicySerializer(Strict, Row):
    """When a project trains by itself, and what. `methods` are fitted beside `method`, in one round."""

    example = {"enabled": True, "threshold": 100}

    profile = NamedField("training profile", queryset=TrainingProfile.objects.all(), required=False, allow_null=True)
    base = NamedField("base model", queryset=BaseModel.objects.trainable(), required=False, allow_null=True)
    methods = serializers.SerializerMethodField()

    class Meta:
        model = RetrainPolicy
        fields = [
            "enabled", "threshold", "method", "profile", "base", "margin", "draft_every", "draft_proposes", "methods",
        ]  # fmt: skip

    @extend_schema_field(MethodSerializer(many=True))
    def get_methods(self, row: RetrainPolicy) -> Any:
        found = row.project.retrain_methods.select_related("profile", "base")
        return MethodSerializer(found, many=True).data


@policy("the retrain policy")
class RetrainPolicyView(PolicyDoor):
    """When a project trains by itself, and what."""

    model = RetrainPolicy
    serializer_class = RetrainPolicySerializer
    rights = {"PATCH": Right.OPERATE}


class ProfileSerializer(Row):
    config = ObjectField(read_only=True, help_text="Options of the engine.")

    class Meta:
        model = TrainingProfile
        fields = ["uid", "name", "description", "config", "created_at"]


class Profiles(ProjectDoor, generics.ListAPIView[TrainingProfile]):
    """The training profiles, newest first."""

    serializer_class = ProfileSerializer
    queryset = TrainingProfile.objects.none()
    rights = {"GET": Right.OPERATE}

    def get_queryset(self) -> QuerySet[TrainingProfile]:
        self.open()
        return TrainingProfile.objects.order_by("-id")


class JsonLines(JSONRenderer):
    """Lets a caller ask for what the file is."""

    media_type = "application/jsonl"
    format = "jsonl"


class SnapshotFileSerializer(serializers.Serializer[Any]):
    """A file of a snapshot."""

    split = serializers.CharField()
    rows = serializers.IntegerField()
    here = serializers.BooleanField(help_text="Whether this host has it, so that it can be downloaded.")


class SnapshotFile(ProjectDoor):
    """One file of a snapshot, as the engine reads it."""

    rights = {"GET": Right.OPERATE}
    renderer_classes = (JSONRenderer, JsonLines)

    @extend_schema(responses={(200, JsonLines.media_type): OpenApiTypes.BINARY})
    def get(self, request: Request, key: str, uid: UUID, split: str) -> FileResponse:
        """`train`, `validation` or `test`: JSON Lines with every text. 404 where they lie on another host."""
        row = get_object_or_404(queries.snapshot_rows(self.open()), uid=uid)
        path = folder_of(row) / f"{split}.jsonl"
        if split not in SPLITS or not path.is_file():
            raise Http404(f"This host has no {split} file of snapshot {row.short}.")
        name = f"{row.project.key}-{row.short}-{split}.jsonl"
        return FileResponse(path.open("rb"), as_attachment=True, filename=name, content_type=JsonLines.media_type)


class SnapshotFiles(ProjectDoor):
    """The files of a snapshot."""

    @extend_schema(responses=SnapshotFileSerializer(many=True))
    def get(self, request: Request, key: str, uid: UUID) -> Response:
        """Each split with its rows; `here` says whether this host has the file."""
        row = get_object_or_404(queries.snapshot_rows(self.open()), uid=uid)
        counts = {"train": row.train_rows, "validation": row.validation_rows, "test": row.test_rows}
        found = [
            {"split": split, "rows": counts[split], "here": (folder_of(row) / f"{split}.jsonl").is_file()}
            for split in SPLITS
        ]
        return Response(SnapshotFileSerializer(found, many=True).data)
