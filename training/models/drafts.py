"""The head that a project is always learning: newest only, never a version."""

from django.db import models

from labeling.models import Project, PublicModel, TaskSpec


class Draft(PublicModel):
    """A project's draft. The row is all of it: each fit takes the place of the one before, in one statement."""

    project = models.OneToOneField(Project, on_delete=models.CASCADE, related_name="draft")
    spec = models.ForeignKey(TaskSpec, on_delete=models.PROTECT, related_name="+")
    encoder = models.CharField(max_length=64, help_text="The key of the encoder whose vectors it takes.")
    weights = models.BinaryField(help_text="The head's weights and bias (`training.heads.quick`).")
    answering = models.JSONField(help_text="How its probabilities become an answer.")
    number = models.PositiveIntegerField(default=1, help_text="How often it was fitted.")
    golden = models.PositiveIntegerField(help_text="The golden samples that it learnt from.")
    counted_to = models.BigIntegerField(editable=False, help_text="The newest of them.")
    figure = models.FloatField(null=True, help_text="On golden samples left out; empty where they are too few.")
    seconds = models.FloatField(help_text="What the fit took.")
    fitted_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.tag

    @property
    def tag(self) -> str:
        """The tag that its proposals carry, such as `support-tags:draft`."""
        return draft_tag(self.project)


def draft_tag(project: Project) -> str:
    """The tag of the project's draft, whether there is one or not."""
    return f"{project.key}:draft"
