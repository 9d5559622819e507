"""The kinds of model servers: a title, and the function that makes a driver of an address."""

# Title, and the function that makes a driver of an `Address`; imported when the first such server is asked.
KINDS: dict[str, tuple[str, str]] = {
    "local": ("Local llama.cpp", "deployment.servers.drivers.local.local_driver"),
    "ollama": ("Ollama", "deployment.servers.drivers.ollama.ollama_driver"),
}


def kind_choices() -> list[tuple[str, str]]:
    """The kinds of servers for a form, with their titles."""
    return [(kind, title) for kind, (title, _) in KINDS.items()]
