"""What every table of ours shares: a private sequence and a public UUID."""

import uuid

from django.db import models


class PublicModel(models.Model):
    """`id` orders and joins; `uid` is the only id that URLs and the API show."""

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        abstract = True
