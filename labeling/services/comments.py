"""Say something about a sample, and ask members of its project to look."""

import re

from django.db import transaction
from django.utils import timezone

from common.actor import Actor
from common.problems import ProblemError
from common.text import plain_lines, storable
from labeling.access import Right, require
from labeling.models import Comment, Mention, Project, Review, Sample, User
from labeling.services import events

MAX_COMMENT = 2000
# What user names are made of (`UnicodeUsernameValidator`). An address of e-mail is no mention.
_MENTION = re.compile(r"(?<![\w.@+-])@([\w.@+-]{1,150})")


@transaction.atomic
def comment(actor: Actor, sample: Sample, text: str) -> Comment:
    """Say something about a sample; each @name of a member asks that member to look.

    Raises `PermissionDenied`, and `ProblemError` where nothing is said, too much, or a name is no member's.
    """
    require(actor, sample.project, Right.REVIEW)
    text = plain_lines(storable(text)).strip()
    if not 0 < len(text) <= MAX_COMMENT:
        raise ProblemError(f"Write something, in at most {MAX_COMMENT:,} characters.")
    return _say(actor, sample, text, None)


def comment_of(actor: Actor, review: Review) -> None:
    """Ask those to look who are named in the comment of a review. Call it in the review's transaction."""
    if "@" in review.comment and _MENTION.search(review.comment):
        _say(actor, review.sample, review.comment, review)


def _say(actor: Actor, sample: Sample, text: str, review: Review | None) -> Comment:
    asked = mentioned(sample.project, text)
    if actor.person_id is None:
        raise ProblemError("Only people comment.")
    row = Comment.objects.create(sample=sample, author_id=actor.person_id, text=text, review=review)
    Mention.objects.bulk_create(Mention(comment=row, user=user) for user in asked)
    after = {"comment": row.uid, "asked": [user.uid for user in asked]}
    events.record(actor, "sample.commented", sample, after=after)
    return row


def mentioned(project: Project, text: str) -> list[User]:
    """The members whom a text names by @name. Raises `ProblemError` for a name that no member has."""
    # A full stop after a name ends the sentence, unless it is a part of the name.
    said = {name.lower(): name for name in _MENTION.findall(text)}
    members = {user.get_username().lower(): user for user in members_of(project)} if said else {}
    found: dict[int, User] = {}
    for name, written in said.items():
        user = members.get(name) or members.get(name.rstrip(".-+"))
        if user is None:
            raise ProblemError(
                f"Nobody called {written[:40]!r} can review here. Choose a member's user name, or leave the @ out."
            )
        found[user.pk] = user
    return list(found.values())


def members_of(project: Project) -> list[User]:
    """Who can be asked: active members of the project, by name."""
    return list(User.objects.filter(memberships__project=project, is_active=True).order_by("username"))


@transaction.atomic
def answer_mention(actor: Actor, mention: Mention) -> None:
    """The one who was asked has looked; once more does nothing. Raises `ProblemError` for somebody else's."""
    if mention.user_id != actor.person_id:
        raise ProblemError("Somebody else was asked.")
    sample = mention.comment.sample
    require(actor, sample.project, Right.VIEW)
    if Mention.objects.filter(pk=mention.pk, seen_at=None).update(seen_at=timezone.now()):
        events.record(actor, "comment.seen", sample, after={"comment": mention.comment.uid})
