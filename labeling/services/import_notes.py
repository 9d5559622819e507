"""What somebody should know of an import that counts alone do not say."""

from labeling.models import ImportBatch, Sample, Split

# A split that by its share would hold so many of the new texts, and has none, is none by chance.
_EXPECTED = 3


def notes_of(batch: ImportBatch) -> list[str]:
    """That texts fell into fewer splits than the project has, with the reason; empty where nothing is odd."""
    project = batch.project
    shares = dict(zip((Split.TRAIN, Split.VALIDATION, Split.TEST), project.shares, strict=True))
    expected = [split for split, share in shares.items() if batch.imported * share >= 100 * _EXPECTED]
    missing = [split for split in expected if not Sample.objects.in_use().filter(project=project, split=split).exists()]
    if not missing:
        return []
    new = Sample.objects.filter(batch=batch).order_by()
    groups = new.values("group_hash").distinct()[:2].count()
    why = "are near-duplicates of each other, and those stay together" if groups == 1 else "fell into the others"
    names = " and ".join(str(split) for split in missing)
    said = f"No text of the project is in the split {names}: the {batch.imported} new ones {why}."
    judged = " Without test texts no version can be judged." if Split.TEST in missing else ""
    return [f"{said}{judged} Import texts that differ by more than numbers and punctuation."]
