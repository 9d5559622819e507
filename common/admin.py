"""What the admin classes of all floors share: links along the lineage, one colour per state, unfold's decorators."""

from collections.abc import Callable, Iterable
from typing import Any, TypeVar, cast

from django.db.models import Model
from django.urls import NoReverseMatch, reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from unfold import decorators

_Function = TypeVar("_Function", bound=Callable[..., Any])

GOOD, BAD, ODD, PLAIN = "success", "danger", "warning", "info"
COLORS = {
    **dict.fromkeys(("succeeded", "built", "staged", "live", "done", "proven", "mended", "passed", "strict"), GOOD),
    **dict.fromkeys(("well", "answers"), GOOD),
    **dict.fromkeys(("failed", "refused", "differs"), BAD),
    **dict.fromkeys(("queued", "waiting", "open", "insufficient", "repaired", "passed, stale"), ODD),
    **dict.fromkeys(("running", "building", "replaced", "baseline", "looking"), PLAIN),
}


def display(**options: Any) -> Callable[[_Function], _Function]:
    """unfold's `display`, which carries no types."""
    return cast(Callable[[_Function], _Function], decorators.display(**options))


def action(**options: Any) -> Callable[[_Function], _Function]:
    """unfold's `action`, which carries no types."""
    return cast(Callable[[_Function], _Function], decorators.action(**options))


def state_display(field: str = "state", description: str = "State") -> Callable[[_Function], _Function]:
    """A column with a state in its colour, sorted by `field`."""
    return display(description=description, label=COLORS, ordering=field)


def admin_link(row: Model | None, text: str = "") -> SafeString | str:
    """A link to a row's own admin page."""
    if row is None:
        return "-"
    url = reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_change", args=[row.pk])
    return _anchor(url, text or str(row))


def list_link(model: type[Model] | str, text: str, **filters: Any) -> SafeString:
    """A link to the filtered list of a model's rows; models of higher floors are named (`app_model`), not imported.

    Plain text where none of that name is registered.
    """
    name = model if isinstance(model, str) else f"{model._meta.app_label}_{model._meta.model_name}"
    try:
        return _anchor(reverse(f"admin:{name}_changelist", query=filters), text)
    except NoReverseMatch:
        return format_html("{}", text)


def site_link(name: str, *args: Any, text: str = "Open page") -> SafeString:
    """A link out of the admin to a page of the site."""
    return _anchor(reverse(name, args=args), text)


def one_line(links: Iterable[str]) -> SafeString:
    """Several links beside each other."""
    return format_html_join(" · ", "{}", ((link,) for link in links))


def _anchor(url: str, text: str) -> SafeString:
    return format_html('<a class="underline" href="{}">{}</a>', url, text)
