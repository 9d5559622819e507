"""Who promoted in a bundle, and whether its verdict lets them; and what no file can show."""

from collections.abc import Iterator

from evaluation.bundles.reading import Bundle
from evaluation.bundles.shapes import Promotion

Line = tuple[bool | None, str, str]


def looked_at(bundle: Bundle) -> Iterator[Line]:
    """The promotion, then what cannot be verified."""
    promotion, report = bundle.promotion, bundle.report
    assert promotion is not None
    version = bundle.versions.get("candidate")
    if version is None or version.tag != promotion.version:
        yield False, "promotion", f"of {promotion.version}, and the file is about another version."
        return
    judged = {each.get("report"): each.get("verdict") for each in promotion.judgments}
    if report is not None and judged.get(report.uid, report.verdict) != report.verdict:
        said = f"made on the verdict “{judged[report.uid]}”, where the report says “{report.verdict}”."
        yield False, "promotion", said
    elif promotion.automatic:
        yield _by_the_gate(bundle, promotion)
    else:
        yield _by_hand(bundle, promotion)
    yield from _unseen(bundle, promotion)


def _by_the_gate(bundle: Bundle, promotion: Promotion) -> Line:
    report = bundle.report
    if report is None or not (report.clears or report.verdict == "baseline"):
        return False, "promotion", "the gate is said to have promoted by itself, and this verdict does not let it."
    if report.verdict == "baseline":
        first = promotion.before is None
        words = "the first that was live" if first else "and something was live before"
        return first, "promotion", f"by the gate itself: the baseline, {words}."
    if not _speaks_of(bundle, promotion):
        before = promotion.before or "nothing"
        return False, "promotion", f"by the gate itself, in place of {before}, against which it was not held."
    return True, "promotion", "by the gate itself, as its verdict and its look allow."


def _speaks_of(bundle: Bundle, promotion: Promotion) -> bool:
    """Whether the verdict is about what was live; while nothing was, about the baseline, or without any reference."""
    held_against = bundle.report.held_against if bundle.report else None
    if promotion.before is not None:
        return held_against == promotion.before
    reference = bundle.versions.get("reference")
    return held_against is None or (reference is not None and reference.number == 0)


def _by_hand(bundle: Bundle, promotion: Promotion) -> Line:
    who = promotion.by or "a job of the system"
    report = bundle.report
    if report is not None and report.verdict == "passed" and _speaks_of(bundle, promotion):
        return True, "promotion", f"by {who}, of a version that had passed against what was live."
    if not promotion.reason:
        return False, "promotion", f"by {who} without a verdict that passes, and without the reason that this takes."
    return None, "promotion", f"by {who}, by hand and with open eyes; no figure decided it: {promotion.reason}"


def _unseen(bundle: Bundle, promotion: Promotion) -> Iterator[Line]:
    report = bundle.report
    if report is None:
        yield None, "verdict", "the gate had not judged it: there is nothing to work out."
    elif report.verdict == "baseline":
        yield None, "verdict", "a baseline is not judged: nothing is said of how good it is."
    elif bundle.cases is None:
        yield None, "verdict", f"it was judged without cases: {report.sentence}"
    others = [each.get("server", "") for each in promotion.judgments if report and each.get("report") != report.uid]
    if others:
        yield None, "servers", f"the judgments on {', '.join(others)}: each is of answers of its own, not in this file."
    yield (
        None,
        "origin",
        (
            "that models gave these answers, and experts the right ones: nobody has signed them. The installation "
            "writes the same bytes again: compare the SHA-256 of the files."
        ),
    )
