"""From where somebody asks, as the web server says it."""

import ipaddress

from django.http import HttpRequest

_UNKNOWN = "0.0.0.0"  # noqa: S104  nothing is bound to it: a local socket has no address


def address_of(request: HttpRequest) -> str:
    """The address of whoever asks. What strangers write into headers counts for nothing."""
    try:
        return str(ipaddress.ip_address(str(request.META.get("REMOTE_ADDR", ""))))
    except ValueError:
        return _UNKNOWN
