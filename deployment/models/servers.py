"""Where models run, and what of each project."""

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q

from common.addresses import LONGEST
from common.key_names import HELP, validate_key_name
from deployment.models.reach import validate_server_url
from deployment.models.server_kinds import kind_choices
from deployment.quantization import problem_with
from labeling.models import Project, PublicModel

_YEAR = 525_600  # minutes


def _within(low: float, high: float) -> list[MinValueValidator | MaxValueValidator]:
    return [MinValueValidator(low), MaxValueValidator(high)]


class InferenceServer(PublicModel):
    """A server that runs models. Threads and slots are its capacity, not the versions' business."""

    name = models.SlugField(max_length=60, unique=True)
    kind = models.CharField(max_length=10, choices=kind_choices)
    url = models.CharField(
        "address",
        max_length=LONGEST,
        validators=[validate_server_url],
        help_text="Such as http://ollama:11434: a name of your own network, or an IP address.",
    )
    key_env = models.CharField(
        max_length=100,
        blank=True,
        validators=[validate_key_name],
        help_text=f"Environment variable that holds the server's key, if it wants one. {HELP}",
    )
    threads = models.PositiveSmallIntegerField(
        default=0, validators=_within(0, 1024), help_text="0: as many as the server's cores."
    )
    slots = models.PositiveSmallIntegerField(default=4, validators=_within(1, 256))
    answer_seconds = models.FloatField(
        "seconds for an answer",
        default=10.0,
        validators=[MinValueValidator(0.5), MaxValueValidator(600)],
        help_text=(
            "How long a prediction waits for this server, 0.5 to 600 seconds. After three in a row that got no answer "
            "the server is left alone for a while, so a large model on a slow host may need more."
        ),
    )
    memory_mb = models.PositiveIntegerField(
        default=0, help_text="Memory that models may take on this server, in MB. 0: not limited by us."
    )
    max_loaded = models.PositiveSmallIntegerField(
        default=0, help_text="Models loaded at once (OLLAMA_MAX_LOADED_MODELS). 0: not limited by us."
    )
    is_active = models.BooleanField(default=True)
    follows_environment = models.BooleanField(
        default=False,
        editable=False,
        help_text="The built-in server: its address is LOCAL_MODEL_SERVER_URL, and follows it at every start.",
    )
    failures = models.PositiveSmallIntegerField(default=0, editable=False, help_text="Unanswered requests in a row.")
    unavailable_until = models.DateTimeField(null=True, editable=False, help_text="No requests go there before.")
    version = models.CharField(max_length=60, blank=True, editable=False)
    seen_at = models.DateTimeField(null=True, editable=False)
    error = models.TextField(blank=True, editable=False)

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(
                fields=["follows_environment"],
                condition=Q(follows_environment=True),
                name="one_server_follows_the_environment",
            )
        ]

    def __str__(self) -> str:
        return self.name


class ServingPolicy(PublicModel):
    """Where a project is served, and whether the gate alone may promote."""

    is_setup = True  # goes with a project that is deleted
    project = models.OneToOneField(Project, on_delete=models.CASCADE, related_name="serving_policy")
    servers = models.ManyToManyField(InferenceServer, related_name="policies")
    auto_promote = models.BooleanField(default=False, help_text="Promote every version that passes the gate.")
    alias_may_stay = models.BooleanField(
        "the alias may stay",
        default=False,
        help_text=(
            "Promote what some servers cannot serve (a head, beside Ollama) on those that can. On the others the alias "
            "for outside clients stays with the version that it names. Off: such a version cannot be promoted."
        ),
    )
    quantization = models.CharField(max_length=20, default="q8_0")
    adapters = models.BooleanField(
        "adapters apart",
        default=False,
        help_text=(
            "Upload the base once and each version's adapter beside it (ADAPTER) instead of merged files. Only Ollama "
            "up to 0.33 takes them. The price: versions share the base's memory, so two are never loaded side by side, "
            "a benchmark throws the live version out, and every change between them reloads the model."
        ),
    )
    proof_prompts = models.PositiveIntegerField(
        default=200, validators=_within(0, 100_000), help_text="Prompts whose tokens are proven, at most."
    )
    answer_prompts = models.PositiveIntegerField(
        default=8,
        validators=_within(0, 10_000),
        help_text="Prompts answered by the merged 16-bit model too, and compared; 0: none. 8 find a server that "
        "answers 54 % otherwise nine times in ten, 50 one of 18 %, 180 one of 10 %; each takes seconds of the build.",
    )
    answer_agreement = models.FloatField(
        default=0.97,
        validators=_within(0, 1),
        help_text="Refused where the agreement's upper confidence bound lies below.",
    )
    canary_seconds = models.FloatField(
        default=30.0, validators=_within(0.1, 600), help_text="A promotion fails where a canary answers slower."
    )
    rollback_minutes = models.PositiveIntegerField(
        default=60, validators=_within(0, _YEAR), help_text="How long the version before stays loaded."
    )
    watch_minutes = models.PositiveIntegerField(
        default=30,
        validators=_within(0, _YEAR),
        help_text="How long a promoted version is held against the one before, by what experts decide a week at least; "
        "0: not at all.",
    )
    auto_rollback = models.BooleanField(default=False, help_text="Roll back by itself where the watch finds it worse.")
    watch_requests = models.PositiveIntegerField(
        default=20,
        validators=_within(1, 1_000_000),
        help_text="Requests, or thumbs, that have their like before the move, before the watch judges.",
    )
    watch_tolerance = models.FloatField(
        default=0.05,
        validators=_within(0, 1),
        help_text="Share of requests that may fail, be unreadable or be disliked more than before.",
    )
    watch_slowdown = models.FloatField(
        default=2.0,
        validators=_within(1, 1000),
        help_text="How many times as long the slowest tenth of the answers may take.",
    )
    keep_previous = models.PositiveSmallIntegerField(
        default=2, validators=_within(0, 1_000), help_text="Versions kept beside the live one."
    )
    keep_days = models.PositiveSmallIntegerField(
        default=30, validators=_within(0, 3_650), help_text="Versions live within these days are kept."
    )

    class Meta:
        verbose_name_plural = "serving policies"

    def __str__(self) -> str:
        return f"serving of {self.project.key}"

    @classmethod
    def of(cls, project: Project | int) -> "ServingPolicy | None":
        """The project's policy; None where it is not served."""
        return cls.objects.filter(project=project).first()

    def active_servers(self) -> list[InferenceServer]:
        """The servers in use, in the order of their names."""
        return list(self.servers.filter(is_active=True))

    def clean(self) -> None:
        """The form of the weights must be one that can be made; whether a quantizer is there, the build host knows."""
        problem = problem_with(self.quantization)
        if problem:
            raise ValidationError({"quantization": problem})


class ModelPull(PublicModel):
    """A base model that an operator had fetched from a server's registry."""

    class State(models.TextChoices):
        QUEUED = "queued"
        PULLING = "pulling"
        DONE = "done"
        FAILED = "failed"
        CANCELLED = "cancelled"

    server = models.ForeignKey(InferenceServer, on_delete=models.CASCADE, related_name="pulls")
    name = models.CharField(max_length=200)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    state = models.CharField(max_length=10, choices=State.choices, default=State.QUEUED)
    bytes_done = models.BigIntegerField(default=0)
    bytes_total = models.BigIntegerField(default=0)
    error = models.TextField(blank=True)
    lease_token = models.UUIDField(null=True, editable=False)
    lease_until = models.DateTimeField(null=True, editable=False)
    attempts = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["server", "name"], condition=Q(state__in=["queued", "pulling"]), name="pulled_once_at_a_time"
            )
        ]

    def __str__(self) -> str:
        return f"{self.name} on {self.server}"

    @property
    def percent(self) -> int:
        """Of the bytes known so far."""
        return int(100 * self.bytes_done / self.bytes_total) if self.bytes_total else 0
