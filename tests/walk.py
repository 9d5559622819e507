"""Every URL of the site, from the resolver, with a row behind each; and people and tokens of all rights to ask them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.contrib import admin
from django.contrib.auth.models import Group, Permission
from django.contrib.contenttypes.models import ContentType
from django.core.files.base import ContentFile
from django.db import transaction
from django.http import HttpResponse
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from django.utils import timezone

from deployment.models import BuildStep, Deployment, Finding, ModelPull, ParityReport, StagedVersion, VersionPin
from evaluation.models import (
    Acceptance,
    AcceptPolicy,
    BaselineResult,
    Benchmark,
    Calibration,
    CaseResult,
    Certificate,
    GatePolicy,
    GateReport,
    Suite,
    SuiteCase,
)
from labeling import services
from labeling.answers import parse
from labeling.models import Export, ImportBatch, Notification, Project, Role, Scope, User
from labeling.services import events
from labeling.services.news.webhooks import add_webhook, send_test
from tests.deployment.standins import make_server, make_version, serve_from
from tests.factories import SYSTEM, acting, make_admin, make_manager, make_member, make_project, make_sample
from tests.training.helpers import add_events, gpu_worker_lives, make_policy, make_run
from training.models import RetrainMethod, TrainingRound, TrainingRun

# Staff have all permissions of Django's; `staff` is an expert of the project, `staff:manager` manages it.
PEOPLE = ("anonymous", "stranger", "expert", "operator", "manager", "staff", "staff:manager", "administrator")
# Those of one scope are an administrator's; `token:expert` has all scopes, and an expert for its owner.
TOKENS = (*(f"token:{scope}" for scope in Scope.values), "token:expert", "token:foreign")
ROLES = (*PEOPLE, *TOKENS)
_PARAMETER = re.compile(r"<(?:(\w+):)?(\w+)>")
_GROUP = re.compile(r"\(\?P<(\w+)>.*?\)(?=[-/]|\$|$)")
# What an address has to say besides.
_QUERIES = {"admin/autocomplete/": "?app_label=deployment&model_name=servingpolicy&field_name=servers"}


@dataclass(frozen=True)
class Route:
    """One URL pattern: as it is written, and with a row of the world in it."""

    pattern: str
    url: str

    @property
    def is_api(self) -> bool:
        return self.pattern.startswith("api/")

    @property
    def methods(self) -> tuple[str, ...]:
        return ("GET", "POST", "PUT", "PATCH", "DELETE") if self.is_api else ("GET", "POST")


class World:
    """The project `shop` with a row of everything, `other` beside it, and who may what."""

    def __init__(self) -> None:
        self.project, self.other = make_project("shop"), make_project("faraway")
        self.secrets: dict[str, str] = {}
        self.people: dict[str, Any] = {"stranger": make_manager(self.other, "stranger")}
        for role in Role.values:
            self.people[role] = make_member(self.project, role, role)
        self.people["staff"] = self._staff(Role.EXPERT, "staff")
        self.people["staff:manager"] = self._staff(Role.MANAGER, "staff-manager")
        root = self.people["administrator"] = make_admin("root")
        for scope in Scope.values:
            self.secrets[f"token:{scope}"] = self._token(root, self.project, [scope])
        self.secrets["token:expert"] = self._token(self.people["expert"], self.project, Scope.values)
        self.secrets["token:foreign"] = self._token(root, self.other, Scope.values)
        self.uids: dict[str, Any] = {"tokens": self.people["expert"].tokens.get()}
        Group.objects.create(name="labellers")
        self._label_something()
        self._train_something()
        self._serve_something()
        self._judge_something()

    def _staff(self, role: str, name: str) -> User:
        person = make_member(self.project, role, name)
        person.is_staff = True
        person.save()
        person.user_permissions.set(Permission.objects.all())
        return person

    def _token(self, owner: User, project: Project, scopes: list[str]) -> str:
        return services.create_token(SYSTEM, owner, "bot", [project], scopes)[1]

    def _label_something(self) -> None:
        sample, spec, raw = make_sample(self.project), self.project.spec, '{"labels": ["billing"]}'
        prediction = services.record_prediction(
            SYSTEM, self.project, spec=spec, model_tag="shop:v1", raw=raw, parsed=parse(raw, spec.to_spec(), None),
            source="analyze", sample=sample,
        )  # fmt: skip
        services.give_feedback(SYSTEM, prediction, thumb=1)
        review = services.decide(acting(self.people["expert"]), make_sample(self.project), ["billing"])
        services.write_guideline(SYSTEM, self.project, "# When it is *billing*")
        said = services.comment(acting(self.people["manager"]), sample, "Is this one billing, @expert?")
        services.withdraw_sample(SYSTEM, make_sample(self.project), "a private letter")
        services.mark_must_pass(SYSTEM, make_sample(self.project, split="test"), "an incident")
        batch = ImportBatch.objects.create(project=self.project, name="mails.csv", state="succeeded")
        batch.report.save("bad.csv", ContentFile(b"line,reason\n"))
        spec = self.project.spec
        export = Export.objects.create(
            project=self.project, spec=spec, format="jsonl", as_of=timezone.now(), state="succeeded"
        )
        export.file.save("shop.jsonl", ContentFile(b"{}\n"))
        member = self.project.memberships.get(user=self.people["expert"])
        label = self.project.labels.first()
        invitation, _ = services.invite(acting(self.people["manager"]), self.project, Role.EXPERT)
        self.uids |= {
            "samples": sample,
            "predictions": prediction,
            "proposals": prediction,
            "reviews": review,
            "mentions": said.mentions.get(),
            "imports": batch,
            "exports": export,
            "members": member,
            "labels": label,
            "invitations": invitation,
        }
        self._tell_something()

    def _tell_something(self) -> None:
        hook = add_webhook(SYSTEM, self.project, "https://hooks.example.org/shop", ["banner"])
        self.uids |= {"webhooks": hook, "deliveries": send_test(SYSTEM, hook)}
        for person in self.people.values():
            with transaction.atomic():
                event = events.record(SYSTEM, "queue.emptied", self.project)
            Notification.objects.create(news=event.news, user=person)

    def _train_something(self) -> None:
        self.run = make_run(self.project, "running")
        add_events(self.run, 2)
        gpu_worker_lives()
        policy = make_policy(self.project, base=self.run.base)
        RetrainMethod.objects.create(project=self.project, method="lm_head", profile=policy.profile, base=policy.base)
        round = TrainingRound.objects.create(
            project=self.project, snapshot=self.run.snapshot, trigger=TrainingRun.Trigger.MANUAL, margin=0.01
        )
        TrainingRun.objects.filter(pk=self.run.pk).update(round=round)
        self.uids |= {"runs": self.run, "snapshots": self.run.snapshot, "rounds": round}

    def _serve_something(self) -> None:
        server = make_server("http://127.0.0.1:1", name="box")
        serve_from(self.project, server)
        self.version = make_version(self.project, 1)
        self.staged = StagedVersion.objects.create(
            version=self.version, artifact=self.version.artifacts.get(), server=server, tag="shop:v1", state="staged"
        )
        live = Deployment.objects.create(
            project=self.project, version=self.version, action="promote", state="live", live_at=timezone.now()
        )
        found = Finding.objects.create(
            project=self.project, server=server, version=self.version, kind="alias", sentence="It leads elsewhere."
        )
        pull = ModelPull.objects.create(server=server, name="llama3", state="queued")
        BuildStep.objects.create(artifact=self.version.artifacts.get(), name="convert", key="k", state="succeeded")
        ParityReport.objects.create(version=self.version, server=server, question="tokens", checked=1, agreed=1)
        VersionPin.objects.create(version=self.version, reason="for the audit")
        self.uids |= {"deployments": live, "findings": found, "pulls": pull, "judge": self.staged}

    def _judge_something(self) -> None:
        suite = Suite.objects.create(project=self.project, spec=self.project.spec, digest="d" * 64, size=1)
        case = SuiteCase.objects.create(suite=suite, position=1, text="Where is it?", expected={"labels": []})
        benchmark = Benchmark.objects.create(
            suite=suite, version=self.version, staged=self.staged, cases=1, done=1, state="succeeded"
        )
        CaseResult.objects.create(
            benchmark=benchmark, case=case, messages=[], raw="{}", status="failed", exact=False, latency_ms=1
        )
        report = GateReport.objects.create(
            project=self.project, staged=self.staged, verdict="insufficient", sentence="Too few."
        )
        BaselineResult.objects.create(suite=suite, snapshot=self.run.snapshot, name="constant", metrics={})
        GatePolicy.objects.create(project=self.project)
        self.uids |= {"benchmarks": benchmark, "gate-reports": report}
        AcceptPolicy.objects.create(project=self.project)
        calibration = Calibration.objects.create(version=self.version, source="none", fitted_on=0, cases=1, digest="d")
        certificate = Certificate.objects.create(
            project=self.project, version=self.version, calibration=calibration, spec=self.project.spec, wrong=0.05,
            confidence=0.95, level=0.0375, cases=1, needed=65, asked=1, threshold=0.5,
        )  # fmt: skip
        prediction = self.uids["predictions"]
        Acceptance.objects.create(
            certificate=certificate, sample=prediction.sample, prediction=prediction, is_audit=True
        )

    def routes(self) -> list[Route]:
        """All URL patterns there are."""
        return [Route(pattern, "/" + self._filled(pattern)) for pattern in sorted(set(_patterns(get_resolver())))]

    def _filled(self, pattern: str) -> str:
        values = {"key": "shop", "name": "box", "number": "1", "position": "1", "verb": "dismiss", "split": "train",
                  "window": "24h", "app_label": "labeling", "uidb36": "1", "username": "expert"}  # fmt: skip
        if "servers/" in pattern:
            values["verb"] = "load"
        if "settings/" in pattern:
            values["name"] = "general"
        rest = pattern.rpartition("<uuid:uid>")[0].rstrip("/").rpartition("/")[2]
        if rest in self.uids:
            values["uid"] = str(self.uids[rest].uid)
        if match := re.match(r"admin/(\w+)/(\w+)/", pattern):
            values["object_id"] = values["id"] = str(_row_of(self.project, *match.groups()))
        if pattern.startswith("admin/r/"):
            values["content_type_id"] = str(ContentType.objects.get_for_model(Project).pk)
            values["object_id"] = str(self.project.pk)
        # The names of groups look like parameters.
        written = _GROUP.sub(lambda match: values.get(match.group(1), "1"), pattern)
        written = _PARAMETER.sub(lambda match: values.get(match.group(2), "1"), written)
        return written.rstrip("$").replace("\\.", ".") + _QUERIES.get(pattern, "")

    def client(self, role: str) -> Client:
        """Somebody who asks, in a browser or with a token."""
        client = Client(raise_request_exception=False)
        if role in self.secrets:
            client.defaults["HTTP_AUTHORIZATION"] = f"Bearer {self.secrets[role]}"
        elif role != "anonymous":
            client.force_login(self.people[role])
        return client


def ask(client: Client, method: str, url: str, **how: Any) -> HttpResponse:
    """One request, whose effect is taken back: the next one finds the same world, and the same session."""
    cookies = client.cookies.copy()
    with transaction.atomic():
        response = client.generic(method, url, **how)
        if response.streaming:
            list(response.streaming_content)  # a file is closed at its end
        transaction.set_rollback(True)
    client.cookies = cookies
    return response


def form(fields: dict[str, Any]) -> dict[str, Any]:
    """The body of a form, as `ask` takes it."""
    from urllib.parse import urlencode

    return {"data": urlencode(fields, doseq=True), "content_type": "application/x-www-form-urlencoded"}


def _patterns(resolver: URLResolver, before: str = "") -> Iterator[str]:
    for each in resolver.url_patterns:
        written = before + str(each.pattern).removeprefix("^")
        if isinstance(each, URLPattern):
            yield written
        else:
            yield from _patterns(each, written)


def _row_of(project: Project, app: str, name: str) -> int:
    """A row of the project where there is one, else the first of all."""
    try:
        model = apps.get_model(app, name)
    except LookupError:
        return 1
    # An event keeps its project as a number.
    known = {"project": "pk", "event": "project_id"}
    path = known.get(name) or getattr(admin.site._registry.get(model), "project_path", "")
    rows = model._default_manager.order_by("pk")
    row = (rows.filter(**{path: project.pk}).first() if path else None) or rows.first()
    return row.pk if row else 1
