"""Home, project, samples and import pages: what they show, to whom, at what cost."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from labeling import panels, services, tasks
from labeling.models import ImportBatch
from tests.factories import (
    acting,
    make_admin,
    make_expert,
    make_manager,
    make_operator,
    make_project,
    make_sample,
    make_user,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def project():
    return make_project("shop")


@pytest.fixture
def ana(project, client):
    user = make_expert(project, "ana")
    client.force_login(user)
    return user


def html_of(client, name, *args, **query):
    answer = client.get(reverse(f"labeling:{name}", args=args), query)
    assert answer.status_code == 200
    return answer.content.decode()


def test_home_shows_own_projects_with_their_queue(client, project, ana):
    make_project("secret")
    make_sample(project)
    html = html_of(client, "home")
    assert "Shop" in html
    assert "Secret" not in html


def test_home_says_how_to_begin(client):
    client.force_login(make_user())
    assert "You have no role in a project" in html_of(client, "home")
    client.force_login(make_admin())
    assert reverse("labeling:new_project") in html_of(client, "home")


def test_home_costs_the_same_for_many_projects(client, django_assert_max_num_queries):
    for _ in range(12):
        make_project()
    client.force_login(make_admin())
    with django_assert_max_num_queries(8):
        client.get("/")


def test_pages_ask_for_a_login(client, project):
    for name in ("project", "review", "samples", "imports", "members"):
        answer = client.get(reverse(f"labeling:{name}", args=["shop"]))
        assert answer.status_code == 302
        assert answer["Location"].startswith("/login/")


def test_a_stranger_finds_no_page(client, project):
    sample = make_sample(project)
    client.force_login(make_expert(make_project()))
    for name in ("project", "review", "samples", "imports", "members"):
        assert client.get(reverse(f"labeling:{name}", args=["shop"])).status_code == 404
    assert client.get(reverse("labeling:sample", args=["shop", sample.uid])).status_code == 404


def test_the_project_page_counts_golden_samples_by_split_and_shows_panels(client, project, ana, monkeypatch):
    services.decide(acting(ana), make_sample(project, "Late again", split="test"), ["delivery"])
    monkeypatch.setattr(panels, "_panels", {"project": [lambda request, project: f"panel of {project.key}"]})
    html = html_of(client, "project", "shop")
    assert "<dt>Golden, test</dt><dd>1</dd>" in html
    assert "Late again" in html
    assert "panel of shop" in html


def test_a_panel_is_registered_once_and_only_in_a_slot_that_exists(monkeypatch, rf):
    monkeypatch.setattr(panels, "_panels", {"sample": []})

    def panel(request, sample):
        return "seen"

    panels.register("sample", panel)
    panels.register("sample", panel)
    assert panels.render("sample", rf.get("/"), None) == ["seen"]
    with pytest.raises(ValueError, match="slot"):
        panels.register("kitchen", panel)


def test_samples_are_found_by_text_id_state_and_split(client, project, ana):
    make_sample(project, "The kettle is broken", external_id="m-1", split="test")
    services.decide(acting(ana), make_sample(project, "Lamp is fine"), ["praise"])
    assert "kettle" not in html_of(client, "samples", "shop", q="lamp")
    assert "kettle" in html_of(client, "samples", "shop", q="m-1")
    assert "kettle" not in html_of(client, "samples", "shop", state="golden")
    assert "Lamp" not in html_of(client, "samples", "shop", split="test")
    assert "Nothing found" in html_of(client, "samples", "shop", q="\x00")


def test_samples_are_paged_by_id_and_never_counted(client, project, ana, django_assert_max_num_queries):
    samples = [make_sample(project, f"Text number {number} here") for number in range(120)]
    with django_assert_max_num_queries(8) as captured:
        first = html_of(client, "samples", "shop")
    assert not any("COUNT(" in query["sql"] for query in captured.captured_queries)
    assert f"before={samples[70].uid}" in first
    second = html_of(client, "samples", "shop", before=str(samples[70].uid))
    assert "Text number 69 here" in second
    assert "Text number 70 here" not in second
    assert "Text number 119" in html_of(client, "samples", "shop", before="rubbish")


def test_the_sample_page_tells_its_history(client, project, ana):
    sample = make_sample(project)
    services.decide(acting(ana), sample, ["praise"], comment="so kind", seconds=4)
    html = html_of(client, "sample", "shop", sample.uid)
    assert "so kind" in html
    assert "Golden answer" in html


def test_a_sample_is_sent_back_to_review_by_an_expert_only(client, project, ana):
    sample = make_sample(project)
    services.decide(acting(ana), sample, ["praise"])
    url = reverse("labeling:review_this", args=["shop", sample.uid])
    client.force_login(make_operator(project))
    assert client.post(url).status_code == 403
    client.force_login(ana)
    client.post(url)
    assert services.next_sample(acting(ana), project) == sample


def test_an_upload_shows_its_progress_and_its_bad_rows(client, project):
    client.force_login(make_operator(project))
    upload = SimpleUploadedFile("mails.jsonl", b'{"text": "Hi"}\n{"no": 1}\n')
    form = {"file": upload, "text_column": "text", "format": ""}
    waiting = client.post(reverse("labeling:imports", args=["shop"]), form, follow=True).content.decode()
    batch = ImportBatch.objects.get()
    assert "every 1s" in waiting
    assert "No worker on the queue" in waiting
    tasks.run_import(batch.pk)
    done = html_of(client, "import", "shop", batch.uid)
    assert "every 1s" not in done
    report = client.get(reverse("labeling:import_report", args=["shop", batch.uid]))
    assert b"".join(report.streaming_content).splitlines()[1].startswith(b"2,")
    assert "mails.jsonl" in html_of(client, "imports", "shop")


def test_known_answers_are_offered_only_to_those_who_may_review(client, project):
    client.force_login(make_operator(project))
    assert "Known answers" not in html_of(client, "imports", "shop")
    client.force_login(make_manager(project))
    assert "Known answers" in html_of(client, "imports", "shop")


def test_a_wrong_choice_is_said_in_the_form(client, project):
    client.force_login(make_manager(project))
    form = {"file": SimpleUploadedFile("a.csv", b"text\n"), "text_column": "text", "answers": "all"}
    html = client.post(reverse("labeling:imports", args=["shop"]), form).content.decode()
    assert "Say which column holds the known answers" in html
    assert not ImportBatch.objects.exists()


def test_an_expert_cannot_import(client, project, ana):
    assert client.get(reverse("labeling:imports", args=["shop"])).status_code == 403


def test_an_operator_is_shown_no_door_to_the_review_page_and_told_why(client, project):
    client.force_login(make_operator(project, "olaf"))
    review = "/projects/shop/review/"
    assert f'href="{review}"' not in client.get("/projects/shop/").content.decode()
    refused = client.get(review)
    assert refused.status_code == 403
    assert "You may not review in project shop. Ask a manager of the project." in refused.content.decode()


def test_a_page_that_is_not_there_leads_home(client, ana):
    missing = client.get("/projects/elsewhere/")
    assert missing.status_code == 404
    assert "To your projects" in missing.content.decode()
