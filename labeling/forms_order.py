"""Forms of the page that tells in which order texts come to review."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.http import QueryDict

from labeling import orders
from labeling.kinds import kind_of
from labeling.models import Project
from labeling.services.order.choosing import LARGEST_SEED, order_of
from labeling.services.settings import premise_of
from labeling.streams import Shares


class OrderForm(forms.Form):
    """What a manager sets: the shares of the streams, the order of training texts, and the seed of chance."""

    teach = forms.IntegerField(label="Chosen to teach most (%)", min_value=0, max_value=100)
    random = forms.IntegerField(
        label="Drawn by chance (%)", min_value=0, max_value=100, help_text="What figures of training texts rest on."
    )
    blind = forms.IntegerField(
        label="Test texts (%)", min_value=0, max_value=100, help_text="Until the gate has enough of them."
    )
    order = forms.ChoiceField(label="Training texts come")
    seed = forms.IntegerField(
        label="Seed", min_value=0, max_value=LARGEST_SEED, required=False, help_text="Of the order by chance."
    )

    # What stood there when the page was opened; a program that sends none means whatever stands there.
    premise = forms.CharField(required=False, max_length=64, widget=forms.HiddenInput)

    def __init__(self, data: Mapping[str, Any] | None = None, *, project: Project) -> None:
        now = self.current(project)
        super().__init__(data, initial={**now, "premise": premise_of(now)})
        self.fields["order"].choices = orders.choices(kind_of(project))  # type: ignore[attr-defined]  # of a choice

    @staticmethod
    def current(project: Project) -> dict[str, Any]:
        """What stands there now."""
        row = order_of(project)
        return {name: getattr(row, name) for name in (*Shares._fields, "order", "seed")}

    def clean(self) -> dict[str, Any]:
        """The three shares are a whole."""
        said: dict[str, Any] = super().clean() or self.cleaned_data
        shares = [said[name] for name in Shares._fields if said.get(name) is not None]
        if len(shares) == len(Shares._fields) and sum(shares) != 100:
            self.add_error("teach", f"The three shares must add up to 100; these add up to {sum(shares)}.")
        return said

    def fresh(self, project: Project) -> "OrderForm":
        """The same on top of what somebody else has saved meanwhile."""
        return OrderForm({**dict(self.data.items()), "premise": premise_of(self.current(project))}, project=project)

    @property
    def shares(self) -> Shares:
        """What was asked for."""
        return Shares(*(self.cleaned_data[name] for name in Shares._fields))


class OwnOrderForm(forms.Form):
    """The order of one's own reviews; empty: the project's."""

    order = forms.ChoiceField(label="My training texts come", required=False)

    def __init__(self, data: QueryDict | None = None, *, project: Project, order: str = "") -> None:
        # Of its own: it stands on one page with the other form.
        super().__init__(data, initial={"order": order}, auto_id="own_%s")
        choices = [("", "As the project has it"), *orders.choices(kind_of(project))]
        self.fields["order"].choices = choices  # type: ignore[attr-defined]  # of a choice
