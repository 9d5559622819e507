"""The evaluation floor: listens to deployment and shows itself on a sample's page."""

from django.apps import AppConfig


class EvaluationConfig(AppConfig):
    name = "evaluation"
    verbose_name = "Evaluation"

    def ready(self) -> None:
        from deployment.serving import shares
        from evaluation import receivers  # noqa: F401  (connects the receivers)
        from evaluation.first_steps import test_cases
        from evaluation.pace import benchmark_pace
        from evaluation.pages import PAGES
        from evaluation.panels import confidence_panel, evidence_panel, gains_panel, order_panel, sample_panel
        from evaluation.sections import SECTIONS
        from evaluation.services.blind_cases import wants_blind
        from evaluation.services.calibrating import newest_map
        from labeling import navigation, panels, sections, steps
        from labeling.services.order import blind
        from training.higher import register_pace

        navigation.register(*PAGES)
        sections.register(*SECTIONS)
        steps.register(70, test_cases)
        register_pace(benchmark_pace)
        panels.register("project", gains_panel)
        panels.register("sample", sample_panel)
        panels.register("deployment", evidence_panel)
        panels.register("version_page", confidence_panel)
        panels.register("order", order_panel)
        shares.register(newest_map)
        blind.register(wants_blind)
