"""What is put right in the whole description, once it is there."""

from typing import Any


def nullable_anything(result: Any, **context: Any) -> Any:
    """Anything "or null" is anything: as one of two, drf-spectacular would have null be neither."""
    waiting = [result]
    while waiting:
        each = waiting.pop()
        if isinstance(each, dict):
            if each.get("oneOf") == [{}, {"type": "null"}]:
                del each["oneOf"]
            waiting += each.values()
        elif isinstance(each, list):
            waiting += each
    return result


def whole_answers(result: Any, **context: Any) -> Any:
    """Every field of an answer is there, also one that a request could have left out."""
    shapes = result["components"].get("schemas", {})
    operations = [one for methods in result["paths"].values() for one in methods.values()]
    asked = _reached([one.get("requestBody") for one in operations], shapes)
    told = _reached([one["responses"] for one in operations], shapes)
    for name in told - asked:
        if shapes[name].get("type") == "object" and shapes[name].get("properties") and name != "Problem":
            shapes[name]["required"] = sorted(shapes[name]["properties"])
    return result


def _reached(start: Any, shapes: Any) -> set[str]:
    """The names of the shapes that `start` refers to, and those that these do."""
    found: set[str] = set()
    waiting = [start]
    while waiting:
        each = waiting.pop()
        if isinstance(each, dict):
            name = str(each.get("$ref", "")).rpartition("/")[2]
            if name and name not in found:
                found.add(name)
                waiting.append(shapes[name])
            waiting += each.values()
        elif isinstance(each, list):
            waiting += each
    return found
