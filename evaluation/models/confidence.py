"""What a version's confidence is worth, and what is accepted by it without an expert."""

import pgtrigger
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q

from common.calibrating import ENOUGH, Calibrated
from common.options import OptionsError, checked
from evaluation.models.judging import Benchmark
from evaluation.promise import AcceptOptions, Promise
from evaluation.reliability import NEEDED
from labeling.models import GoldenSample, Prediction, Project, PublicModel, Sample, TaskSpec
from training.models import ModelVersion


class Calibration(PublicModel):
    """From a version's raw confidence to the share that is right, with what held-out answers say of it. Never changed.

    A new one is made where a version has a newer benchmark; the newest counts.
    """

    class Source(models.TextChoices):
        FOLDS = "folds", "training rows left out"
        CASES = "cases", "test cases"
        NONE = "none", "too few answers"

    version = models.ForeignKey(ModelVersion, on_delete=models.CASCADE, related_name="calibrations")
    benchmark = models.ForeignKey(Benchmark, null=True, on_delete=models.CASCADE, related_name="calibrations")
    source = models.CharField(max_length=8, choices=Source.choices)
    map = models.JSONField(null=True, help_text="`common.calibrating.Calibrated`; empty where answers are too few.")
    fitted_on = models.PositiveIntegerField(help_text="Answers that the map was fitted on.")
    cases = models.PositiveIntegerField(help_text="Held-out answers with a confidence; near-duplicates count once.")
    unread = models.PositiveIntegerField(default=0, help_text="Cases whose answer could not be read.")
    silent = models.PositiveIntegerField(default=0, help_text="Answers without a confidence.")
    figures = models.JSONField(default=dict, help_text="`evaluation.reliability.Reliability`; empty with few cases.")
    digest = models.CharField(max_length=64, help_text="SHA-256 of the answers and the map that it was made of.")

    class Meta:
        ordering = ["-id"]
        constraints = [models.UniqueConstraint(fields=["version", "digest"], name="one_calibration_each")]
        triggers = [pgtrigger.Protect(name="never_changes", operation=pgtrigger.Update)]

    def __str__(self) -> str:
        return f"{self.version}: {self.cases} cases"

    @property
    def calibrated(self) -> Calibrated | None:
        """The map; None where answers are too few for one."""
        return Calibrated.read(self.map) if self.map else None

    @property
    def needed(self) -> int:
        """Held-out cases that its diagram takes."""
        return ENOUGH if self.source == self.Source.FOLDS else NEEDED


class AcceptPolicy(PublicModel):
    """Whether proposals become golden answers by a certificate, and what it promises. Off unless turned on."""

    is_setup = True  # goes with a project that is deleted

    OPTIONS = ("wrong", "confidence", "audit_share")

    project = models.OneToOneField(Project, on_delete=models.CASCADE, related_name="accept_policy")
    enabled = models.BooleanField(default=False)
    wrong = models.FloatField("at most wrong", default=0.05, help_text="Of what is accepted: 0.001 to 0.5.")
    confidence = models.FloatField(
        "how sure", default=0.95, help_text="Over all looks at a version, and of the audit: 0.5 to 0.999."
    )
    audit_share = models.FloatField(
        "still reviewed", default=0.05, help_text="Drawn by chance, and answered by experts, blind: 0.01 to 1."
    )

    class Meta:
        verbose_name_plural = "accept policies"
        constraints = [
            models.CheckConstraint(
                condition=Q(wrong__range=(0.001, 0.5), confidence__range=(0.5, 0.999), audit_share__range=(0.01, 1)),
                name="accept_policies_are_in_range",
                violation_error_message="A number of the policy is out of its range.",
            )
        ]

    def __str__(self) -> str:
        return f"automatic acceptance of {self.project.key}"

    @property
    def promise(self) -> Promise:
        """What is asked of a certificate."""
        return Promise(self.wrong, self.confidence)

    def clean(self) -> None:
        """Each number within its range."""
        try:
            checked(AcceptOptions, {name: getattr(self, name) for name in self.OPTIONS})
        except OptionsError as error:
            raise ValidationError({name or "__all__": said for name, said in error.problems.items()}) from error


class CertificateQuerySet(models.QuerySet["Certificate"]):
    def in_force(self) -> "CertificateQuerySet":
        """Looks that certified something, and that nothing has ended."""
        return self.filter(threshold__isnull=False, ended_at=None)


class Certificate(PublicModel):
    """A look at a version's held-out answers, whether it certified anything or not. Only its end is written later."""

    class Ending(models.TextChoices):
        AUDIT = "audit", "The audit shows that the promise is broken"
        PERSON = "person", "A person took back what was accepted"

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="certificates")
    version = models.ForeignKey(ModelVersion, on_delete=models.CASCADE, related_name="certificates")
    calibration = models.ForeignKey(Calibration, on_delete=models.CASCADE, related_name="certificates")
    spec = models.ForeignKey(TaskSpec, on_delete=models.PROTECT, related_name="+", help_text="The task that it is for.")
    wrong = models.FloatField(help_text="At most so much of what is accepted is wrong (0 to 1).")
    confidence = models.FloatField()
    level = models.FloatField(help_text="The chance that this look errs.")
    cases = models.PositiveIntegerField()
    needed = models.PositiveIntegerField(help_text="Answers without an error that it takes at the least.")
    threshold = models.FloatField(null=True, help_text="Raw confidence above which answers are accepted.")
    accepted = models.PositiveIntegerField(default=0, help_text="Held-out answers above it.")
    accepted_wrong = models.PositiveIntegerField(default=0)
    bound = models.FloatField(null=True, help_text="Upper bound of their error (Clopper-Pearson), at the look's level.")
    asked = models.PositiveIntegerField(help_text="Held-out cases in all, unreadable answers among them.")
    ended_at = models.DateTimeField(null=True)
    ending = models.CharField(max_length=8, choices=Ending.choices, blank=True)
    decided_at = models.DateTimeField(null=True, help_text="When a person decided what becomes of what was accepted.")
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")

    reopening = models.BooleanField(default=False, help_text="A worker is still to send back what was accepted by it.")

    objects = CertificateQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["version", "calibration", "spec", "wrong", "confidence"], name="one_look_at_the_same"
            )
        ]
        triggers = [
            pgtrigger.ReadOnly(
                name="keeps_its_word", exclude=["ended_at", "ending", "decided_at", "decided_by", "reopening"]
            )
        ]

    def __str__(self) -> str:
        return f"{self.version}: at most {self.wrong:.1%} wrong"

    @property
    def share(self) -> float:
        """The share of the held-out cases that it accepts."""
        return self.accepted / self.asked if self.asked else 0.0


class Acceptance(PublicModel):
    """A proposal above a certificate's threshold: accepted, or drawn for the audit and left to an expert."""

    certificate = models.ForeignKey(Certificate, on_delete=models.CASCADE, related_name="acceptances")
    sample = models.OneToOneField(Sample, on_delete=models.CASCADE, related_name="acceptance")
    prediction = models.ForeignKey(Prediction, on_delete=models.CASCADE, related_name="+")
    golden = models.ForeignKey(GoldenSample, null=True, on_delete=models.CASCADE, related_name="+")
    is_audit = models.BooleanField()
    right = models.BooleanField(null=True, help_text="Of the audit: whether the expert says the same.")
    answered_at = models.DateTimeField(null=True, help_text="Of the audit: when the expert answered, or left it out.")

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(is_audit=True, golden=None) | Q(is_audit=False, golden__isnull=False),
                name="accepted_or_audited",
            )
        ]
        indexes = [
            models.Index(fields=["certificate", "-id"], name="accepted_by"),
            models.Index(fields=["certificate"], condition=Q(is_audit=True, answered_at=None), name="audits_that_wait"),
        ]

    def __str__(self) -> str:
        return f"{self.sample_id} {'audited' if self.is_audit else 'accepted'}"
