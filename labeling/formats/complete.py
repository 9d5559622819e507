"""Our own format: all that is known of a sample on one line."""

from labeling.formats.base import Decision, Item, Proposal, Writer, encode


class Complete(Writer):
    """JSON Lines with text, ids, split, answer, who gave it when and how, all proposals and all decisions."""

    name = "touchstone"
    title = "Touchstone JSONL, complete"
    told = "All that is known of each text: its answer, who gave it, proposals, decisions."
    has_history = True

    def row(self, item: Item) -> str:
        """Put together by hand: the answers come as JSON from the database, and a million rows take their time."""
        proposals = ", ".join(map(_proposal, item.proposals))
        decisions = ", ".join(map(_decision, item.decisions))
        return (
            f'{{"uid": "{item.uid}", "text": {encode(item.text)}, "input": {encode(item.input)}, '
            f'"id": {encode(item.external_id)}, "split": "{item.split}", "way_in": "{item.way_in}", '
            f'"added_at": "{item.added_at}", "state": "{item.state}", {_answer(item)}, '
            f'"proposals": [{proposals}], "decisions": [{decisions}]}}\n'
        )


def _answer(item: Item) -> str:
    golden = item.golden
    if golden is None:
        return f'"answer": null, "approved": null, "withheld": {encode(item.is_withheld)}'
    read = golden.read.json if golden.read else "null"
    return (
        f'"answer": {read}, "approved": {{"as_given": {golden.as_given}, "spec_number": {golden.spec_number}, '
        f'"by": {encode(golden.by)}, "at": "{golden.at}", "given": "{golden.given}", "source": "{golden.source}"}}, '
        f'"withheld": {encode(item.is_withheld)}'
    )


def _proposal(said: Proposal) -> str:
    return (
        f'{{"model": {encode(said.model)}, "at": "{said.at}", "answer": {said.answer}, "raw": {encode(said.raw)}, '
        f'"status": "{said.status}", "confidence": {encode(said.confidence)}, '
        f'"latency_ms": {encode(said.latency_ms)}, "source": "{said.source}", "spec_number": {said.spec_number}}}'
    )


def _decision(made: Decision) -> str:
    return (
        f'{{"action": "{made.action}", "by": {encode(made.by)}, "at": "{made.at}", "answer": {made.answer}, '
        f'"comment": {encode(made.comment)}, "seconds": {encode(made.seconds)}, "spec_number": {made.spec_number}}}'
    )
