"""Django REST framework as the API has it, and how its schema is told."""

from typing import Any


def rest_framework(rate: str) -> dict[str, Any]:
    """The settings; `rate` is how often one caller may ask, such as `6000/minute`."""
    return {
        "DEFAULT_AUTHENTICATION_CLASSES": [
            "labeling.tokens.ScopedTokenAuthentication",
            "rest_framework.authentication.SessionAuthentication",
        ],
        "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
        "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
        "DEFAULT_PARSER_CLASSES": ["config.parsers.BoundedJSONParser"],
        "DEFAULT_PAGINATION_CLASS": "common.paging.Cursor",
        "PAGE_SIZE": 50,
        "DEFAULT_SCHEMA_CLASS": "config.schema.Schema",
        # One way to say each thing: no `?format=`, and no OPTIONS beside the schema.
        "URL_FORMAT_OVERRIDE": None,
        "DEFAULT_METADATA_CLASS": None,
        "DEFAULT_THROTTLE_CLASSES": ["config.api.CallerThrottle"],
        "DEFAULT_THROTTLE_RATES": {"caller": rate},
        # The web process has put the client's own address in place, and believed the trusted proxy alone.
        "NUM_PROXIES": 0,
        "EXCEPTION_HANDLER": "config.problems.problem_response",
    }


SPECTACULAR: dict[str, Any] = {
    "TITLE": "Touchstone",
    "DESCRIPTION": "Close the loop: predictions, corrections, training runs, benchmarks and deployments.",
    "VERSION": "1",
    "OAS_VERSION": "3.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "config.schema_hooks.nullable_anything",
        "config.schema_hooks.whole_answers",
        "config.examples.with_examples",
    ],
    "ENUM_NAME_OVERRIDES": {
        "BenchmarkStateEnum": "evaluation.models.Benchmark.State",
        "CertificateEndingEnum": "evaluation.models.Certificate.Ending",
        "EndingEnum": "training.models.TrainingRun.Ending",
        "RoleEnum": "labeling.models.Role",
        "RunStateEnum": "training.models.TrainingRun.State",
        "SampleStateEnum": "labeling.models.SampleState",
    },
}
