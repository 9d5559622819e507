"""Our own format: all that is known of a sample on one line."""

from labeling.formats.base import Item, Writer, encode, quoted


class Complete(Writer):
    """JSON Lines with text, ids, split, answer, who gave it when and how, all proposals and all decisions."""

    name = "touchstone"
    title = "Touchstone JSONL, complete"
    told = "All that is known of each text: its answer, who gave it, proposals, decisions."
    has_history = True

    def row(self, item: Item) -> str:
        """Put together by hand: the answers come as JSON from the database, and a million rows take their time."""
        input = "null" if item.input is None else encode(item.input)
        return (
            f'{{"uid": "{item.uid}", "text": {quoted(item.text)}, "input": {input}, "id": {quoted(item.external_id)}, '
            f'"split": "{item.split}", "way_in": "{item.way_in}", "added_at": "{item.added_at}", '
            f'"state": "{item.state}", {_answer(item)}, '
            f'"proposals": {item.proposals}, "decisions": {item.decisions}}}\n'
        )


def _answer(item: Item) -> str:
    golden = item.golden
    if golden is None:
        return f'"answer": null, "approved": null, "withheld": {"true" if item.is_withheld else "false"}'
    read = golden.read.json if golden.read else "null"
    by = "null" if golden.by is None else quoted(golden.by)
    return (
        f'"answer": {read}, "approved": {{"as_given": {golden.as_given}, "spec_number": {golden.spec_number}, '
        f'"by": {by}, "at": "{golden.at}", "given": "{golden.given}", "source": "{golden.source}"}}, "withheld": false'
    )
