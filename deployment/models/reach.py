"""What may be called from this installation, as its settings say."""

from django.conf import settings
from django.core.exceptions import ValidationError

from common.addresses import AddressError, Rules, checked_url, host_of, rules_of


def rules() -> Rules:
    """MODEL_SERVER_HOSTS, and with a list the host of the built-in server: the same operator has named it."""
    words = list(settings.MODEL_SERVER_HOSTS)
    if words and settings.LOCAL_MODEL_SERVER_URL:
        words.append(host_of(settings.LOCAL_MODEL_SERVER_URL))
    return rules_of(words)


def validate_server_url(url: str) -> None:
    """Django's validator for the address of a model server; one for the public web would refuse `http://ollama`."""
    try:
        checked_url(url, rules())
    except AddressError as error:
        raise ValidationError(str(error)) from error
