"""What a request with an idempotency key was answered, for as long as it may be repeated."""

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models


class KeptResponse(models.Model):
    """The response to the first request with a key. `status` is null while that request has not ended.

    `digest` tells whether a repeated request is the same one; its texts are not kept.
    """

    caller = models.CharField(max_length=40, help_text="The token or the person; keys of others are other keys.")
    key = models.CharField(max_length=255)
    digest = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField(null=True)
    body = models.JSONField(null=True, encoder=DjangoJSONEncoder)
    created_at = models.DateTimeField(auto_now_add=True, db_index=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["caller", "key"], name="one_response_per_key")]

    def __str__(self) -> str:
        return f"{self.key} of {self.caller}"
