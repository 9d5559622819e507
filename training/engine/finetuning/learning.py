"""One training of the network on some rows, judged after each pass by others, from wherever it was left."""

import math
import shutil
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch

from training.engine import checkpoints
from training.engine.best import waited
from training.engine.errors import EngineError, Exit
from training.engine.finetuning.config import FinetuneConfig
from training.engine.finetuning.judging import evaluation, evaluations
from training.engine.finetuning.network import Network, batch_of, device, loss_of, passes, state_of, vectors_of
from training.engine.finetuning.parts import Part, Progress, Taught
from training.engine.resuming import checkpoint_of
from training.heads.attempt import Attempt, StoppedError
from training.heads.linear import fit, row_weights

_STATE, _SCORES = "state.pt", "scores.npz"
# How freely the regression may fit that the head begins as: what it has learnt already is no lesson any more. Of many
# labels that exclude each other a stiff one knows next to nothing.
_BEGIN, _BEGIN_EXCLUSIVE = 1.0, 10.0
_LONGEST_GRADIENT = 1.0
# Of so many seconds one may go into checkpoints, however large the weights and slow the disk.
_OF_WORK = 20


class Learner:
    """All parts of one run learn by it. `fresh` makes the network as the encoder is; `made_of` seals checkpoints."""

    def __init__(
        self,
        attempt: Attempt,
        config: FinetuneConfig,
        fresh: Callable[[], Network],
        pad: int,
        made_of: Mapping[str, Any],
    ) -> None:
        self.attempt, self.config, self.fresh, self.pad, self.made_of = attempt, config, fresh, pad, made_of
        self.exclusive = not config.task.several
        self._pass: tuple[tuple[int, int], list[list[int]]] = ((-1, -1), [])

    def begin(self, updates: int) -> None:
        """So many there are, as far as is known by now."""
        self.attempt.total = updates

    def updates(self, rows: int) -> int:
        """Of one pass."""
        return math.ceil(rows / self.config.batch_size)

    def learn(self, part: Part) -> tuple[Network, Progress]:
        """Train to the end of the part: the network as it is then, on the CPU. Raises `StoppedError`, `EngineError`."""
        network = self.fresh().to(device())
        optimizer = self._optimizer(network)
        progress = self._resumed(part, network, optimizer)
        if not progress.step:
            network.begin_with(self._regression(part, network))
        weights, saved, wait = self._weights(part.rows), time.monotonic(), self.config.save_seconds
        while not self._is_over(part, progress):
            try:
                if self._owes_judgement(part, progress):
                    self._judge(part, network, progress)
                else:
                    self._update(part, network, optimizer, progress, weights)
                self.attempt.tick()
            except StoppedError:
                if self.attempt.stop.reason is Exit.PAUSED:
                    self._save(part, network, optimizer, progress)
                raise
            is_due = time.monotonic() - saved >= wait
            if is_due or (part.is_last and self._is_over(part, progress)):
                began = time.monotonic()
                self._save(part, network, optimizer, progress)
                saved = time.monotonic()
                wait = self.config.save_seconds and max(self.config.save_seconds, _OF_WORK * (saved - began))
        if progress.best:
            network.load_state_dict(progress.best)
        return network.to("cpu").eval(), progress

    def folder(self, part: Part) -> Path:
        """Of the part's checkpoints."""
        return self.attempt.run.checkpoints / f"part-{part.number}"

    def _optimizer(self, network: Network) -> torch.optim.Optimizer:
        config = self.config
        encoder = {"params": list(network.encoder.parameters()), "lr": config.learning_rate}
        head = {"params": list(network.head.parameters()), "lr": config.head_learning_rate}
        groups = [each | {"initial_lr": each["lr"]} for each in (encoder, head)]
        return torch.optim.AdamW(groups, weight_decay=config.weight_decay)

    def _regression(self, part: Part, network: Network) -> Any:
        """On the vectors as they are before anything is learnt."""
        vectors = np.zeros((len(part.rows.tokens), network.head.in_features), dtype=np.float32)
        for places, found in vectors_of(network, part.rows.tokens, self.pad):
            vectors[places] = found
            self.attempt.tick()
        c = _BEGIN_EXCLUSIVE if self.exclusive else _BEGIN
        return fit(vectors, part.rows.targets, exclusive=self.exclusive, c=c, tick=self.attempt.tick)

    def _weights(self, rows: Taught) -> torch.Tensor:
        """(rows, labels), or (rows, 1) where labels exclude each other; one on average."""
        found = row_weights(rows.targets, self.exclusive) ** self.config.balance
        return torch.from_numpy(np.asarray(found / found.mean(), dtype=np.float32))

    def _update(
        self,
        part: Part,
        network: Network,
        optimizer: torch.optim.Optimizer,
        progress: Progress,
        weights: torch.Tensor,
    ) -> None:
        config, began, where = self.config, time.monotonic(), network.head.weight.device
        a_pass = self.updates(len(part.rows.tokens))
        number, place = divmod(progress.step, a_pass)
        some = self._batches(part, number)[place]
        # The whole of it, however early it ends: the same pass comes at the same rate in all parts.
        rate = _rate((progress.step + 1) / (config.epochs * a_pass + 1), config.warmup_ratio)
        for group in optimizer.param_groups:
            group["lr"] = group["initial_lr"] * rate
        # Each update has a chance of its own, so that whoever goes on makes the same ones.
        chance = np.random.SeedSequence([config.seed, part.number, progress.step])
        torch.manual_seed(int(chance.generate_state(1)[0]))
        network.train()
        scores = network(*batch_of([part.rows.tokens[row] for row in some], self.pad, where))
        targets = torch.from_numpy(part.rows.targets[some]).to(where)
        loss = loss_of(scores, targets, weights[some].to(where), exclusive=self.exclusive)
        progress.step += 1
        self.attempt.step = part.before + progress.step
        if not torch.isfinite(loss):
            raise EngineError(f"The loss is no number any more at step {self.attempt.step}. Lower the learning rate.")
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]  # untyped in torch
        torch.nn.utils.clip_grad_norm_(network.parameters(), _LONGEST_GRADIENT)
        optimizer.step()
        self.attempt.events.emit(
            "step",
            step=self.attempt.step,
            total_steps=self.attempt.total,
            loss=float(loss.detach()),
            learning_rate=rate * config.learning_rate,
            seconds=round(time.monotonic() - began, 3),
        )

    def _batches(self, part: Part, number: int) -> list[list[int]]:
        """Of one pass; made once."""
        if self._pass[0] != (part.number, number):
            lengths = [len(row) for row in part.rows.tokens]
            batches = passes(lengths, self.config.batch_size, (self.config.seed, part.number, number))
            self._pass = (part.number, number), batches
        return self._pass[1]

    def _judge(self, part: Part, network: Network, progress: Progress) -> None:
        """The scores of the rows left out; the weights are kept where they are the best so far."""
        scores = np.zeros(part.held.targets.shape, dtype=np.float32)
        for places, found in vectors_of(network, part.held.tokens, self.pad):
            scores[places] = network.taken_head(exclusive=self.exclusive).scores(found)
            self.attempt.tick()
        progress.scores.append(scores)
        newest = evaluation(scores, part.held.targets, len(progress.scores), exclusive=self.exclusive)
        progress.judged.append(newest)
        self.attempt.events.emit("evaluation", step=self.attempt.step, eval_loss=newest.eval_loss, figure=newest.figure)
        if part.is_last and waited(progress.judged) == 0:
            progress.best = state_of(network)

    def _is_over(self, part: Part, progress: Progress) -> bool:
        """All updates are made and judged, nothing better came for long enough, or the best so far is wanted now."""
        if self._owes_judgement(part, progress):
            return False
        if progress.best and self.attempt.keeps:
            return True
        whole = part.times * self.updates(len(part.rows.tokens))
        return progress.step >= whole or waited(progress.judged) >= self.config.patience

    def _owes_judgement(self, part: Part, progress: Progress) -> bool:
        """A pass is over, and the rows left out were not asked."""
        over = progress.step // self.updates(len(part.rows.tokens))
        return len(part.held.tokens) > 0 and len(progress.judged) < over

    def _save(self, part: Part, network: Network, optimizer: torch.optim.Optimizer, progress: Progress) -> None:
        """A sealed checkpoint, in place of the one before it."""
        folder = self.folder(part)
        checkpoint = folder / f"{checkpoints.PREFIX}{progress.step}"
        before = checkpoints.all_of(folder)
        if checkpoint in before:
            return
        checkpoint.mkdir(parents=True)
        kept = {"network": state_of(network), "optimizer": optimizer.state_dict(), "best": progress.best}
        torch.save(kept, checkpoint / _STATE)
        np.savez(checkpoint / _SCORES, scores=np.array(progress.scores, dtype=np.float32))
        checkpoints.seal(checkpoint, self.made_of)
        for older in before:
            shutil.rmtree(older)
        self.attempt.events.emit("checkpoint", step=self.attempt.step, total_steps=self.attempt.total)

    def _resumed(self, part: Part, network: Network, optimizer: torch.optim.Optimizer) -> Progress:
        """What the newest sound checkpoint holds; nothing where there is none."""
        attempt = self.attempt
        attempt.step = part.before
        found = checkpoint_of(
            self.folder(part), self.made_of, lambda said: attempt.events.emit("warning", message=said)
        )
        if found is None:
            return Progress()
        kept = torch.load(found / _STATE, map_location=device(), weights_only=True)
        network.load_state_dict(kept["network"])
        optimizer.load_state_dict(kept["optimizer"])
        with np.load(found / _SCORES, allow_pickle=False) as scores:
            held = list(scores["scores"])
        judged = evaluations(held, part.held.targets, exclusive=self.exclusive)
        step = checkpoints.step_of(found)
        attempt.step = part.before + step
        attempt.events.emit("resumed", step=attempt.step, checkpoint=found.relative_to(attempt.run.path).as_posix())
        best = {name: value.cpu() for name, value in kept["best"].items()}
        return Progress(step, held, judged, best)


def _rate(share: float, warmup: float) -> float:
    """Of the full rate, where `share` of all passes is over: up to it, then down to nothing."""
    if share < warmup:
        return share / warmup
    return max(0.0, (1.0 - share) / (1.0 - warmup)) if warmup < 1 else 1.0
