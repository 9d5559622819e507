"""An exported encoder with other weights: fine-tuning changes numbers, never the computation.

An export takes as long as many updates. Where each changed weight has a place of its own in the graph that there is,
the graph is taken as it is; whoever calls proves it against torch, as any export.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import torch

    Array = np.ndarray[Any, np.dtype[Any]]


def refill(graph: Path, before: "torch.nn.Module", after: "torch.nn.Module", path: Path) -> bool:
    """Write `graph`, which was exported from `before`, with the weights of `after`, a module of the same names.

    False, and nothing is written, where the graph is not there, or a changed weight has no place in it, or several: an
    export joins weights that are equal, as those of a new model often are.
    """
    import onnx

    if not graph.is_file():
        return False
    old, new = _arrays(before), _arrays(after)
    changed = {name: value for name, value in new.items() if not np.array_equal(value, old[name])}
    model = onnx.load(graph)
    there = {
        each.name: onnx.numpy_helper.to_array(each)
        for each in model.graph.initializer
        if each.data_type == onnx.TensorProto.FLOAT
    }
    places = {name: _places(name, old[name], there) for name in changed}
    taken = [place for found in places.values() for place, _ in found]
    if any(len(found) != 1 for found in places.values()) or len(set(taken)) < len(taken):
        return False
    filled = {
        place: changed[name].T if turned else changed[name] for name, found in places.items() for place, turned in found
    }
    for each in model.graph.initializer:
        if each.name in filled:
            value = np.ascontiguousarray(filled[each.name])
            each.CopyFrom(onnx.numpy_helper.from_array(value, each.name))
    onnx.save(model, path)
    return True


def _arrays(module: "torch.nn.Module") -> dict[str, "Array"]:
    return {name: value.detach().float().cpu().numpy() for name, value in module.named_parameters()}


def _places(name: str, value: "Array", there: Mapping[str, "Array"]) -> list[tuple[str, bool]]:
    """Where a weight stands, and whether transposed: under its own name, else wherever the very numbers are."""
    if name in there and np.array_equal(there[name], value):
        return [(name, False)]
    found = [(place, False) for place, other in there.items() if np.array_equal(other, value)]
    if value.ndim == 2:
        found += [(place, True) for place, other in there.items() if np.array_equal(other, value.T)]
    return found
