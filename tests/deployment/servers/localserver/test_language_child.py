"""A head on a language model in its child: one text at a time by all threads, and memory that is given back."""

import asyncio
import threading
from pathlib import Path

import pytest

from common.encoder import read_record
from common.encoder.language import Frame, LanguageRecord
from common.encoder.record import write_record
from deployment.artifacts.heads.compose import compose
from deployment.servers.localserver.head import HeadModel, open_head
from deployment.servers.localserver.headchild import HeadServer
from tests.encoders import make_encoder
from tests.training.heads.folders import TELLING, VOCABULARY, make_folder, some_rows
from training.heads.fitting import fit_run

pytestmark = pytest.mark.pure
ASKED = [{"role": "user", "content": "where is my refund"}]


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The same weights as an encoder with a head, and as if they were a language model's."""
    folder = tmp_path_factory.mktemp("child")
    encoder = make_encoder(folder / "encoder", VOCABULARY)
    run = make_folder(folder / "run", encoder, some_rows(80, 1), some_rows(20, 2), dict.fromkeys(sorted(TELLING), ""))
    fit_run(run.path)
    compose(encoder, run.head, folder / "encoder.onnx")
    told = read_record(encoder).model_dump()
    write_record(encoder, LanguageRecord(**told, frame=Frame(opening="hello ", closing=" please")))
    compose(encoder, run.head, folder / "language.onnx")
    return folder / "encoder.onnx", folder / "language.onnx"


def options_of(model: HeadModel) -> tuple[int, bool, bool]:
    options = model._session.get_session_options()
    return options.intra_op_num_threads, options.enable_cpu_mem_arena, options.enable_mem_pattern


def test_a_language_model_has_all_threads_for_one_text_and_keeps_no_memory(files: tuple[Path, Path]) -> None:
    encoder, language = (open_head(path, 3) for path in files)
    assert (options_of(encoder), options_of(language)) == ((1, True, True), (3, False, False))
    assert (encoder.is_language_model, language.is_language_model) == (False, True)
    pools = [HeadServer(each, "key", 3).pool for each in (encoder, language)]
    assert [each._max_workers for each in pools] == [3, 1]


def test_what_nobody_waits_for_any_more_is_not_computed(files: tuple[Path, Path]) -> None:
    server, looked_at, free = HeadServer(open_head(files[1]), "key", 3), [], threading.Event()

    class Asked(list):
        def __iter__(self):
            looked_at.append(self)
            return super().__iter__()

    async def ask() -> None:
        server.pool.submit(free.wait)
        gone, stays = (asyncio.ensure_future(server._answered(Asked(ASKED))) for _ in range(2))
        await asyncio.sleep(0)
        gone.cancel()
        await asyncio.wait([gone])  # the cancellation has come to the pool
        free.set()
        assert (await stays).tokens == 6
        assert gone.cancelled()

    asyncio.run(ask())
    assert len({id(each) for each in looked_at}) == 1
