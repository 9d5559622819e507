"""Make API tokens, and take them back."""

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from common.actor import Actor
from common.problems import ConflictError, ProblemError
from labeling.access import Right, require, user_behind
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

    Raises `PermissionDenied` where it would be somebody else's, `ProblemError` for unknown scopes and an end in the
    past.
    """
    user = user_behind(actor)
    if actor.token_id is not None or (user is not None and not user.is_superuser and user.pk != owner.pk):
        raise PermissionDenied("People make tokens for themselves; administrators for anybody.")
    if expires_at is not None and expires_at <= timezone.now():
        raise ProblemError(f"Its end, {expires_at:%Y-%m-%d %H:%M}, is over: choose a later one, or none.")
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


def tokens_in(project: Project) -> QuerySet[ApiToken]:
    """The tokens that may do something in a project and are not revoked, whosoever they are; the newest first."""
    return ApiToken.objects.filter(projects=project, revoked_at=None).select_related("owner").order_by("-id")


@transaction.atomic
def create_project_token(
    actor: Actor, project: Project, name: str, scopes: list[str], *, last_day: date | None
) -> tuple[ApiToken, str]:
    """A token of one's own for one project, which a manager makes; see `create_token`.

    Raises `ProblemError` where it is over before it begins, and `ConflictError` where one of that name is in force.
    """
    require(actor, project, Right.MANAGE)
    owner = user_behind(actor)
    if owner is None:
        raise PermissionDenied("Tokens are made by people.")
    if Scope.SERVERS in scopes:
        raise ProblemError("A token that looks after model servers is of no project: administrators make those.")
    # One after the other, so that the second click finds the first one's token.
    Project.objects.select_for_update(no_key=True).get(pk=project.pk)
    if tokens_in(project).filter(owner=owner, name=name).exists():
        raise ConflictError(f"You have a token {name!r} here already: revoke it first, or choose another name.")
    end = None if last_day is None else timezone.make_aware(datetime.combine(last_day + timedelta(days=1), time.min))
    return create_token(actor, owner, name, [project], scopes, end)


@transaction.atomic
def take_out_token(actor: Actor, project: Project, token: ApiToken) -> bool:
    """Have a token do nothing more in a project, whosoever it is: whoever manages it decides. Without any project left
    it is revoked. False where it had no business there."""
    require(actor, project, Right.MANAGE)
    return unbind(actor, project, token)


def unbind(actor: Actor, project: Project, token: ApiToken) -> bool:
    """The same for who has asked already whether the actor may. Call it in a transaction."""
    row = (
        ApiToken.objects.select_for_update(of=("self",)).filter(pk=token.pk, projects=project, revoked_at=None).first()
    )
    if row is None:
        return False
    if row.projects.count() > 1:
        row.projects.remove(project)
        events.record(actor, "token.unbound", row, project=project)
    else:
        # The project stays with it, so that one can read where it was used.
        ApiToken.objects.filter(pk=row.pk).update(revoked_at=timezone.now())
        events.record(actor, "token.revoked", row, project=project)
    return True


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
