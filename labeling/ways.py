"""How a text came in and how its answer was given: what decides whether it may judge a version.

A suite of cases says something about all texts only if chance chose them, and something about a model only if its
answers did not lean on one. So both are recorded when they happen, and never changed (`docs/adr/0013`).
"""

from django.db.models import TextChoices


class WayIn(TextChoices):
    """How a text came to be a sample; stored once, when it is made."""

    IMPORT = "import", "Imported"
    API = "api", "Sent to the API"
    PREDICT = "predict", "Asked for a prediction, and kept"
    ANALYZE = "analyze", "Typed on the Analyze page"


class Given(TextChoices):
    """What the giver of a golden answer had in sight."""

    BLIND = "blind", "No proposal shown"
    SEEN = "seen", "Beside a proposal"
    IMPORTED = "imported", "Imported"
    CERTIFIED = "certified", "Accepted by a certificate"


# Whatever was sent is kept, right or wrong, so the hash of the split draws at random. On the Analyze page a person
# picks a text and looks at the answer.
DRAWN = (WayIn.IMPORT, WayIn.API, WayIn.PREDICT)
# An answer that leans on a proposal flatters the model that made it.
INDEPENDENT = (Given.BLIND, Given.IMPORTED)
