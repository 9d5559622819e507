"""A manager withdraws a sample from every use, and brings it back as it was."""

import pytest
from django.core.exceptions import PermissionDenied
from django.db.models import ProtectedError
from django.urls import reverse
from rest_framework.test import APIClient

from common.problems import ConflictError, ProblemError
from labeling import services
from labeling.models import GoldenSample, Sample, Withdrawal
from labeling.services import create_token
from tests.factories import (
    SYSTEM,
    acting,
    make_admin,
    make_expert,
    make_manager,
    make_operator,
    make_project,
    make_sample,
)
from tests.labeling.proposing import predict, propose
from tests.labeling.test_review_page import URL, fields, page

pytestmark = pytest.mark.django_db


@pytest.fixture
def project():
    return make_project("shop", train_share=90, validation_share=10, test_share=0)


@pytest.fixture
def mia(project):
    return make_manager(project, "mia")


@pytest.fixture
def sample(project):
    return make_sample(project, "A text that nobody should use")


def state():
    return Sample.objects.get().state


def test_it_leaves_the_queue_and_comes_back_as_it_was(project, mia, sample):
    services.withdraw_sample(acting(mia), sample, "a private letter")
    assert services.next_sample(acting(mia), project) is None
    assert not Sample.objects.pending().exists()
    assert not Sample.objects.in_use().exists()
    services.restore_sample(acting(mia), sample, "it was not")
    assert services.next_sample(acting(mia), project) == sample
    assert list(Withdrawal.objects.values_list("reason", "was")) == [
        ("it was not", "withdrawn"),
        ("a private letter", "pending"),
    ]


@pytest.mark.parametrize(("split", "use"), [("train", "trainable"), ("test", "judging")])
def test_its_golden_answer_is_kept_and_counts_nowhere(project, mia, split, use):
    sample = make_sample(project, split=split)
    services.decide(acting(mia), sample, ["billing"])
    services.withdraw_sample(acting(mia), sample, "wrong language")
    assert not GoldenSample.objects.current().exists()
    assert not getattr(GoldenSample.objects, use)().exists()
    left_out = {"the text is withdrawn": 1} if split == "test" else {}
    assert services.cases_left_out(project) == left_out
    assert GoldenSample.objects.get().retired_at is None
    services.restore_sample(acting(mia), sample)
    assert getattr(GoldenSample.objects, use)().get().answer == {"labels": ["billing"]}
    assert state() == "golden"


def test_the_same_text_coming_in_again_does_not_bring_it_back(project, mia, sample, tmp_path):
    services.withdraw_sample(acting(mia), sample, "no")
    file = tmp_path / "again.jsonl"
    file.write_text('{"text": "a text that NOBODY should use", "labels": ["billing"]}\n')
    batch = services.import_file(SYSTEM, project, file, {"text": "text", "answer": "labels", "answers": "all"})
    assert (batch.imported, batch.golden, batch.duplicates, batch.bad_rows) == (0, 0, 0, 1)
    assert "withdrawn" in batch.report.read().decode()
    text = services.NewText(sample.text, answer={"labels": ["billing"]})
    assert services.create_samples(acting(mia), project, [text], may_approve=True) == [(sample, False)]
    prediction = predict(project, sample.text)
    assert prediction.sample == sample
    assert services.give_feedback(acting(mia), prediction, answer=["billing"]).effect == "withdrawn"
    with pytest.raises(ConflictError):
        services.decide_known(SYSTEM, sample, {"labels": ["billing"]})
    assert state() == "withdrawn"
    assert not GoldenSample.objects.exists()


def test_who_has_it_open_is_told_and_nothing_is_saved(client, project, mia, sample):
    client.force_login(make_expert(project, "ana"))
    propose(sample)
    form = fields(page(client))
    services.withdraw_sample(acting(mia), sample, "no")
    answer = client.post(URL, form)
    assert answer.status_code == 409
    assert "withdrawn from every use" in answer.content.decode()
    assert state() == "withdrawn"


def test_neither_undo_nor_reopen_brings_it_back(project, mia, sample):
    services.decide(acting(mia), sample, ["billing"])
    services.withdraw_sample(acting(mia), sample, "no")
    with pytest.raises(ConflictError, match="withdrawn"):
        services.undo(acting(mia), project)
    with pytest.raises(ConflictError, match="withdrawn"):
        services.reopen(acting(mia), sample)
    assert state() == "withdrawn"


def test_only_managers_withdraw_and_bring_back(project, mia, sample):
    others = make_expert(project), make_operator(project), make_manager(make_project())
    for user in others:
        with pytest.raises(PermissionDenied):
            services.withdraw_sample(acting(user), sample, "no")
    services.withdraw_sample(acting(mia), sample, "no")
    for user in others:
        with pytest.raises(PermissionDenied):
            services.restore_sample(acting(user), sample)
    assert state() == "withdrawn"


def test_it_asks_for_a_reason_and_happens_once(mia, sample):
    for reason in ("", "  ", "x" * 2001):
        with pytest.raises(ProblemError, match="Say why"):
            services.withdraw_sample(acting(mia), sample, reason)
    with pytest.raises(ConflictError, match="is not withdrawn"):
        services.restore_sample(acting(mia), sample)
    services.withdraw_sample(acting(mia), sample, "no")
    with pytest.raises(ConflictError, match="already"):
        services.withdraw_sample(acting(mia), sample, "no")
    assert Withdrawal.objects.count() == 1


def test_the_record_outlives_its_author(mia, sample):
    services.withdraw_sample(acting(mia), sample, "no")
    with pytest.raises(ProtectedError):
        mia.delete()


def test_the_page_asks_says_by_whom_and_why_and_brings_back(client, mia, sample):
    client.force_login(mia)
    detail, withdraw, restore = (
        reverse(f"labeling:{name}", args=["shop", sample.uid]) for name in ("sample", "withdraw", "restore")
    )
    assert withdraw in client.get(detail).content.decode()
    assert "Withdraw this sample?" in client.get(withdraw).content.decode()
    refused = client.post(withdraw, {"reason": " "})
    assert (refused.status_code, state()) == (400, "pending")
    html = client.post(withdraw, {"reason": "a private letter"}, follow=True).content.decode()
    assert "Withdrawn by mia" in html
    assert "a private letter" in html
    assert restore in html
    assert "Review now" not in html
    listed = client.get(reverse("labeling:samples", args=["shop"]), {"state": "withdrawn"}).content.decode()
    assert sample.text in listed
    html = client.post(restore, {"reason": ""}, follow=True).content.decode()
    assert "Brought back" in html
    assert state() == "pending"


@pytest.mark.parametrize("verb", ["withdraw", "restore"])
def test_an_expert_finds_no_button_and_no_page(client, project, sample, verb):
    client.force_login(make_expert(project))
    url = reverse(f"labeling:{verb}", args=["shop", sample.uid])
    assert url not in client.get(reverse("labeling:sample", args=["shop", sample.uid])).content.decode()
    assert client.post(url, {"reason": "no"}).status_code == 403
    client.force_login(make_manager(make_project()))
    assert client.post(url, {"reason": "no"}).status_code == 404


def test_the_api_withdraws_and_brings_back_for_managers(project, mia, sample):
    url = f"/api/v1/projects/shop/samples/{sample.uid}"
    services.decide(acting(mia), sample, ["billing"])
    client = APIClient()
    client.force_login(mia)
    assert client.post(f"{url}/withdraw", {}, format="json").status_code == 400
    done = client.post(f"{url}/withdraw", {"reason": "no"}, format="json").json()
    assert (done["state"], done["answer"], done["given"], done["way_in"]) == ("withdrawn", None, None, "import")
    assert client.post(f"{url}/withdraw", {"reason": "no"}, format="json").status_code == 409
    done = client.post(f"{url}/restore", {}, format="json").json()
    assert (done["state"], done["answer"], done["given"]) == ("golden", {"labels": ["billing"]}, "blind")


@pytest.mark.parametrize(("scopes", "status"), [(["read", "import", "operate"], 403), (["manage"], 200)])
def test_a_token_withdraws_with_the_scope_to_manage_alone(project, mia, sample, scopes, status):
    client = APIClient()
    _, secret = create_token(SYSTEM, mia, "bot", [project], scopes)
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {secret}")
    url = f"/api/v1/projects/shop/samples/{sample.uid}/withdraw"
    assert client.post(url, {"reason": "no"}, format="json").status_code == status
    assert state() == ("withdrawn" if status == 200 else "pending")


def test_the_admin_asks_first_and_does_all_or_nothing(client, project, mia, sample):
    client.force_login(make_admin())
    other = make_sample(project, "Another")
    url = reverse("admin:labeling_sample_changelist")
    form = {"action": "withdraw", "_selected_action": [sample.pk, other.pk]}
    assert 'name="reason"' in client.post(url, form).content.decode()
    assert not Withdrawal.objects.exists()
    services.withdraw_sample(acting(mia), other, "already")
    html = client.post(url, {**form, "confirmed": 1, "reason": "no"}, follow=True).content.decode()
    assert "Nothing was done" in html
    services.restore_sample(acting(mia), other)
    client.post(url, {**form, "confirmed": 1, "reason": "no"})
    assert not Sample.objects.in_use().exists()
    client.post(url, {**form, "action": "bring_back", "confirmed": 1})
    assert Sample.objects.in_use().count() == 2
