"""What every table of ours shares: a private sequence and a public UUID."""

import uuid

from django.db import models


class PublicModel(models.Model):
    """`id` orders and joins; `uid` is the only id that URLs and the API show."""

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        abstract = True


class Described(models.Model):
    """What a caller's own system says of it: its id there, tags, metadata. No part of what is asked or judged."""

    external_id = models.CharField(max_length=200, blank=True)
    tags = models.JSONField(default=list, blank=True)
    metadata = models.JSONField(default=dict, blank=True)

    class Meta:
        abstract = True
