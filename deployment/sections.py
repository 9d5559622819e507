"""The section of a project's settings that this floor has: where it is served from, and what may happen by itself."""

from typing import Any

from django import forms

from common.actor import Actor
from deployment.models import InferenceServer, ServingPolicy
from deployment.quantization import CHOICES
from deployment.servers.registration import change_policy
from labeling.access import Right
from labeling.models import Project
from labeling.sections import Section
from labeling.settings_form import Group, Preset, RowForm, SettingsForm, Shares, defaults_of

_NAMES = (
    "auto_promote", "auto_rollback", "alias_may_stay", "quantization", "adapters", "proof_prompts", "answer_prompts",
    "answer_agreement", "canary_seconds", "rollback_minutes", "watch_minutes", "watch_requests", "watch_tolerance",
    "watch_slowdown", "keep_previous", "keep_days",
)  # fmt: skip
_YEAR, _MOST = 525_600, 1_000_000


def _help(name: str) -> str:
    return str(ServingPolicy._meta.get_field(name).help_text)  # type: ignore[union-attr]  # a column of its own


class ServingForm(RowForm):
    """Where the project is served from, what a version is built as, how it is proven, watched and kept."""

    model, names = ServingPolicy, _NAMES

    servers = forms.ModelMultipleChoiceField(
        InferenceServer.objects.all(), required=False, widget=forms.CheckboxSelectMultiple, label="Served from",
        help_text="A version is built for, and brought to, each of them. Administrators add servers.",
    )  # fmt: skip
    auto_promote = forms.BooleanField(required=False, label="Promote every version that passes the gate")
    auto_rollback = forms.BooleanField(required=False, label="Roll back where the watch finds the new version worse")
    alias_may_stay = forms.BooleanField(
        required=False, label="The alias may stay behind", help_text=_help("alias_may_stay")
    )
    quantization = forms.ChoiceField(
        choices=[(name, name) for name in CHOICES], label="Form of the weights",
        help_text="q8_0 is half of 16 bits and loses next to nothing; q4 forms need a quantizer on the build host.",
    )  # fmt: skip
    adapters = forms.BooleanField(required=False, label="Adapters apart", help_text=_help("adapters"))
    proof_prompts = forms.IntegerField(
        min_value=0, max_value=100_000, label="Prove the tokens of", help_text="At most so many."
    )
    answer_prompts = forms.IntegerField(
        min_value=0, max_value=10_000, label="Compare the answers of", help_text=_help("answer_prompts")
    )
    answer_agreement = Shares(low=0, high=1, label="They agree in at least", help_text=_help("answer_agreement"))
    canary_seconds = forms.FloatField(
        min_value=0.1, max_value=600, label="The first answers come within", help_text=_help("canary_seconds")
    )
    rollback_minutes = forms.IntegerField(min_value=0, max_value=_YEAR, label="The version before stays loaded for")
    watch_minutes = forms.IntegerField(
        min_value=0, max_value=_YEAR, label="Watch a new version for", help_text=_help("watch_minutes")
    )
    watch_requests = forms.IntegerField(
        min_value=1, max_value=_MOST, label="Judge it after", help_text=_help("watch_requests")
    )
    watch_tolerance = Shares(low=0, high=1, label="It may fail more by", help_text=_help("watch_tolerance"))
    watch_slowdown = forms.FloatField(
        min_value=1, max_value=1000, label="It may be slower by", help_text=_help("watch_slowdown")
    )
    keep_previous = forms.IntegerField(min_value=0, max_value=1_000, label="Keep beside the live one")
    keep_days = forms.IntegerField(min_value=0, max_value=3_650, label="Keep what was live within")

    groups = (
        Group("Where", ("servers",)),
        Group("By itself", ("auto_promote", "auto_rollback"), "Without a person; each time it is told under Activity."),
        Group("Watching a new version", ("watch_minutes", "watch_requests", "watch_tolerance", "watch_slowdown")),
        Group("Keeping files", ("keep_previous", "keep_days", "rollback_minutes")),
        Group("Building", ("quantization", "adapters", "alias_may_stay"), folded=True),
        Group("Proofs", ("proof_prompts", "answer_prompts", "answer_agreement", "canary_seconds"), folded=True),
    )  # fmt: skip
    units = {
        "proof_prompts": "prompts", "answer_prompts": "prompts", "answer_agreement": "%", "canary_seconds": "seconds",
        "rollback_minutes": "minutes", "watch_minutes": "minutes", "watch_requests": "requests, or thumbs",
        "watch_tolerance": "% of requests", "watch_slowdown": "times", "keep_previous": "versions", "keep_days": "days",
    }  # fmt: skip
    defaults = defaults_of(ServingPolicy, *_NAMES)
    presets = (
        Preset("hand", "By hand", "A person promotes and rolls back.", {"auto_promote": False, "auto_rollback": False}),
        Preset("watched", "Promote by itself, watched", "What passes the gate goes live, and back where it is worse.",
               {"auto_promote": True, "auto_rollback": True, "watch_minutes": 30}),
        Preset("delivered", "As delivered", "All numbers as they came; the servers stay.",
               {name: defaults_of(ServingPolicy, name)[name] for name in _NAMES}),
    )  # fmt: skip

    @classmethod
    def current(cls, project: Project) -> dict[str, Any]:
        policy = ServingPolicy.of(project)
        chosen = policy.servers.values_list("pk", flat=True) if policy else ()
        return {**super().current(project), "servers": sorted(chosen)}


def _save(actor: Actor, project: Project, form: SettingsForm) -> None:
    assert isinstance(form, ServingForm)
    changes = form.changes
    change_policy(actor, project, changes, changes.pop("servers", None))


def _says(project: Project) -> str:
    policy = ServingPolicy.of(project)
    names = ", ".join(row.name for row in policy.servers.order_by("name")) if policy else ""
    if policy is None or not names:
        return "From no server: nothing answers."
    how = "what passes the gate goes live by itself" if policy.auto_promote else "a person promotes"
    return f"From {names}; {how}."


SERVING = Section(
    "serving", "Serving", "Where versions stand, what happens by itself, how they are proven, watched and kept.", 40,
    Right.MANAGE, ServingForm, _save, _says,
)  # fmt: skip
