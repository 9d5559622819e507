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


class Stream(TextChoices):
    """From where the review queue took a text when it first gave it out; stored once."""

    TEACH = "teach", "Chosen to teach most"
    RANDOM = "random", "Drawn by chance"
    BLIND = "blind", "Test text, drawn by chance"
    FIRST = "first", "Put first: an audit, a complaint, or sent back"
    PICKED = "picked", "Picked by a person"


class Hard(TextChoices):
    """Why a test text is a hard case: one that a version may be refused for, and never promoted by."""

    MUST_PASS = "must_pass", "Marked as must-pass"
    COMPLAINT = "complaint", "Somebody said that an answer to it was wrong"
    DISAGREED = "disagreed", "Two people answered it differently"
    CHOSEN = "chosen", "A person had asked a model about it before it had its answer"
    ROLLED_BACK = "rolled_back", "A version that was rolled back had it wrong"


# Whatever was sent is kept, right or wrong, so the hash of the split draws at random. On the Analyze page a person
# picks a text and looks at the answer.
DRAWN = (WayIn.IMPORT, WayIn.API, WayIn.PREDICT)
# An answer that leans on a proposal flatters the model that made it.
INDEPENDENT = (Given.BLIND, Given.IMPORTED)
