"""What a server wrote that was held to a schema."""

import json

from jsonschema import Draft202012Validator

from evaluation.models import Benchmark, CaseResult
from labeling.kinds import json_schema


def it_keeps_the_form(benchmark: Benchmark) -> list[CaseResult]:
    """Every answer is what the schema allows, unless the limit of tokens cut it; those that are whole."""
    schema = Draft202012Validator(json_schema(benchmark.version.spec.to_spec()))
    whole = list(CaseResult.objects.filter(benchmark=benchmark).exclude(reason__contains="cut off"))
    for result in whole:
        schema.validate(json.loads(result.raw))
    return whole
