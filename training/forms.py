"""The forms that start a run, and a project's first version, by hand."""

from typing import Any

from django import forms

from labeling.models import Project
from training.methods import HEAD, METHODS, SFT, Method, method_choices
from training.models import BaseModel, RetrainPolicy, TrainingProfile
from training.services import awaits_fetching, default_base


class SnapshotForm(forms.Form):
    """What is kept with a new snapshot."""

    note = forms.CharField(required=False, max_length=300)


class BaseForm(forms.Form):
    """What a base model is called here, and where its weights are."""

    name = forms.CharField(max_length=200)
    location = forms.CharField(max_length=500)
    revision = forms.CharField(required=False, max_length=100)


class BaselineForm(forms.Form):
    """Which base model is a project's version 0."""

    base = forms.ModelChoiceField(BaseModel.objects.language_models(), empty_label=None, label="Base model")

    def __init__(self, *args: Any, policy: RetrainPolicy | None = None, **kwargs: Any) -> None:
        if policy is not None:
            kwargs.setdefault("initial", {"base": policy.base_id})
        kwargs.setdefault("auto_id", "baseline_%s")
        super().__init__(*args, **kwargs)
        shipped = default_base()
        if shipped is not None and awaits_fetching(shipped):
            self.fields["base"].help_text = f"{shipped} is fetched first (about 100 MB); that takes a minute."


class StartRoundForm(forms.Form):
    """A yes to runs that are there."""

    again = forms.BooleanField(required=False, label="Even where such runs are there")


class BaseChoice(forms.ModelChoiceField):  # type: ignore[type-arg]  # generic in its stubs alone
    """Base models, each told by what it is where it is no language model."""

    def label_from_instance(self, obj: Any) -> str:
        return f"{obj} ({obj.get_role_display()})" if obj.is_encoder else str(obj)


class StartRunForm(forms.Form):
    """What to train, and how; the project's retrain policy gives the first choice."""

    profile = forms.ModelChoiceField(TrainingProfile.objects.all(), required=False, empty_label="none")
    base = BaseChoice(
        BaseModel.objects.trainable(), required=False, empty_label="what the method is made of", label="Base model"
    )
    method = forms.ChoiceField(
        required=False,
        choices=method_choices,
        help_text="A head on a sentence encoder is fitted in seconds, without a GPU, and takes no profile.",
    )
    again = forms.BooleanField(required=False, label="Yes, the same run again")

    def __init__(
        self,
        *args: Any,
        project: Project | None = None,
        policy: RetrainPolicy | None = None,
        asks_again: bool = False,
        **kwargs: Any,
    ) -> None:
        if policy is not None:
            chosen = {"profile": policy.profile_id, "base": policy.base_id, "method": policy.method}
            kwargs.setdefault("initial", chosen)
        super().__init__(*args, **kwargs)
        if project and all(method.obstacle(project) for method in METHODS.values() if method is not SFT):
            del self.fields["method"]  # nothing to choose
        # Asked only where there is such a run.
        if not asks_again:
            self.fields["again"].widget = forms.HiddenInput()
        self.usual_method = policy.method if policy else SFT.name

    def clean(self) -> dict[str, Any]:
        """What stood there from the policy and does not fit the method is left open: nobody chose it."""
        found = super().clean() or self.cleaned_data
        method = METHODS[found.get("method") or self.usual_method]
        found["base"] = kept_base(self, method)
        if not method.of_encoder and not found.get("profile"):
            self.add_error("profile", "Choose a training profile.")
        return found


def kept_base(form: forms.BaseForm, method: Method) -> BaseModel | None:
    """The base of a form that offers the policy's first; None where that misfits the method and was not chosen."""
    base: BaseModel | None = form.cleaned_data.get("base")
    return None if base and "base" not in form.changed_data and method.misfit(base) else base


class PolicyForm(forms.ModelForm):  # type: ignore[type-arg]  # generic in its stubs alone
    """A retrain policy, or a further method of one, in the admin.

    Another method takes its own base unless one is chosen with it.
    """

    def clean(self) -> dict[str, Any]:
        found = super().clean() or self.cleaned_data
        if method := METHODS.get(found.get("method", "")):
            found["base"] = kept_base(self, method)
        project = found.get("project")
        if found.get("draft_proposes") and project and (obstacle := HEAD.obstacle(project)):
            self.add_error("draft_proposes", f"There can be no draft: {obstacle}")
        return found
