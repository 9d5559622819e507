"""Which addresses of model servers may be entered and called: rules alone, without Django and without the network.

A model server stands in a network of one's own, so names without a dot, underscores and private addresses are fine.
What must never be reached from here are the addresses where machines of clouds keep their credentials.
"""

import ipaddress
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import idna

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_OWN = tuple(map(ipaddress.ip_network, ("127.0.0.0/8", "0.0.0.0/8", "::1/128", "::/128")))
_LINK_LOCAL = tuple(map(ipaddress.ip_network, ("169.254.0.0/16", "fe80::/10")))
# Amazon, Google, Alibaba, Azure, Oracle; most others use 169.254.169.254.
_METADATA = tuple(
    map(ipaddress.ip_address, ("fd00:ec2::254", "fd20:ce::254", "100.100.100.200", "168.63.129.16", "192.0.0.192"))
)
_METADATA_NAMES = (
    *("metadata", "metadata.google.internal", "metadata.goog"),
    *("instance-data", "instance-data.ec2.internal"),
)
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
# DNS allows no underscore in a host's name; container networks and many a lab do.
_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?")
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")
_PATH = re.compile(r"(?:/[A-Za-z0-9._~-]+)*/?")
LONGEST = 300


class AddressError(Exception):
    """An address that cannot be used; the message says why and what to enter."""


@dataclass(frozen=True)
class Rules:
    """What may be called: names (`gpu1`, `*.lab`) and networks; with neither, everything but what never may be.

    `setting` is the one that the list stands in. `own_host`: without a list, this host itself may be called, too.
    """

    names: tuple[str, ...] = ()
    networks: tuple[Network, ...] = ()
    setting: str = "MODEL_SERVER_HOSTS"
    own_host: bool = True

    @property
    def is_open(self) -> bool:
        """No list is given."""
        return not self.names and not self.networks

    def __str__(self) -> str:
        return ", ".join([*self.names, *map(str, self.networks)])


def rules_of(words: Sequence[str | Network], **more: Any) -> Rules:
    """The rules that a list of names and networks stands for; `more` as `Rules` takes it."""
    names = tuple(word.lower() for word in words if isinstance(word, str))
    return Rules(names, tuple(word for word in words if not isinstance(word, str)), **more)


def checked_url(url: str, rules: Rules) -> str:
    """The address of a server as it is kept. Raises `AddressError`; names are resolved only when they are called."""
    url = url.strip().rstrip("/")
    host = host_of(url)
    check_host(host, rules)
    return url


def host_of(url: str) -> str:
    """The host of `http(s)://host[:port][/path]`, lower case, an IPv6 address without brackets. Raises `AddressError`.

    Everything else that a URL may hold is refused: programs read it differently, and one would be checked, another
    called.
    """
    if len(url) > LONGEST or not url.isascii() or re.search(r"[\s\\\x00-\x1f\x7f]", url):
        raise AddressError(f"Enter an address of at most {LONGEST} plain characters, such as http://ollama:11434.")
    try:
        parts = urlsplit(url)
        host, port = (parts.hostname or "").rstrip("."), parts.port
    except ValueError as error:
        raise AddressError(f"{url} is no address: {error}.") from error
    if parts.scheme not in ("http", "https"):
        raise AddressError("The address begins with http:// or https://; nothing else is called.")
    if "@" in parts.netloc:
        raise AddressError(
            "The address holds a user or a password. Put the key into an environment variable and name that instead."
        )
    if "?" in url or "#" in url or not _PATH.fullmatch(parts.path):
        raise AddressError("Enter scheme, host and port alone, such as http://ollama:11434, at most with a path.")
    if port == 0:
        raise AddressError("Port 0 cannot be called.")
    return _known_form(host)


def _known_form(host: str) -> str:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        labels = host.split(".")
        if len(host) > 253 or not all(_LABEL.fullmatch(label) and _can_be_read(label) for label in labels):
            raise AddressError(f"{host or 'nothing'} is no name of a host.") from None
        # Resolvers read 2852039166 and 0xa9fea9fe as addresses, too.
        if _NUMBER.fullmatch(labels[-1]):
            raise AddressError(f"{host} is no IPv4 address; write four numbers, such as 192.168.1.20.") from None
    return host


def _can_be_read(label: str) -> bool:
    """Whether a label that stands for other letters (`xn--`) stands for any: clients fail at one that does not."""
    try:
        return not label.startswith("xn--") or bool(idna.decode(label))
    except UnicodeError:
        return False


def check_host(host: str, rules: Rules) -> None:
    """Raise `AddressError` on a host that may not be called, as far as that is known without asking a name server."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        if host.rstrip(".").lower() in _METADATA_NAMES:
            raise AddressError(f"{host} is never called: {_WHY}.") from None
        if not (rules.is_open or rules.networks or names_match(host, rules)):
            raise AddressError(_not_allowed(host, rules)) from None
        return
    check_address(address, host, rules)


def check_address(address: Address, host: str, rules: Rules) -> None:
    """Raise `AddressError` where `address`, which `host` leads to, may not be connected to."""
    for each in _meanings(address):
        shown = str(each) if host == str(address) else f"{host} leads to {each}, which"
        if any(each in network for network in _LINK_LOCAL):
            raise AddressError(f"{shown} is link-local and never called: {_WHY}.")
        if each in _METADATA:
            raise AddressError(f"{shown} is never called: {_WHY}.")
        if rules.is_open and not rules.own_host and any(each in network for network in _OWN):
            raise AddressError(f"{shown} is this host itself, which is called only where {rules.setting} names it.")
    inside = any(each in network for network in rules.networks for each in _meanings(address))
    if not (rules.is_open or inside or names_match(host, rules)):
        raise AddressError(_not_allowed(host if host == str(address) else f"{host} ({address})", rules))


_WHY = "machines of clouds give their credentials there"


def _not_allowed(what: str, rules: Rules) -> str:
    return f"{what} is not called: {rules.setting} allows only {rules}. An operator of this installation may add it."


def names_match(host: str, rules: Rules) -> bool:
    """Whether a name of the rules is `host`, or its domain (`*.lab`)."""
    host = host.rstrip(".").lower()
    return any(host.endswith(name[1:]) if name.startswith("*.") else host == name for name in rules.names)


def _meanings(address: Address) -> list[Address]:
    """The address, and the IPv4 address that it stands for where it is one in disguise."""
    if isinstance(address, ipaddress.IPv4Address):
        return [address]
    plain = ipaddress.IPv6Address(int(address))  # without its zone
    inner = [plain.ipv4_mapped, plain.sixtofour, *(plain.teredo or ())]
    if plain in _NAT64 or int(plain) >> 32 == 0:
        inner.append(ipaddress.IPv4Address(int(plain) & 0xFFFFFFFF))
    return [plain, *(each for each in inner if each is not None)]
