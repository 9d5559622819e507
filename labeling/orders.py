"""The orders in which training texts may come to review, by name. A higher floor registers them and gives the places.

What ranks texts by a head or by vectors needs what this floor does not know, so it stores places and hands out by them.
"""

from typing import Protocol

from labeling.kinds import Kind


class Order(Protocol):
    """`needs_vectors` and `needs_head`: what it takes. `of_golden`: it lists decided samples, no texts."""

    name: str
    title: str
    about: str
    needs_vectors: bool
    needs_head: bool
    of_golden: bool


_orders: dict[str, Order] = {}


def register(order: Order) -> None:
    """Let managers and reviewers choose it; once, however often it is registered."""
    _orders.setdefault(order.name, order)


def registered() -> dict[str, Order]:
    """All of them, by name."""
    return dict(_orders)


def of_texts(kind: Kind) -> list[Order]:
    """Those that texts can come to review by. Heads know labels of whole texts: without such, none by heads."""
    return [each for each in _orders.values() if not each.of_golden and (kind.labels_texts or not each.needs_head)]


def choices(kind: Kind) -> list[tuple[str, str]]:
    """The same, for a form."""
    return [(order.name, order.title) for order in of_texts(kind)]
