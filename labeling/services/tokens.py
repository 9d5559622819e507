"""Make API tokens, and take them back."""

from collections.abc import Iterable
from datetime import datetime

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from common.actor import Actor
from common.problems import ProblemError
from labeling.access import user_behind
from labeling.models import ApiToken, Project, Scope, User
from labeling.secrets import digest_of, new_secret
from labeling.services import events


@transaction.atomic
def create_token(
    actor: Actor,
    owner: User,
    name: str,
    projects: list[Project],
    scopes: list[str],
    expires_at: datetime | None = None,
) -> tuple[ApiToken, str]:
    """Make a token; its secret is returned once and kept nowhere.

    Raises `PermissionDenied` where it would be somebody else's, `ProblemError` for unknown scopes.
    """
    user = user_behind(actor)
    if actor.token_id is not None or (user is not None and not user.is_superuser and user.pk != owner.pk):
        raise PermissionDenied("People make tokens for themselves; administrators for anybody.")
    unknown = sorted(set(scopes) - set(Scope.values))
    if unknown:
        raise ProblemError(f"Unknown scopes: {', '.join(unknown)}. Known: {', '.join(Scope.values)}.")
    secret = new_secret()
    token = ApiToken.objects.create(
        owner=owner, name=name, prefix=secret[:10], digest=digest_of(secret), scopes=scopes, expires_at=expires_at
    )
    token.projects.set(projects)
    after = {"owner": owner.uid, "scopes": scopes, "projects": [project.key for project in projects]}
    events.record(actor, "token.created", token, project=projects[0] if len(projects) == 1 else None, after=after)
    return token, secret


def tokens_of(owner: User) -> QuerySet[ApiToken]:
    """The tokens that act in somebody's name, the newest first."""
    return ApiToken.objects.filter(owner=owner).prefetch_related("projects").order_by("-id")


@transaction.atomic
def revoke_tokens(actor: Actor, tokens: Iterable[ApiToken]) -> int:
    """End tokens at once; how many were in force. Owners revoke their own, administrators any."""
    ids = [token.pk for token in tokens]
    rows = ApiToken.objects.filter(pk__in=ids)
    user = user_behind(actor)
    if user is not None and not user.is_superuser and rows.exclude(owner=user).exists():
        raise PermissionDenied("Only the owner of a token, or an administrator, may revoke it.")
    in_force = list(rows.filter(revoked_at=None).select_for_update())
    ApiToken.objects.filter(pk__in=[token.pk for token in in_force]).update(revoked_at=timezone.now())
    for token in in_force:
        events.record(actor, "token.revoked", token)
    return len(in_force)
