"""What happened to a sample, newest first: proposals, decisions, golden answers, feedback, withdrawals,
comments, must-pass marks.

Of a test text that waits for its answer, what models, feedback and comments say is left out: its experts answer blind.
"""

from dataclasses import dataclass
from datetime import datetime

from labeling.kinds import Answer
from labeling.models import Comment, Feedback, GoldenSample, MustPass, Prediction, Review, Sample, Withdrawal
from labeling.shares import percent

# Of each kind of event; a sample that was asked about more often shows its newest.
LIMIT = 50


@dataclass(frozen=True)
class Event:
    """One line of the timeline. `tone` is a badge's colour: ok, warn, bad, info or empty."""

    at: datetime
    title: str
    who: str
    answer: Answer | None = None
    badge: str = ""
    tone: str = ""
    detail: str = ""


def timeline_of(sample: Sample, *, without_models: bool = False) -> list[Event]:
    """All events of a sample that may be shown, newest first, `LIMIT` of each kind at most.

    `without_models`: whoever looks is not to see yet what models say.
    """
    reviews = sample.reviews.select_related("reviewer", "prediction").order_by("-id")[:LIMIT]
    events = [
        *map(_of_withdrawal, sample.withdrawals.select_related("user").order_by("-id")[:LIMIT]),
        *map(_of_must_pass, sample.must_passes.select_related("user").order_by("-id")[:LIMIT]),
        *(_of_review(row, hush=sample.is_blind) for row in reviews),
        *map(_of_golden, sample.golden_samples.exclude(source=GoldenSample.Source.REVIEW).order_by("-id")[:LIMIT]),
    ]
    if not sample.is_blind and not without_models:
        feedback = Feedback.objects.filter(prediction__sample=sample).select_related("user", "token").order_by("-id")
        events += map(_of_prediction, sample.predictions.order_by("-id")[:LIMIT])
        events += map(_of_feedback, feedback[:LIMIT])
    if not sample.is_blind:
        # What was said with a decision stands with it.
        events += map(_of_comment, sample.comments.filter(review=None).select_related("author").order_by("-id")[:LIMIT])
    return sorted(events, key=lambda event: event.at, reverse=True)


def hidden_from(sample: Sample) -> int:
    """How many events `timeline_of` leaves out of a test text that waits for its answer."""
    if not sample.is_blind:
        return 0
    said = Feedback.objects.filter(prediction__sample=sample).count() + sample.comments.filter(review=None).count()
    return sample.predictions.count() + said


def _of_prediction(row: Prediction) -> Event:
    tone = {"strict": "ok", "repaired": "warn", "failed": "bad"}[row.status]
    sure = "" if row.share is None else f"{percent(row.share)} of such answers are right"
    took = "" if row.latency_ms is None else f"{row.latency_ms:.0f} ms"
    detail = " · ".join(part for part in (sure, took, row.reason, "" if row.answer else row.raw[:300]) if part)
    return Event(row.created_at, "Prediction", row.model_tag, row.answer, row.status, tone, detail)


_TONES = {"confirm": "ok", "correct": "info", "reject": "bad"}


def _of_review(row: Review, *, hush: bool) -> Event:
    """`hush`: what was said with the decision is left out, as comments are."""
    took = "" if row.seconds is None else f"{max(row.seconds, 1):.0f} s"
    why = row.get_skip_reason_display() if row.skip_reason else ""
    detail = " · ".join(part for part in (took, why, "" if hush else row.comment) if part)
    badge = "label" if row.is_label else row.action
    return Event(row.created_at, "Review", str(row.reviewer), row.answer, badge, _TONES.get(row.action, ""), detail)


def _of_comment(row: Comment) -> Event:
    return Event(row.created_at, "Comment", str(row.author), detail=row.text)


def _of_golden(row: GoldenSample) -> Event:
    state = "" if row.retired_at is None else "no longer in force"
    return Event(row.created_at, "Golden answer", row.get_source_display(), row.answer, "golden", "ok", state)


def _of_feedback(row: Feedback) -> Event:
    badge = {1: "thumb up", -1: "thumb down", None: ""}[row.thumb]
    who = f"{row.user or 'someone'}{f' by token {row.token.name}' if row.token else ''}"
    tone = {1: "ok", -1: "bad", None: ""}[row.thumb]
    said = "" if row.effect == Feedback.Effect.KEPT else row.get_effect_display()
    detail = " · ".join(part for part in (row.comment, said) if part)
    return Event(row.created_at, "Feedback", who, row.answer, badge, tone, detail)


def _of_withdrawal(row: Withdrawal) -> Event:
    badge, tone = ("brought back", "ok") if row.restores_id else ("withdrawn", "bad")
    return Event(row.created_at, "Withdrawal", str(row.user or "the system"), None, badge, tone, row.reason)


def _of_must_pass(row: MustPass) -> Event:
    badge, tone = ("may fail", "info") if row.lifts_id else ("must pass", "warn")
    return Event(row.created_at, "Must-pass", str(row.user or "the system"), None, badge, tone, row.reason)
