"""Who is told of what: by their rights in the project, and by what they chose."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from common.actor import Actor
from labeling import news
from labeling.access import ROLE_RIGHTS, Right, require, user_behind
from labeling.models import Membership, NewsChoice, Notification, Project, User
from labeling.services import events


@dataclass(frozen=True)
class Wish:
    """How somebody wants to be told."""

    in_page: bool = False
    by_mail: bool = False


def default(role: str | None, kind: str) -> Wish:
    """What is told to those who have not chosen. Administrators without a role hear only what they ask for."""
    known = news.KINDS[kind]
    if role is None or known.right not in ROLE_RIGHTS.get(role, set()):
        return Wish()
    return Wish(in_page=True, by_mail=known.by_mail)


def wishes(project: Project, kind: str) -> Iterator[tuple[User, Wish]]:
    """All who may see the project, with how they want to be told of news of a kind."""
    chosen = {row.user_id: row for row in NewsChoice.objects.filter(project=project, kind=kind).select_related("user")}
    roles = Membership.objects.filter(project=project, user__is_active=True).select_related("user").order_by("user_id")
    for member in roles:
        if Right.VIEW in ROLE_RIGHTS.get(member.role, set()):
            row = chosen.pop(member.user_id, None)
            yield member.user, Wish(row.in_page, row.by_mail) if row else default(member.role, kind)
    for row in chosen.values():
        if row.user.is_active and row.user.is_superuser:
            yield row.user, Wish(row.in_page, row.by_mail)


def wishes_of(user: User, project: Project) -> dict[str, Wish]:
    """How one person wants to be told of each kind of news in a project."""
    role = Membership.objects.filter(user=user, project=project).values_list("role", flat=True).first()
    chosen = {row.kind: row for row in NewsChoice.objects.filter(user=user, project=project)}
    return {
        kind: Wish(chosen[kind].in_page, chosen[kind].by_mail) if kind in chosen else default(role, kind)
        for kind in news.KINDS
    }


@transaction.atomic
def choose_news(actor: Actor, project: Project, wanted: Mapping[str, Wish]) -> None:
    """Keep how the person who acts wants to be told. Raises `PermissionDenied` where they may not see the project."""
    require(actor, project, Right.VIEW)
    user = user_behind(actor)
    if user is None:
        raise TypeError("Only a person is told of news.")
    for kind, wish in wanted.items():
        values = {"in_page": wish.in_page, "by_mail": wish.by_mail}
        NewsChoice.objects.update_or_create(user=user, project=project, kind=kind, defaults=values)
    after = {kind: [wish.in_page, wish.by_mail] for kind, wish in wanted.items()}
    events.record(actor, "news.chosen", project, after=after)


@transaction.atomic
def mark_read(user: User, *, uid: UUID | None = None) -> int:
    """Note that somebody has seen one of their notifications, or all of them; how many were unread.

    The person's row is locked first, so that their count stays right beside news that are just being told. All: the
    count is 0 then, also where what it counted is gone.
    """
    person = User.objects.filter(pk=user.pk)
    before = person.select_for_update(no_key=True).values_list("unread_news", flat=True).get()
    rows = Notification.objects.filter(user=user, in_page=True, read_at=None)
    read = (rows if uid is None else rows.filter(uid=uid)).update(read_at=timezone.now())
    person.update(unread_news=0 if uid is None else max(before - read, 0))
    return read
