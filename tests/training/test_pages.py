"""The pages: what they show in each state, who sees them, and that they cost few queries."""

import pytest
from django.urls import reverse
from django.utils import timezone

from labeling import services as labeling
from tests.factories import SYSTEM, make_expert, make_operator, make_project, remade
from tests.training.helpers import add_events, gpu_worker_lives, make_golden, make_policy, make_run
from training.models import BaseModel, RunEvent, TrainingRun
from training.services import create_baseline, freeze_snapshot, run_folder
from training.services.snapshots import folder_of, samples_of

pytestmark = pytest.mark.django_db
NO_WORKER = "no GPU worker is alive"


def url(name, project, *more):
    return reverse(f"training:{name}", args=[project.key, *more])


@pytest.fixture
def olga(shop, client):
    user = make_operator(shop, "olga")
    client.force_login(user)
    return user


def body(client, address):
    response = client.get(address)
    assert response.status_code == 200
    return " ".join(response.content.decode().split())


def test_an_empty_project_says_what_will_start_a_run(client, olga, shop):
    page = body(client, url("runs", shop))
    assert "No runs yet" in page
    assert "no retrain policy" in page
    make_policy(shop, threshold=50)
    make_golden(shop, 12)
    page = body(client, url("runs", shop))
    assert "<strong>12 of 50</strong> new golden samples" in page
    assert "The first one starts by itself at 50" in page
    assert "<strong>12 of 50</strong>" in body(client, reverse("labeling:project", args=["shop"]))


def test_an_operator_starts_a_run_and_lands_on_its_page(client, olga, shop):
    policy = make_policy(shop)
    make_golden(shop, 2)
    answer = client.post(url("start", shop), {"profile": policy.profile_id, "base": policy.base_id})
    run = TrainingRun.objects.get()
    assert answer.url == url("run", shop, run.uid)
    assert (run.trigger, run.requested_by) == ("manual", olga)
    page = body(client, answer.url)
    assert NO_WORKER in page
    assert "hx-get" in page
    gpu_worker_lives()
    assert NO_WORKER not in body(client, answer.url)


def test_what_a_service_refuses_is_shown(client, olga, shop):
    policy = make_policy(shop)
    asked = {"profile": policy.profile_id, "base": policy.base_id}
    page = client.post(url("start", shop), asked, follow=True).content.decode()
    assert "no golden samples in the train split" in page
    page = client.post(url("start", shop), {}, follow=True).content.decode()
    assert "Choose a profile first, and a base model or none." in page


def test_a_running_run_shows_progress_loss_log_and_configuration(client, olga, shop):
    run = make_run(
        shop, "running", step=4, total_steps=10, loss=0.75, worker="host:1", environment={"python": "3.11.7"}
    )
    add_events(run, 4, evaluate_at=4)
    run_folder(run).mkdir(parents=True)
    (run_folder(run) / "engine.log").write_text("line one\nstep 4 <done>\n")
    page = body(client, url("run", shop, run.uid))
    for part in (
        'value="40"',
        "4 of 10",
        "0.7500",
        "1.2500",
        "0.500",
        "step 4 &lt;done&gt;",
        "max_steps: 10",
        "3.11.7",
    ):
        assert part in page
    assert page.count("hx-swap-oob") == 0
    polled = client.get(url("run", shop, run.uid), headers={"HX-Request": "true"}).content.decode()
    assert "<html" not in polled
    assert polled.count('hx-swap-oob="morph"') == 4
    assert "chart.js" not in polled


def test_an_ended_run_is_polled_no_more_and_leads_to_its_version(client, olga, shop):
    run = make_run(shop, "succeeded", step=10, total_steps=10)
    version = create_baseline(SYSTEM, shop, run.base)
    remade(version, run=run, number=1)
    page = body(client, url("run", shop, run.uid))
    assert "hx-get" not in page
    assert reverse("deployment:version", args=["shop", 1]) in page
    assert url("snapshot", shop, run.snapshot.uid) in page
    assert "hx-get" not in body(client, url("runs", shop))


def test_the_bare_base_is_made_version_0(client, olga, shop):
    base = BaseModel.objects.create(name="tiny", location="tiny")
    assert url("baseline", shop) in body(client, url("runs", shop))
    page = client.post(url("baseline", shop), {"base": base.pk}, follow=True).content.decode()
    assert "shop:v0 is being built" in page
    assert url("baseline", shop) not in page
    assert "is the baseline" in client.post(url("baseline", shop), {"base": base.pk}, follow=True).content.decode()
    assert "Choose a base model" in client.post(url("baseline", shop), {}, follow=True).content.decode()
    assert shop.versions.count() == 1


def test_a_failed_run_shows_its_error(client, olga, shop):
    run = make_run(shop, "failed", error="No training row is left. <b>")
    page = body(client, url("run", shop, run.uid))
    assert "No training row is left. &lt;b&gt;" in page
    assert url("repeat", shop, run.uid) in page


def test_the_curve_comes_in_pieces(client, olga, shop):
    run = make_run(shop, "running", total_steps=10)
    add_events(run, 4, evaluate_at=4)
    whole = client.get(url("curve", shop, run.uid)).json()
    assert whole["steps"] == [[1, 3.0], [2, 1.5], [3, 1.0], [4, 0.75]]
    assert whole["evaluations"] == [[4, 1.25]]
    assert whole["figures"] == [[4, 0.5]]
    assert (whole["total_steps"], whole["unfinished"], whole["last"]) == (10, True, 6)
    later = client.get(url("curve", shop, run.uid), {"after": 3}).json()
    assert later["steps"] == [[3, 1.0], [4, 0.75]]
    for strange in ("x", "-1", "9" * 30):
        assert client.get(url("curve", shop, run.uid), {"after": strange}).json()["last"] == 6


def test_a_long_curve_is_thinned(client, olga, shop):
    run = make_run(shop, "running")
    add_events(run, 4000, evaluate_at=4000)
    curve = client.get(url("curve", shop, run.uid)).json()
    assert 1000 < len(curve["steps"]) < 2000
    assert curve["evaluations"] == [[4000, 1.25]]


def test_cancel_and_repeat_ask_first(client, olga, shop):
    run = make_run(shop)
    assert "Cancel run" in body(client, url("cancel", shop, run.uid))
    client.post(url("cancel", shop, run.uid))
    run.refresh_from_db()
    assert run.state == "cancelled"
    assert "already cancelled" in client.post(url("cancel", shop, run.uid), follow=True).content.decode()
    assert "Repeat run" in body(client, url("repeat", shop, run.uid))
    answer = client.post(url("repeat", shop, run.uid))
    again = TrainingRun.objects.order_by("-id").first()
    assert (answer.url, again.snapshot) == (url("run", shop, again.uid), run.snapshot)


def test_an_expert_looks_and_changes_nothing(client, shop):
    client.force_login(make_expert(shop, "ana"))
    run = make_run(shop)
    page = body(client, url("run", shop, run.uid)) + body(client, url("runs", shop))
    assert url("cancel", shop, run.uid) not in page
    assert url("start", shop) not in page
    for name in ("cancel", "repeat"):
        assert client.post(url(name, shop, run.uid)).status_code == 403
    assert client.post(url("start", shop)).status_code == 403
    assert client.get(url("download", shop, run.snapshot.uid, "train")).status_code == 403


def test_strangers_see_nothing(client, shop):
    run, snapshot = make_run(shop), freeze_snapshot(SYSTEM, shop)
    other = make_project("elsewhere")
    foreign = [
        url("runs", shop),
        url("run", shop, run.uid),
        url("curve", shop, run.uid),
        url("cancel", shop, run.uid),
        url("snapshots", shop),
        url("snapshot", shop, snapshot.uid),
        # One's own project does not open what belongs to another.
        url("run", other, run.uid),
        url("snapshot", other, snapshot.uid),
        url("download", other, snapshot.uid, "train"),
    ]
    assert client.get(foreign[0]).status_code == 302
    client.force_login(make_operator(other))
    assert {client.get(address).status_code for address in foreign} == {404}


def test_a_snapshot_shows_its_first_rows_and_gives_its_files(client, olga, shop):
    make_golden(shop, 5)
    snapshot = freeze_snapshot(SYSTEM, shop, note="by hand")
    page = body(client, url("snapshot", shop, snapshot.uid))
    assert snapshot.digest in page
    assert "by hand" in page
    assert page.count("Where is my parcel") == 3
    answer = client.get(url("download", shop, snapshot.uid, "train"))
    assert b"".join(answer.streaming_content) == (folder_of(snapshot) / "train.jsonl").read_bytes()
    assert client.get(url("download", shop, snapshot.uid, "other")).status_code == 404
    assert "by hand" in body(client, url("snapshots", shop))


def test_a_snapshot_on_another_host_is_said(client, olga, shop, settings, tmp_path):
    make_golden(shop, 2)
    snapshot = freeze_snapshot(SYSTEM, shop)
    settings.SNAPSHOTS_DIR = tmp_path / "elsewhere"
    assert "lie on another host" in body(client, url("snapshot", shop, snapshot.uid))
    assert client.get(url("download", shop, snapshot.uid, "train")).status_code == 404


def test_the_list_costs_the_same_for_many_runs(client, olga, shop, django_assert_max_num_queries):
    for _ in range(25):
        make_run(shop, "succeeded")
    with django_assert_max_num_queries(22):
        page = body(client, url("runs", shop))
    assert "Page 1 of 2" in page
    assert "Page 2 of 2" in body(client, url("runs", shop) + "?page=2")


def test_whoever_may_change_the_policy_sees_the_way_to_it(client, olga, shop):
    way = reverse("labeling:settings_of", args=[shop.key, "retraining"])
    assert f'href="{way}">Set it up' in body(client, url("runs", shop))
    make_policy(shop)
    assert f'href="{way}">Change the policy' in body(client, url("runs", shop))
    client.force_login(make_expert(shop))
    assert way not in body(client, url("runs", shop))


def test_rows_that_were_left_out_lead_to_their_samples(client, olga, shop):
    make_golden(shop, 3)
    run = make_run(shop)
    samples = samples_of(run.snapshot)["train"]
    assert len(set(samples)) == 3
    said = {"message": "1 of 3 rows of train.jsonl are longer than 9 tokens.", "file": "train.jsonl", "rows": 1}
    event = {"run": run, "kind": "left_out", "at": timezone.now()}
    RunEvent.objects.create(seq=1, payload={**said, "numbers": [1]}, **event)
    RunEvent.objects.create(seq=2, payload={**said, "numbers": [2]}, **event)  # of a later attempt
    page = body(client, url("run", shop, run.uid))
    assert page.count("1 of 3 rows of train.jsonl are longer") == 1
    assert reverse("labeling:sample", args=["shop", samples[1]]) in page
    assert reverse("labeling:sample", args=["shop", samples[0]]) not in page
    TrainingRun.objects.filter(pk=run.pk).update(metrics={"rows_left_out": 2})
    assert "2 rows too long for it, left out" in body(client, url("snapshot", shop, run.snapshot.uid))


def test_answers_that_do_not_fit_lead_to_their_samples(client, olga, shop):
    misfit = make_golden(shop, 3)[2]  # praise
    labeling.update_project(SYSTEM, shop, labels=["billing", "delivery"], leave_out=True)
    snapshot = freeze_snapshot(SYSTEM, shop)
    page = body(client, url("snapshot", shop, snapshot.uid))
    assert "<strong>1</strong> approved answer left out" in page
    assert reverse("labeling:sample", args=["shop", misfit.sample.uid]) in page


def test_what_the_engine_said_stands_on_the_page(client, olga, shop):
    run = make_run(shop, "running")
    said = {"message": "Out of memory with 8 rows at once: from here on 4."}
    RunEvent.objects.create(run=run, seq=1, kind="memory", payload=said, at=timezone.now())
    assert "from here on 4." in body(client, url("run", shop, run.uid))
