"""The sections of a project's settings that this floor has: the gate, its error budget, automatic acceptance."""

from django import forms

from evaluation.models import AcceptPolicy, GatePolicy
from labeling.access import Right
from labeling.models import Project
from labeling.sections import Section
from labeling.settings_form import Group, Preset, RowForm, Shares, defaults_of, save_as_row

_FIGURE = "(0 to 1)"


class GateForm(RowForm):
    """What a version must show before it may serve."""

    model = GatePolicy
    names = (
        "minimum", "margin", "accept_tie", "psr_tolerance", "min_cases", "free_cases", "confidence", "hard_margin",
        "neighbours_refuse", "latency_ratio",
    )  # fmt: skip

    minimum = forms.FloatField(
        min_value=0, max_value=1, label="At least", help_text="The lower end of its interval must reach this."
    )
    margin = forms.FloatField(
        min_value=0, max_value=1, label="Margin",
        help_text="The version must be shown to be better by more than this; where a tie passes, it may be worse by "
        "less than this.",
    )  # fmt: skip
    accept_tie = forms.BooleanField(
        required=False,
        label="A tie passes",
        help_text="For versions that are wanted for another reason, such as speed.",
    )
    psr_tolerance = Shares(low=0, high=1, label="Answers that cannot be read may grow by")
    min_cases = forms.IntegerField(
        min_value=0, max_value=1_000_000, label="Test cases, at least",
        help_text="Shared with what it is held against; near-duplicates count once.",
    )  # fmt: skip
    free_cases = forms.IntegerField(
        min_value=0, max_value=1_000_000, label="Asked without the schema, too", help_text="0: none."
    )
    confidence = Shares(
        low=0.5, high=0.999, label="Sureness of each test", help_text="And of the intervals that are shown."
    )
    hard_margin = forms.FloatField(
        min_value=0, max_value=1, label="On hard cases it may lose",
        help_text="Refused where a greater loss is shown.",
    )  # fmt: skip
    neighbours_refuse = forms.BooleanField(
        required=False, label="Refuse where a simple method is shown to be better", help_text="Else it is only said."
    )
    latency_ratio = forms.FloatField(
        required=False, min_value=0.01, max_value=100, label="It may be slower by", help_text="Empty: any."
    )

    groups = (
        Group("How good", ("minimum", "margin", "accept_tie"), "In the figure that is judged, such as F1."),
        Group("On what", ("min_cases", "confidence")),
        Group("What else is held against it", ("psr_tolerance", "hard_margin", "latency_ratio", "neighbours_refuse")),
        Group("Beside the judgment", ("free_cases",), folded=True),
    )
    units = {
        "minimum": _FIGURE, "margin": _FIGURE, "psr_tolerance": "%", "min_cases": "cases", "free_cases": "cases",
        "confidence": "%", "hard_margin": _FIGURE, "latency_ratio": "times",
    }  # fmt: skip
    defaults = defaults_of(GatePolicy, *names)
    presets = (
        Preset("delivered", "As delivered", "Better than what is live, at 95 %, on 30 cases.",
               {name: defaults_of(GatePolicy, name)[name] for name in names}),
        Preset("careful", "Careful", "Better by two points, at 99 %, on 100 cases.",
               {"margin": 0.02, "confidence": 0.99, "min_cases": 100, "accept_tie": False, "neighbours_refuse": True}),
        Preset("tie", "No worse", "For smaller or quicker models: at most two points worse.",
               {"margin": 0.02, "accept_tie": True}),
    )  # fmt: skip


class BudgetForm(RowForm):
    """How often the gate may err where it promotes by itself."""

    model, names = GatePolicy, ("error_budget", "budget_rounds")

    error_budget = Shares(
        low=0.0001, high=0.5, label="It may err in at most",
        help_text="The chance that any of these rounds promotes what is no better.",
    )  # fmt: skip
    budget_rounds = forms.IntegerField(
        min_value=1, max_value=1_000, label="Over", help_text="Rounds of training and judging that the budget is for."
    )

    groups = (Group("Budget", ("error_budget", "budget_rounds"), "It holds for what is promoted by itself."),)
    units = {"error_budget": "%", "budget_rounds": "judged rounds"}
    defaults = defaults_of(GatePolicy, *names)
    presets = (
        Preset("delivered", "As delivered", "5 % over 20 rounds.", {"error_budget": 0.05, "budget_rounds": 20}),
        Preset("strict", "Strict", "1 % over 20; needs more cases.", {"error_budget": 0.01, "budget_rounds": 20}),
        Preset("long", "Long", "5 % over 100 rounds, for projects that train daily.",
               {"error_budget": 0.05, "budget_rounds": 100}),
    )  # fmt: skip


class AcceptForm(RowForm):
    """Whether the live version is taken at its word, and what that promises."""

    model, names = AcceptPolicy, ("enabled", *AcceptPolicy.OPTIONS)

    enabled = forms.BooleanField(required=False, label="Accept proposals by a certificate")
    wrong = Shares(low=0.001, high=0.5, label="At most wrong")
    confidence = Shares(low=0.5, high=0.999, label="How sure")
    audit_share = Shares(
        low=0.01, high=1, label="Still reviewed", help_text="Drawn by chance, and answered by experts, blind."
    )

    groups = (Group("Automatic acceptance", names),)
    units = dict.fromkeys(AcceptPolicy.OPTIONS, "%")
    defaults = defaults_of(AcceptPolicy, *names)


def _policy(project: Project) -> GatePolicy:
    return GatePolicy.objects.filter(project=project).first() or GatePolicy(project=project)


def _says_gate(project: Project) -> str:
    policy = _policy(project)
    than = f"at most {policy.margin:g} worse" if policy.accept_tie else f"better by more than {policy.margin:g}"
    return f"At least {policy.minimum:g}, {than}, {100 * policy.confidence:g} % sure, on {policy.min_cases:,} cases."


def _says_budget(project: Project) -> str:
    policy = _policy(project)
    return f"It may err in {100 * policy.error_budget:g} % over {policy.budget_rounds:,} rounds."


def _says_accept(project: Project) -> str:
    policy = AcceptPolicy.objects.filter(project=project).first() or AcceptPolicy(project=project)
    is_on = "On" if policy.enabled else "Off"
    return f"{is_on}: at most {100 * policy.wrong:g} % wrong, {100 * policy.confidence:g} % sure."


SECTIONS = (
    Section("gate", "Gate", "What a version must show before it may serve.", 30, Right.MANAGE, GateForm, save_as_row,
            _says_gate),
    Section("budget", "Error budget", "How often the gate may err where it promotes by itself.", 35, Right.MANAGE,
            BudgetForm, save_as_row, _says_budget),
    Section("acceptance", "Auto-accept", "Whether sure proposals become golden answers without an expert.", 50,
            Right.MANAGE, AcceptForm, save_as_row, _says_accept),
)  # fmt: skip
