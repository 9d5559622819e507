"""An edit of a version's Modelfile as a person makes it: what the pages and the admin share."""

from dataclasses import dataclass

from django.http import HttpRequest

from deployment.forms import EditForm
from deployment.services import edit
from deployment.services.editing import editable
from labeling.models import User
from labeling.problems import ProblemError
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

    def carry_out(self, user: User, form: EditForm) -> ModelVersion | None:
        """The new version; None, with the reason in the form, where the edit cannot be."""
        if not form.is_valid():
            return None
        # A browser sends a text's line ends as CR LF.
        text = form.cleaned_data["modelfile"].replace("\r\n", "\n")
        try:
            return edit(user, self.version, text, form.cleaned_data["note"])
        except ProblemError as error:
            form.add_error("modelfile", str(error))
            return None

    def said(self, made: ModelVersion) -> str:
        """The message afterwards."""
        return f"{made} is made of {self.version}. It is staged and judged like any other."
