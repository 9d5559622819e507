"""Take API tokens back."""

from collections.abc import Iterable

from django.core.exceptions import PermissionDenied
from django.utils import timezone

from labeling.models import ApiToken, User


def revoke_tokens(user: User, tokens: Iterable[ApiToken]) -> int:
    """End tokens at once; how many were in force. Owners revoke their own, administrators any."""
    ids = [token.pk for token in tokens]
    rows = ApiToken.objects.filter(pk__in=ids)
    if not user.is_superuser and rows.exclude(owner=user).exists():
        raise PermissionDenied("Only the owner of a token, or an administrator, may revoke it.")
    return rows.filter(revoked_at=None).update(revoked_at=timezone.now())
