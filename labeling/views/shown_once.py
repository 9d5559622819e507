"""What is shown once: a secret that is kept nowhere stays with the session until its page is there, and no longer."""

from django.http import HttpRequest


def keep(request: HttpRequest, name: str, value: str) -> None:
    """Have the next page of this person show it. A second click on the same button finds it there, too."""
    request.session[f"once.{name}"] = value


def take(request: HttpRequest, name: str) -> str:
    """What is to be shown now, and never again; empty where there is nothing, or where nothing is shown."""
    if request.method != "GET":
        return ""
    return str(request.session.pop(f"once.{name}", ""))
