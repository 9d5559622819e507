"""What must not be reachable under a public name: the start ends with one sentence."""

from django.core.exceptions import ImproperlyConfigured

_SHORTEST = 50
_FEWEST_CHARACTERS = 5
_OWN = {"localhost", "127.0.0.1", "[::1]"}


def refuse_unsafe(secret_key: str, debug: bool, hosts: list[str]) -> None:
    """Raise `ImproperlyConfigured` for a key that can be guessed, or DEBUG, where others than this machine may ask."""
    public = sorted(host for host in hosts if host not in _OWN and not host.endswith(".localhost"))
    if not public:
        return
    where = f"ALLOWED_HOSTS has {public[0]}"
    if debug:
        raise ImproperlyConfigured(
            f"DEBUG shows settings and source to whoever meets an error, and {where}: unset DEBUG."
        )
    if len(secret_key) < _SHORTEST or len(set(secret_key)) < _FEWEST_CHARACTERS or "insecure" in secret_key:
        raise ImproperlyConfigured(
            f"SECRET_KEY can be guessed, and {where}: set it to {_SHORTEST} or more random characters, such as those "
            "that `openssl rand -hex 32` makes."
        )
