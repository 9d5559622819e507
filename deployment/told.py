"""What this floor tells as news: verdicts, moves of what is live, and banners."""

from django.urls import reverse

from deployment.models import Deployment, Finding, Verdict
from labeling import news
from labeling.models import Event
from training.models import ModelVersion

_BANNERS = {
    "finding.opened": "A banner",
    "finding.mended": "Mended by itself",
    "finding.gone": "No longer so",
    "finding.adopted": "Adopted",
    "finding.restored": "Restored",
    "finding.dismissed": "Dismissed",
    "finding.reopened": "A banner is back",
}


def register() -> None:
    """Called once, when the floor is ready."""
    news.register("verdict", "version.judged", _judged)
    news.register("promotion", "version.promoted", _moved)
    news.register("promotion", "move.failed", _given_up)
    news.register("rollback", "version.rolled_back", _moved)
    for verb in _BANNERS:
        news.register("banner", verb, _banner)


def _version(event: Event) -> tuple[str, str]:
    """The version that an event is about, in words, and its page."""
    version = ModelVersion.objects.filter(uid=event.subject_uid).first()
    if version is None:
        return f"version {news.short(event)}", reverse("deployment:deployments", args=[event.project_key])
    return f"version {version.number}", reverse("deployment:version", args=[event.project_key, version.number])


def _judged(event: Event) -> news.Told:
    name, path = _version(event)
    verdict = str(event.after.get("verdict", ""))
    words = Verdict(verdict).label if verdict in Verdict.values else verdict
    return news.Told(f"The gate judged {name}: {words}.", path)


def _moved(event: Event) -> news.Told:
    name, path = _version(event)
    rolled_back = event.verb == "version.rolled_back"
    return news.Told(f"Rolled back: {name} is live again." if rolled_back else f"Promoted: {name} is live.", path)


def _given_up(event: Event) -> news.Told:
    move = Deployment.objects.filter(uid=event.subject_uid).select_related("version").first()
    path = reverse("deployment:deployments", args=[event.project_key])
    name = f"to version {move.version.number}" if move else "of the live version"
    return news.Told(f"The move {name} was given up.", path)


def _banner(event: Event) -> news.Told:
    row = Finding.objects.filter(uid=event.subject_uid).first()
    what = row.get_kind_display() if row else f"finding {news.short(event)}"
    return news.Told(f"{_BANNERS[event.verb]}: {what}.", reverse("deployment:deployments", args=[event.project_key]))
