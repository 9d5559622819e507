"""Names and queues of tasks are contracts: a worker of another release may hold the other end."""

from config import celery_app
from config.queues import schedule
from labeling.services.vectors.making import ROUND_SECONDS

QUEUES = {
    "deployment.build": "build",
    "deployment.build_head": "heads",
    "deployment.catch_up": "default",
    "deployment.load": "default",
    "deployment.look_again": "urgent",
    "deployment.probe": "default",
    "deployment.propose": "default",
    "deployment.prove_again": "build",
    "deployment.pull": "build",
    "deployment.reap": "urgent",
    "deployment.resume": "urgent",
    "deployment.stage": "build",
    "deployment.sweep": "default",
    "deployment.sweep_project": "default",
    "deployment.watch": "urgent",
    "evaluation.accept": "bulk",
    "evaluation.advance": "build",
    "evaluation.benchmark": "build",
    "evaluation.calibrate": "default",
    "evaluation.compare_orders": "heads",
    "evaluation.reap": "urgent",
    "evaluation.reopen": "bulk",
    "evaluation.sweep": "default",
    "labeling.deliver": "default",
    "labeling.mail_links": "default",
    "labeling.make_vectors": "vectors",
    "labeling.reap": "urgent",
    "labeling.run_export": "bulk",
    "labeling.run_import": "bulk",
    "labeling.sweep": "default",
    "labeling.sweep_vectors": "vectors",
    "labeling.tell": "default",
    "training.check_trigger": "default",
    "training.check_triggers": "default",
    "training.fit_draft": "heads",
    "training.fit_head": "heads",
    "training.look": "build",
    "training.look_at_encoder": "default",
    "training.propose_draft": "heads",
    "training.rank_texts": "heads",
    "training.reap": "urgent",
    "training.settle_round": "default",
    "training.train_run": "gpu",
}


def test_every_task_keeps_its_name_and_queue():
    celery_app.loader.import_default_modules()
    names = [name for name in celery_app.tasks if not name.startswith("celery.")]
    assert {name: celery_app.amqp.router.route({}, name)["queue"].name for name in names} == QUEUES


def test_the_sweep_of_vectors_outlives_the_rounds_that_it_waits_behind():
    rounds = schedule(60, 60, 10)
    assert rounds["labeling-sweep-vectors"]["options"]["expires"] >= 10 * ROUND_SECONDS
    assert rounds["labeling-sweep"]["options"]["expires"] == 120
