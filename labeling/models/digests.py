"""By what a text's vector is found, and when it goes: both by the database, so that no door can forget them."""

import pgtrigger
from django.db import models


class TextDigest(models.Func):
    """SHA-256 of a text's bytes in UTF-8, as `hashlib` gives it."""

    # The cast reads a backslash as the begin of an escape. `convert_to` reads none, but is not immutable.
    template = r"sha256(replace(%(expressions)s, '\', '\\')::bytea)"
    output_field = models.BinaryField()


# Who removes the other sample of the text at the same time waits for the lock, and then sees that this one is gone.
FORGET_VECTORS = pgtrigger.Trigger(
    name="forget_vectors",
    when=pgtrigger.After,
    operation=pgtrigger.Delete,
    level=pgtrigger.Statement,
    referencing=pgtrigger.Referencing(old="gone"),  # type: ignore[no-untyped-call]  # of a library without types
    func="""
        PERFORM 1 FROM labeling_textvector AS vector
        WHERE vector.digest IN (SELECT text_digest FROM gone) ORDER BY vector.digest FOR UPDATE;
        DELETE FROM labeling_textvector AS vector
        WHERE vector.digest IN (SELECT text_digest FROM gone)
        AND NOT EXISTS (SELECT 1 FROM labeling_sample AS sample WHERE sample.text_digest = vector.digest);
        RETURN NULL;
    """,
)
