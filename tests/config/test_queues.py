"""Names and queues of tasks are contracts: a worker of another release may hold the other end."""

from config import celery_app

QUEUES = {
    "deployment.build": "build",
    "deployment.propose": "default",
    "deployment.prove_again": "build",
    "deployment.pull": "build",
    "deployment.resume": "default",
    "deployment.stage": "build",
    "deployment.sweep": "default",
    "deployment.watch": "default",
    "evaluation.advance": "build",
    "evaluation.benchmark": "build",
    "evaluation.sweep": "default",
    "labeling.run_import": "default",
    "labeling.sweep": "default",
    "training.check_trigger": "default",
    "training.check_triggers": "default",
    "training.reap": "default",
    "training.train_run": "gpu",
}


def test_every_task_keeps_its_name_and_queue():
    celery_app.loader.import_default_modules()
    names = [name for name in celery_app.tasks if not name.startswith("celery.")]
    assert {name: celery_app.amqp.router.route({}, name)["queue"].name for name in names} == QUEUES
