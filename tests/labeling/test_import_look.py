"""The page that shows a file before it comes in: its first rows, columns by click, a trial, pasted rows."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from labeling import tasks
from labeling.models import ImportBatch, Sample
from tests.factories import make_manager, make_operator, make_project

pytestmark = pytest.mark.django_db
PAGE = "/projects/shop/imports/"


@pytest.fixture
def project():
    return make_project("shop")


@pytest.fixture(autouse=True)
def media(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path / "media"


def upload(client, content: bytes, name: str = "mails.csv", **fields) -> str:
    """The page of a file that was uploaded to be looked at."""
    form = {"file": SimpleUploadedFile(name, content), "answers": "none", "look": "1", **fields}
    return client.post(PAGE, form)["Location"]


def test_first_rows_columns_by_click_a_trial_and_the_import(client, project, sent):
    client.force_login(make_manager(project))
    url = upload(client, "subject;body\nRe;Wo ist es?\nFw;<b>Größe</b>\n".encode("cp1252"))
    page = client.get(url).text
    assert "Recognised: CSV, Windows-1252, columns between" in page
    assert "&lt;b&gt;Größe&lt;/b&gt;" in page
    assert 'name="text_column" value="body" checked' in page, "the likely column is chosen"
    assert "As it would come in" in page
    assert not Sample.objects.exists()
    fields = {"text_column": "body", "id_column": "subject", "answers": "none"}
    assert ">Re</span>" in client.post(url, fields | {"look": "1"}).text
    client.post(url, fields | {"try": "1"})
    tasks.run_import(ImportBatch.objects.get().pk)
    page = client.get(url).text
    assert "Nothing did" in page
    assert 'name="text_column" value="body" checked' in page
    assert not Sample.objects.exists()
    client.post(url, fields | {"start": "1"})
    tasks.run_import(ImportBatch.objects.get().pk)
    assert set(Sample.objects.values_list("text", "external_id")) == {("Wo ist es?", "Re"), ("<b>Größe</b>", "Fw")}
    page = client.get(url).text
    assert "What is in it" not in page
    assert ">Review</a>" in page


def test_a_wrong_column_is_said_on_the_page(client, project):
    client.force_login(make_operator(project))
    url = upload(client, b"subject,body\na,b\n")
    assert "There is no column &#x27;nope&#x27;" in client.post(url, {"text_column": "nope", "look": "1"}).text
    page = client.get(url).text
    assert 'name="labels_column"' not in page, "known answers are for those who review"


def test_pasted_rows_are_a_file_like_any_other(client, project, sent):
    client.force_login(make_operator(project))
    client.post(PAGE, {"pasted": "text\tnote\r\none\tx\r\ntwo\ty\r\n"})
    tasks.run_import(ImportBatch.objects.get().pk)
    assert set(Sample.objects.values_list("text", flat=True)) == {"one", "two"}
    assert "Choose a file, or paste rows" in client.post(PAGE, {"pasted": " "}).text


def test_what_is_not_read_is_said_before_anything_is_chosen(client, project):
    client.force_login(make_operator(project))
    assert "This is a Parquet file" in client.get(upload(client, b"PAR1\x15\x04", "x.parquet")).text
    assert "CoNLL" in client.get(upload(client, b"EU\tB-ORG\nin\tO\n", "x.conll")).text


def test_an_import_is_cancelled_on_its_page(client, project):
    client.force_login(make_operator(project))
    url = client.post(PAGE, {"file": SimpleUploadedFile("a.csv", b"text\na\n")})["Location"]
    assert "Cancel</button>" in client.get(url).text
    client.post(f"{url}cancel/")
    assert ImportBatch.objects.get().state == "cancelled"
