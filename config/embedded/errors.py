"""What can go wrong with the embedded servers, as sentences for the person who started them."""


class EmbeddedError(Exception):
    """An embedded server cannot start or be reached; the text says why and what to do next."""
