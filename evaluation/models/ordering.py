"""What the order of review is worth in one project."""

from django.db import models

from labeling.models import Project, PublicModel


class OrderComparison(PublicModel):
    """Two heads on equal numbers of labels, by the order and by chance, on the blind test texts. The newest alone."""

    project = models.OneToOneField(Project, on_delete=models.CASCADE, related_name="order_comparison")
    labels = models.PositiveIntegerField(help_text="That each of the two learnt from.")
    cases = models.PositiveIntegerField(help_text="Test texts that both answered.")
    ordered = models.FloatField(help_text="The main figure of the head on the first labels that the streams gave.")
    by_chance = models.FloatField(help_text="The same on as many labels of texts that chance drew.")
    difference = models.FloatField()
    low = models.FloatField(help_text="Of the paired interval of 95 %.")
    high = models.FloatField()
    made_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"order of {self.project.key} at {self.labels} labels"
