"""An edit of a version's Modelfile as a person makes it: what the pages and the admin share."""

from dataclasses import dataclass

from django.http import HttpRequest

from common.actor import Actor
from common.problems import ProblemError
from deployment.artifacts.editing import edit, editable
from deployment.artifacts.forms import EditForm
from training.models import ModelVersion


@dataclass
class Editing:
    """One edit under way."""

    version: ModelVersion

    @property
    def title(self) -> str:
        return f"Edit the Modelfile of {self.version}"

    def form(self, request: HttpRequest) -> EditForm:
        """The form, bound where the request brings one. Raises as `editable`."""
        if request.method == "POST":
            return EditForm(request.POST)
        return EditForm(initial={"modelfile": editable(self.version)})

    def carry_out(self, actor: Actor, form: EditForm) -> ModelVersion | None:
        """The new version; None, with the reason in the form, where the edit cannot be."""
        if not form.is_valid():
            return None
        try:
            return edit(actor, self.version, form.cleaned_data["modelfile"], form.cleaned_data["note"])
        except ProblemError as error:
            form.add_error("modelfile", str(error))
            return None

    def said(self, made: ModelVersion) -> str:
        """The message afterwards."""
        return f"{made} is made of {self.version}. It is staged and judged like any other."
