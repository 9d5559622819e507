"""Ask the cases of a benchmark, several at once, as often as a server that stumbles needs."""

from collections.abc import Generator, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from itertools import islice

from django.db import connection
from tenacity import retry, retry_if_exception_type, stop_after_attempt, wait_exponential

from deployment.models import StagedVersion
from deployment.servers.drivers import NotThereError, PromptTooLongError, RefusedError, TransportError
from deployment.serving.predict import Answer, ask
from evaluation.models import Benchmark, SuiteCase
from labeling.answers import ParsedAnswer, Status
from labeling.kinds import Input, Spec, kind_of

CANARY = "Hello, is anybody there?"


def answers_to(benchmark: Benchmark, cases: Iterator[SuiteCase]) -> Generator[tuple[SuiteCase, Answer], None, None]:
    """Each case with its answer, as they come in; as many requests at once as the server has slots.

    Raises `DriverError` where the server does not answer even after several tries. Close it when you stop early.
    """
    spec, free = benchmark.version.spec.to_spec(), benchmark.decoding == Benchmark.Decoding.FREE
    staged, slots = benchmark.staged, benchmark.staged.server.slots
    asked: dict[Future[Answer], SuiteCase] = {}
    with ThreadPoolExecutor(max_workers=slots) as pool:
        try:
            while True:
                for case in islice(cases, slots - len(asked)):
                    asked[pool.submit(_answer, staged, spec, case.whole_input, free)] = case
                if not asked:
                    return
                for future in wait(asked, return_when=FIRST_COMPLETED).done:
                    yield asked.pop(future), future.result()
        finally:
            for future in asked:
                future.cancel()


def _answer(staged: StagedVersion, spec: Spec, asked: Input, free: bool) -> Answer:
    try:
        return _ask(staged, spec, asked, free)
    except NotThereError:
        raise
    except PromptTooLongError as error:
        return _failed(f"the text is too long: {error}")
    except RefusedError as error:
        # A text that the server refuses is one that the version cannot answer, whoever asks. A refusal of everything
        # (a wrong key, say) says nothing about the version, and the canary tells them apart.
        _ask(staged, spec, kind_of(spec).input.of_text(CANARY), free)
        return _failed(f"the server refused the text: {error}")
    finally:
        connection.close()


def _failed(reason: str) -> Answer:
    refused = ParsedAnswer(None, Status.FAILED, reason)
    return Answer(raw="", parsed=refused, confidence=None, latency_ms=0.0, tokens=0)


@retry(
    retry=retry_if_exception_type(TransportError),
    stop=stop_after_attempt(4),
    wait=wait_exponential(multiplier=0.5, max=8),
    reraise=True,
)
def _ask(staged: StagedVersion, spec: Spec, asked: Input, free: bool) -> Answer:
    return ask(staged, spec, asked, free=free, logprobs=True)
