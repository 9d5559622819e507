"""What was live, what moved it, and what went wrong."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from deployment.models.querysets import MOVING, SERVING, DeploymentQuerySet
from deployment.models.servers import InferenceServer
from deployment.models.versions import StagedVersion
from labeling.models import Project, PublicModel
from training.models import ModelVersion


class Deployment(PublicModel):
    """One attempt to make a version live. Append-only history; failures stay in it."""

    class Action(models.TextChoices):
        PROMOTE = "promote"
        ROLLBACK = "rollback"

    class State(models.TextChoices):
        PLANNED = "planned"
        STAGED = "staged"
        WARMED = "warmed"
        MOVED = "moved"
        PROVEN = "proven"
        LIVE = "live"
        REPLACED = "replaced", "Was live, replaced"
        FAILED = "failed"

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="deployments")
    version = models.ForeignKey(ModelVersion, on_delete=models.PROTECT, related_name="deployments")
    previous = models.ForeignKey(ModelVersion, null=True, on_delete=models.PROTECT, related_name="+")
    action = models.CharField(max_length=10, choices=Action.choices)
    state = models.CharField(max_length=10, choices=State.choices, default=State.PLANNED)
    failed_step = models.CharField(max_length=10, blank=True)
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="deployments")
    automatic = models.BooleanField(default=False)
    reason = models.TextField(blank=True)
    modelfile = models.TextField(blank=True)
    evidence = models.JSONField(default=dict, help_text="The gate's figures, digests and what each server proved.")
    move_ms = models.FloatField(null=True, help_text="From the switch of the live row to the proven alias.")
    may_evict = models.BooleanField(default=False, help_text="Somebody said yes to what would be thrown out of memory.")
    steps = models.JSONField(default=list, help_text="Each step taken: name, time, milliseconds, what was seen.")
    error = models.TextField(blank=True)
    lease_token = models.UUIDField(null=True, editable=False)
    lease_until = models.DateTimeField(null=True, editable=False)
    attempts = models.PositiveSmallIntegerField(default=0)
    live_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    objects = DeploymentQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["project"], condition=Q(state="live"), name="one_live_version"),
            models.UniqueConstraint(
                fields=["project"],
                condition=Q(state__in=MOVING),
                name="one_move_at_a_time",
            ),
        ]
        permissions = [("promote", "Can promote and roll back versions")]

    def __str__(self) -> str:
        return f"{self.action} {self.version} ({self.state})"

    @property
    def is_moving(self) -> bool:
        """Its move is under way."""
        return self.state in MOVING

    @property
    def is_serving(self) -> bool:
        """Requests go to it."""
        return self.state in SERVING

    @property
    def stays(self) -> dict[str, str]:
        """By the name of each server that cannot serve it, the version that the alias stays with; empty: no alias.

        Of what is live: on the servers that its project is served from now; else as it was planned.
        """
        told: dict[str, str] = self.evidence.get("stays", {})
        if not told or not self.is_serving:
            return told
        rows = self.targets.filter(state=DeploymentTarget.State.STAYS, server__policies__project=self.project_id)
        rows = rows.select_related("server", "staged__version__project")
        return {row.server.name: row.staged.version.tag if row.staged else "" for row in rows}


class DeploymentTarget(PublicModel):
    """How far a deployment is on one of its servers."""

    class State(models.TextChoices):
        WAITING = "waiting"
        WARMED = "warmed"
        MOVED = "moved"
        PROVEN = "proven"
        BEHIND = "behind", "Away; catches up when it returns"
        STAYS = "stays", "Cannot serve it"
        BACK = "back", "Led back to the version before"

    deployment = models.ForeignKey(Deployment, on_delete=models.CASCADE, related_name="targets")
    server = models.ForeignKey(InferenceServer, on_delete=models.PROTECT, related_name="targets")
    staged = models.ForeignKey(
        StagedVersion,
        null=True,
        on_delete=models.SET_NULL,
        related_name="targets",
        help_text="What the alias is to lead to; where it stays, another version, or none.",
    )
    state = models.CharField(max_length=10, choices=State.choices, default=State.WAITING)
    canary_ms = models.FloatField(null=True)
    proof = models.TextField(blank=True, help_text="What was seen there: the alias and its manifest digest.")
    error = models.TextField(blank=True)

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["deployment", "server"], name="one_target_per_server")]

    def __str__(self) -> str:
        return f"{self.deployment_id} on {self.server}: {self.state}"


class FailedRequest(PublicModel):
    """A request that got no answer from any server; those that were answered are predictions."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="failed_requests")
    model_tag = models.CharField(max_length=200, blank=True, help_text="What was live, as predictions name it.")
    sentence = models.TextField()

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["project", "created_at"], name="failures_in_time")]

    def __str__(self) -> str:
        return f"{self.model_tag or self.project_id}: {self.sentence[:60]}"


class Finding(PublicModel):
    """Something that is not as our rows say. What a person did is never undone silently: it is offered."""

    class Kind(models.TextChoices):
        ALIAS = "alias", "The alias leads elsewhere"
        TAG_GONE = "tag_gone", "The version is gone from the server"
        CONTENT = "content", "The version's tag holds something else"
        BROKEN = "broken", "The version cannot be loaded"
        UNLOADED = "unloaded", "The live version was not loaded"
        UPGRADED = "upgraded", "The server's version changed"
        WORSE = "worse", "Worse than the version before"
        JOINED = "joined", "A server joined that cannot serve what is live"
        PROMISE = "promise", "A certificate is withdrawn"

    class State(models.TextChoices):
        OPEN = "open"
        MENDED = "mended", "Mended by itself"
        ADOPTED = "adopted"
        RESTORED = "restored"
        DISMISSED = "dismissed"
        GONE = "gone", "No longer so"

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="findings")
    server = models.ForeignKey(InferenceServer, null=True, on_delete=models.CASCADE, related_name="findings")
    version = models.ForeignKey(ModelVersion, on_delete=models.CASCADE, related_name="findings")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    state = models.CharField(max_length=10, choices=State.choices, default=State.OPEN)
    sentence = models.TextField()
    found = models.CharField(max_length=200, blank=True, help_text="The digest or version that was seen.")
    resolved_at = models.DateTimeField(null=True)
    resolved_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["project", "server", "version", "kind"],
                condition=Q(state="open"),
                nulls_distinct=False,
                name="found_once",
            )
        ]

    def __str__(self) -> str:
        return f"{self.version}: {self.get_kind_display()}"
