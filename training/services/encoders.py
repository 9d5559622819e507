"""The sentence encoder of this installation, as a base of heads: listed by itself where it is there."""

from datetime import UTC, datetime

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet

from common.actor import Actor
from common.encoder import EncoderError, EncoderRecord, read_record
from common.encoder.record import RECORD
from common.problems import ProblemError
from labeling.services import events
from training.models import BaseModel
from training.services.looks import queue_look

NO_ENCODER = (
    "There is no sentence encoder yet, which a head is made of. Fetch one with `make encoder` where the workers run; "
    "it is listed by itself within a minute."
)


def list_encoder(actor: Actor) -> BaseModel | None:
    """The row of the encoder that `SENTENCE_ENCODER` names; None where it is not on this host, or cannot be read.

    Another revision is another base: versions say what they were made of. One that was refused and was made again since
    is looked at anew.
    """
    try:
        record = read_record(settings.ENCODER_DIR)
    except EncoderError:
        return None
    known = BaseModel.objects.encoders().filter(location=settings.ENCODER_DIR.name, revision=record.revision).first()
    if known is None:
        return _registered(actor, record)
    if known.state == BaseModel.State.REFUSED and known.looked_at and known.looked_at < (_made_at() or known.looked_at):
        queue_look(actor, known)
    return known


@transaction.atomic
def _registered(actor: Actor, record: EncoderRecord) -> BaseModel:
    taken = BaseModel.objects.filter(name=record.short).exists()
    name = f"{record.short} {record.revision[:12]}" if taken else record.short
    where = {"location": settings.ENCODER_DIR.name, "revision": record.revision, "role": BaseModel.Role.ENCODER}
    base, created = BaseModel.objects.get_or_create(name=name, defaults=where)
    if created:
        events.record(actor, "base_model.registered", base)
        queue_look(actor, base)
    return base


def _made_at() -> datetime | None:
    """When the folder was made; None where it is gone since, or cannot be read."""
    try:
        return datetime.fromtimestamp((settings.ENCODER_DIR / RECORD).stat().st_mtime, UTC)
    except OSError:
        return None


def default_encoder(actor: Actor) -> BaseModel:
    """What a head is made of unless somebody says otherwise. Raises `ProblemError` where there is none.

    A host without the models folder takes the newest row that a worker listed.
    """
    found = list_encoder(actor) or encoder_rows().order_by("-pk").first()
    if found is None:
        raise ProblemError(NO_ENCODER)
    return found


def encoder_rows() -> QuerySet[BaseModel]:
    """What was listed of the encoder that `SENTENCE_ENCODER` names, each revision by itself."""
    return BaseModel.objects.encoders().filter(location=settings.ENCODER_DIR.name)
