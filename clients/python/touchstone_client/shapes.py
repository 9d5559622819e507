"""The shapes of what the API takes and gives. Written by `make client`; never edited."""

from __future__ import annotations

from typing import Any, Literal, NotRequired, TypeAlias, TypedDict


class AcceptPolicy(TypedDict):
    enabled: bool
    wrong: float | None
    confidence: float | None
    audit_share: float | None


AcceptedEnum: TypeAlias = Literal["reopen", "keep"]


ActorKindEnum: TypeAlias = Literal["person", "token", "system"]


class AlikeText(TypedDict):
    uid: str
    text: str
    split: str
    likeness: float | None


class Audit(TypedDict):
    """
    Of the part that is drawn by chance.
    """

    waiting: int
    right: int
    wrong: int
    left_out: int
    stake: float | None
    limit: float | None


BaseRoleEnum: TypeAlias = Literal["language", "encoder"]


BaseStateEnum: TypeAlias = Literal["unseen", "waiting", "looking", "well", "refused", "failed"]


class Baseline(TypedDict):
    """
    The base model that becomes version 0.
    """

    base: str


Text: TypeAlias = str


class BatchRequest(TypedDict):
    """
    Texts or, where the project asks about more, inputs.
    """

    texts: NotRequired[list[Text]]
    inputs: NotRequired[list[Any]]


BenchmarkStateEnum: TypeAlias = Literal["queued", "running", "succeeded", "failed"]


class Bin(TypedDict):
    """
    Neighbours by their share.
    """

    count: int
    said: float | None
    right: float | None
    low: float | None
    high: float | None


BlankEnum: TypeAlias = Literal[""]


CertificateEndingEnum: TypeAlias = Literal["audit", "person"]


class Check(TypedDict):
    """
    One thing that the gate looked at.
    """

    name: str
    ok: bool
    value: float | None
    bound: float | None
    detail: str


class DecideRequest(TypedDict):
    """
    What becomes of what was accepted.
    """

    accepted: AcceptedEnum


class DecideResponse(TypedDict):
    reopened: int


DecodingEnum: TypeAlias = Literal["served", "free"]


DeploymentActionEnum: TypeAlias = Literal["promote", "rollback"]


DeploymentStateEnum: TypeAlias = Literal["planned", "staged", "warmed", "moved", "proven", "live", "replaced", "failed"]


class Doubtful(TypedDict):
    """
    A golden sample whose answer heads, which had not seen it, would give otherwise.
    """

    uid: str
    text: str
    split: str
    doubt: float | None


class Draft(TypedDict):
    """
    The head that learns at once. What was measured is null before the first fit.
    """

    model: str | None
    number: int | None
    golden: int | None
    figure: float | None
    seconds: float | None
    fitted_at: str | None
    every: int
    step: int
    fresh: int
    proposes: bool
    obstacle: str
    problem: str


class EditRequest(TypedDict):
    """
    An edited Modelfile; only PARAMETER lines and SYSTEM may differ from the version's own.
    """

    modelfile: str
    note: str


EffectEnum: TypeAlias = Literal["approved", "first", "kept", "test", "audit", "withdrawn"]


class Effort(TypedDict):
    """
    What more test cases take, by the newest decisions of the project's experts.
    """

    cases: int
    reviews: float | None
    reviews_interval: list[float | None]
    minutes: float | None
    minutes_interval: list[float | None]
    sentence: str


EndingEnum: TypeAlias = Literal["transient", "person", "hopeless"]


class Event(TypedDict):
    seq: int
    kind: str
    at: str
    payload: dict[str, Any]


ExportStateEnum: TypeAlias = Literal["queued", "running", "succeeded", "failed", "cancelled", "removed"]


FittedByEnum: TypeAlias = Literal["folds", "cases", "none"]


FormatEnum: TypeAlias = Literal[
    "touchstone",
    "jsonl",
    "csv",
    "tsv",
    "label_studio",
    "doccano",
    "prodigy",
    "conll",
    "openai_chat",
    "prompt_completion",
    "sharegpt",
    "alpaca",
    "question_answer",
]


class GatePolicy(TypedDict):
    """
    What a version must show. The error budget has an address of its own.
    """

    minimum: float | None
    margin: float | None
    accept_tie: bool
    psr_tolerance: float | None
    min_cases: int
    free_cases: int
    confidence: float | None
    hard_margin: float | None
    neighbours_refuse: bool
    latency_ratio: float | None


class Gauge(TypedDict):
    """
    Where the budget stands: periods and rounds are counted from 1.
    """

    period: int
    round: int
    spent: float | None
    there: float | None
    left: float | None


GivenEnum: TypeAlias = Literal["blind", "seen", "imported", "certified"]


GoldenSourceEnum: TypeAlias = Literal["review", "import", "feedback", "certified"]


ImportStateEnum: TypeAlias = Literal["draft", "queued", "running", "succeeded", "failed", "cancelled"]


class JudgeRequest(TypedDict):
    """
    The version that is judged again.
    """

    version: int


class JudgeResponse(TypedDict):
    """
    What was queued; the report appears under `gate-reports`.
    """

    version: int
    servers: list[str]


class Judgment(TypedDict):
    """
    One signal.
    """

    name: str
    worse: bool
    judged: bool
    verdict: str
    sentence: str
    count: int
    needed: int
    looked: int
    apart: int
    value: float | None
    before: float | None


KindEnum: TypeAlias = Literal["multi_label", "single_label", "spans", "text", "record"]


class Label(TypedDict):
    """
    One label. Its `uid` stays when it is renamed.
    """

    uid: str
    name: str
    description: str


class LabelMerge(TypedDict):
    """
    Which label takes the other in.
    """

    into: str


MethodEnum: TypeAlias = Literal["sft", "lm_head", "head", "encoder"]


class Model(TypedDict):
    """
    A model on a server, and who uses it.
    """

    model: str
    digest: str
    size_bytes: int
    loaded: bool
    quantization: str
    context_length: int
    family: str
    capabilities: list[str]
    used_by: list[str]


class ModelName(TypedDict):
    """
    The model that is meant.
    """

    model: str


class Neighbour(TypedDict):
    """
    A simple method on the same cases.
    """

    name: str
    title: str
    main: float | None
    main_metric: str | None
    main_interval: list[float | None] | None


class NewLabel(TypedDict):
    """
    One label of a list; `uid` says which label it is, where it gets another name.
    """

    uid: NotRequired[str | None]
    name: str
    description: NotRequired[str]


class NewProject(TypedDict):
    """
    A project with its task.
    """

    instruction: str
    prompt_template: NotRequired[str]
    max_labels: NotRequired[int]
    schema: NotRequired[dict[str, Any] | None]
    decoding: NotRequired[dict[str, Any]]
    thinking: NotRequired[bool]
    lists_labels: NotRequired[bool]
    train_share: NotRequired[int]
    validation_share: NotRequired[int]
    test_share: NotRequired[int]
    key: str
    name: str
    description: NotRequired[str]
    kind: KindEnum
    keep_api_texts: NotRequired[bool]
    labels: NotRequired[list[NewLabel]]


NewReviewActionEnum: TypeAlias = Literal["correct", "reject", "reopen"]


Tag: TypeAlias = str


class NewSample(TypedDict):
    """
    One text, or input, to add.
    """

    text: NotRequired[str]
    input: NotRequired[Any]
    external_id: NotRequired[str]
    tags: NotRequired[list[Tag]]
    metadata: NotRequired[dict[str, Any]]
    answer: NotRequired[dict[str, Any] | None]


class NewSamples(TypedDict):
    """
    Up to 1,000 texts to add; all of them or, where one is wrong, none.
    """

    samples: list[NewSample]


class NewSpec(TypedDict):
    """
    A new form of the task; what is left out stays. `labels` are then all that the project has.
    """

    instruction: NotRequired[str]
    prompt_template: NotRequired[str]
    max_labels: NotRequired[int]
    schema: NotRequired[dict[str, Any] | None]
    decoding: NotRequired[dict[str, Any]]
    thinking: NotRequired[bool]
    lists_labels: NotRequired[bool]
    labels: NotRequired[list[NewLabel]]
    leave_out: NotRequired[bool]


Project: TypeAlias = str


NullEnum: TypeAlias = None


class OptionalReason(TypedDict):
    """
    Why a sample is brought back or may fail, where there is something to say.
    """

    reason: NotRequired[str]


OrderedEnum: TypeAlias = Literal["pause", "keep", "cancel"]


class PaginatedEventList(TypedDict):
    next: str | None
    previous: str | None
    results: list[Event]


class PatchedAcceptPolicyRequest(TypedDict):
    """
    The policy; every field is optional.
    """

    enabled: NotRequired[bool]
    wrong: NotRequired[float]
    confidence: NotRequired[float]
    audit_share: NotRequired[float]


class PatchedBudget(TypedDict):
    """
    The chance that the automatic gate promotes what is no better, over so many judged rounds together.
    """

    error_budget: NotRequired[float | None]
    budget_rounds: NotRequired[int]
    stands: NotRequired[Gauge]


class PatchedDescribe(TypedDict):
    """
    What is said of a sample besides its text; what is left out stays.
    """

    external_id: NotRequired[str]
    tags: NotRequired[list[Tag]]
    metadata: NotRequired[dict[str, Any]]


class PatchedGatePolicy(TypedDict):
    """
    What a version must show. The error budget has an address of its own.
    """

    minimum: NotRequired[float | None]
    margin: NotRequired[float | None]
    accept_tie: NotRequired[bool]
    psr_tolerance: NotRequired[float | None]
    min_cases: NotRequired[int]
    free_cases: NotRequired[int]
    confidence: NotRequired[float | None]
    hard_margin: NotRequired[float | None]
    neighbours_refuse: NotRequired[bool]
    latency_ratio: NotRequired[float | None]


class PatchedLabelChange(TypedDict):
    """
    A new name, a new description, or both.
    """

    name: NotRequired[str]
    description: NotRequired[str]


class PatchedOrderChange(TypedDict):
    """
    What is to change; the shares come together.
    """

    teach: NotRequired[int]
    random: NotRequired[int]
    blind: NotRequired[int]
    order: NotRequired[str]
    seed: NotRequired[int]


class PatchedProjectChange(TypedDict):
    """
    What of a project is no part of the task; what is left out stays. The task changes by a new spec.
    """

    train_share: NotRequired[int]
    validation_share: NotRequired[int]
    test_share: NotRequired[int]
    name: NotRequired[str]
    description: NotRequired[str]
    keep_api_texts: NotRequired[bool]


class PatchedServingPolicy(TypedDict):
    """
    Where a project is served, whether the gate alone may promote, and how promotions are watched.
    """

    servers: NotRequired[list[str]]
    auto_promote: NotRequired[bool]
    alias_may_stay: NotRequired[bool]
    quantization: NotRequired[str]
    adapters: NotRequired[bool]
    proof_prompts: NotRequired[int]
    answer_prompts: NotRequired[int]
    answer_agreement: NotRequired[float | None]
    canary_seconds: NotRequired[float | None]
    rollback_minutes: NotRequired[int]
    watch_minutes: NotRequired[int]
    auto_rollback: NotRequired[bool]
    watch_requests: NotRequired[int]
    watch_tolerance: NotRequired[float | None]
    watch_slowdown: NotRequired[float | None]
    keep_previous: NotRequired[int]
    keep_days: NotRequired[int]


class PlanResponse(TypedDict):
    """
    What a promotion would do, and what stands in its way.
    """

    version: int
    previous: int | None
    servers: list[str]
    away: list[str]
    stays: dict[str, str]
    verdict: str
    stale: str
    reason_required: bool
    obstacles: list[str]
    evictions: list[str]
    price: str
    modelfile: str
    premise: str


class PredictRequest(TypedDict):
    """
    A text or, where the project asks about more, an input; what is said of it stays with the prediction.
    """

    text: NotRequired[str]
    input: NotRequired[Any]
    external_id: NotRequired[str]
    tags: NotRequired[list[Tag]]
    metadata: NotRequired[dict[str, Any]]


PredictionSourceEnum: TypeAlias = Literal["queue", "analyze", "api", "outside"]


class Problem(TypedDict):
    """
    An error (RFC 9457).
    """

    type: str
    title: str
    status: int
    detail: str
    errors: NotRequired[Any]


class Profile(TypedDict):
    uid: str
    name: str
    description: str
    config: dict[str, Any]
    created_at: str


class ProjectModel(TypedDict):
    uid: str
    key: str
    name: str
    description: str
    kind: KindEnum
    instruction: str
    max_labels: int
    schema: Any
    thinking: bool
    lists_labels: bool
    created_at: str


class ProjectDetail(TypedDict):
    uid: str
    key: str
    name: str
    description: str
    kind: KindEnum
    instruction: str
    max_labels: int
    schema: Any
    thinking: bool
    lists_labels: bool
    created_at: str
    prompt_template: str
    decoding: Any
    train_share: int
    validation_share: int
    test_share: int
    keep_api_texts: bool
    labels: list[Label]
    spec_number: int | None
    label_list_price: str


class ProjectHealth(TypedDict):
    """
    What answers in one project.
    """

    project: str
    version: int | None
    model: str | None
    servers: list[str]
    stays: dict[str, str]
    problem: str


class PromoteRequest(TypedDict):
    """
    What goes live, and why.
    """

    version: int
    reason: NotRequired[str]
    may_evict: NotRequired[bool]
    premise: NotRequired[str]


PullStateEnum: TypeAlias = Literal["queued", "pulling", "done", "failed", "cancelled"]


QuestionEnum: TypeAlias = Literal["tokens", "server", "answers", "head"]


class Ranking(TypedDict):
    """
    How the training texts were ranked last.
    """

    by_head: bool
    looked_at: int
    golden: int
    seconds: float
    orders: list[str]
    ranked_at: str | None


class Reason(TypedDict):
    """
    Why a sample is withdrawn or must pass; it stays with it.
    """

    reason: str


class ReloadResponse(TypedDict):
    live: int | None
    newest: int | None
    loaded_on: list[str]
    loading_on: list[str]


class Resource(TypedDict):
    """
    A resource and what may be done with it.
    """

    path: str
    methods: list[str]
    summary: str


ReviewActionEnum: TypeAlias = Literal["confirm", "correct", "reject", "skip", "undo"]


RoleEnum: TypeAlias = Literal["expert", "operator", "manager"]


class RollbackRequest(TypedDict):
    """
    Where to go back to, and why.
    """

    version: NotRequired[int | None]
    reason: str
    may_evict: NotRequired[bool]


class RootResponse(TypedDict):
    """
    All resources; `schema` describes each with its parameters, limits and errors.
    """

    schema: str
    docs: str
    health: str
    resources: list[Resource]


RoundStateEnum: TypeAlias = Literal["open", "settled", "failed"]


RunStateEnum: TypeAlias = Literal["queued", "running", "paused", "succeeded", "failed", "cancelled"]


SampleStateEnum: TypeAlias = Literal["pending", "golden", "rejected", "withdrawn"]


SamplesToAdd: TypeAlias = NewSamples | NewSample


ScopesEnum: TypeAlias = Literal["read", "predict", "feedback", "import", "review", "operate", "manage", "servers"]


class Seeded(TypedDict):
    """
    A version of the recipe.
    """

    version: int
    seed: int | None
    main: float | None


class Server(TypedDict):
    """
    The row of a model server.
    """

    name: str
    kind: str
    url: str
    key_env: NotRequired[str]
    threads: NotRequired[int]
    slots: NotRequired[int]
    answer_seconds: NotRequired[float | None]
    memory_mb: NotRequired[int]
    max_loaded: NotRequired[int]
    is_active: NotRequired[bool]


class ServingPolicy(TypedDict):
    """
    Where a project is served, whether the gate alone may promote, and how promotions are watched.
    """

    servers: list[str]
    auto_promote: bool
    alias_may_stay: bool
    quantization: str
    adapters: bool
    proof_prompts: int
    answer_prompts: int
    answer_agreement: float | None
    canary_seconds: float | None
    rollback_minutes: int
    watch_minutes: int
    auto_rollback: bool
    watch_requests: int
    watch_tolerance: float | None
    watch_slowdown: float | None
    keep_previous: int
    keep_days: int


class Shares(TypedDict):
    """
    Percent of what is given out, by stream; together 100.
    """

    teach: int
    random: int
    blind: int


class Shrunken(TypedDict):
    """
    A gain as it probably is, with its 95 % interval.
    """

    value: float | None
    low: float | None
    high: float | None


class SimilarSample(TypedDict):
    """
    One golden sample; `answer` in the labels of today's task, null where it does not fit.
    """

    uid: str
    text: str
    answer: dict[str, Any] | None
    likeness: float | None


class SimilarSamples(TypedDict):
    """
    The most alike first. `note`: why there are none, or what was not looked at.
    """

    samples: list[SimilarSample]
    note: str


class Snapshot(TypedDict):
    uid: str
    digest: str
    spec_number: int
    train_rows: int
    validation_rows: int
    test_rows: int
    left_out: dict[str, Any]
    note: str
    created_at: str


class SnapshotFile(TypedDict):
    """
    A file of a snapshot.
    """

    split: str
    rows: int
    here: bool


class SpecLabel(TypedDict):
    """
    A label as it was when the task was frozen.
    """

    uid: str
    name: str
    description: str


SplitEnum: TypeAlias = Literal["train", "validation", "test"]


class Spread(TypedDict):
    """
    One recipe (data, base and options alike) with several seeds on the same cases.
    """

    mean: float | None
    sd: float | None
    versions: list[Seeded]


StagedStateEnum: TypeAlias = Literal["waiting", "staging", "staged", "failed", "removed"]


class Standing(TypedDict):
    """
    A run among those of its round.
    """

    run: str
    method: str
    base: str
    state: str
    version: int | None
    is_candidate: bool
    figure: float | None
    behind: list[float] | None
    answer_ms: float | None
    obstacle: str


class StartRound(TypedDict):
    """
    What the retrain policy lists says the rest.
    """

    snapshot: NotRequired[str | None]
    again: NotRequired[bool]


class StartRun(TypedDict):
    """
    Everything is optional: the project's retrain policy gives what is not said.
    """

    profile: NotRequired[str | None]
    base: NotRequired[str | None]
    method: NotRequired[MethodEnum | NullEnum]
    snapshot: NotRequired[str | None]
    overrides: NotRequired[dict[str, Any]]
    again: NotRequired[bool]


StatusEnum: TypeAlias = Literal["strict", "repaired", "failed"]


ThumbEnum: TypeAlias = Literal[-1, 1]


class Token(TypedDict):
    uid: str
    name: str
    prefix: str
    projects: list[str]
    scopes: list[ScopesEnum]
    expires_at: str | None
    revoked_at: str | None
    last_used_at: str | None
    created_at: str


class TokenMade(TypedDict):
    uid: str
    name: str
    prefix: str
    projects: list[str]
    scopes: list[ScopesEnum]
    expires_at: str | None
    revoked_at: str | None
    last_used_at: str | None
    created_at: str
    secret: str


TriggerEnum: TypeAlias = Literal["threshold", "manual", "api"]


class UseRequest(TypedDict):
    """
    The model, and the project that it becomes a version of.
    """

    model: str
    project: str
    note: NotRequired[str]


VectorsStateEnum: TypeAlias = Literal["waiting", "working", "whole", "failed"]


VerdictEnum: TypeAlias = Literal["baseline", "passed", "refused", "insufficient"]


class Version(TypedDict):
    """
    A version, and how it stands with the file that it is served from. Context: `files` by id, for lists.

    `gguf_digest` and `gguf_bytes` are `file_digest` and `file_bytes` under older names, whatever the file's format.
    """

    uid: str
    version: int
    model: str
    method: str
    base: str
    spec_number: int
    run: str | None
    snapshot: str | None
    derived_from: int | None
    parameters: Any
    system: str | None
    note: str
    adapter_digest: str
    head: dict[str, Any]
    created_at: str
    state: str
    file_digest: str
    file_bytes: int | None
    gguf_digest: str
    gguf_bytes: int | None
    quantization: str
    error: str


class WatchResponse(TypedDict):
    """
    The watch over the live version; `version` is null where nothing is held against anything.
    """

    version: int | None
    previous: int | None
    until: str | None
    experts_until: str | None
    over: bool
    signals: list[Judgment]


WayInEnum: TypeAlias = Literal["import", "api", "predict", "analyze"]


class WhyResponse(TypedDict):
    """
    The golden samples that are most like the text of a head's prediction.

    `note`: why there are none, or what was not looked at.
    """

    version: int
    model: str
    encoder: str
    samples: list[SimilarSample]
    note: str


class Activity(TypedDict):
    """
    One verb: who, what, when, and the ids and numbers before and after.
    """

    uid: str
    at: str
    actor: str
    actor_kind: ActorKindEnum
    verb: str
    words: str
    project: str
    subject_type: str
    subject_uid: str
    before: dict[str, Any]
    after: dict[str, Any]
    request_id: str


class AlikeGroup(TypedDict):
    """
    A group of `size` texts in use: `test` of them in the test split, `training` in train and validation.

    `samples` are its first ten. `hidden` test texts wait for their blind answer and stand in no list.
    """

    uid: str
    size: int
    test: int
    training: int
    hidden: int
    is_part: bool
    samples: list[AlikeText]


class Base(TypedDict):
    """
    A base model as a worker saw it; `refused` ones cannot be chosen.
    """

    uid: str
    name: str
    role: BaseRoleEnum
    revision: str
    state: BaseStateEnum
    looked_at: str | None
    facts: dict[str, Any]
    problems: list[str]
    created_at: str


class BatchItem(TypedDict):
    """
    A prediction; where it failed, the other fields are null and `error` says why.
    """

    uid: str
    sample: str | None
    model: str
    answer: Any
    confidence: float | None
    share: float | None
    label_chances: dict[str, Any] | None
    status: StatusEnum
    reason: str
    raw: str
    latency_ms: float | None
    external_id: str
    error: str
    status_code: int


class BatchResponse(TypedDict):
    results: list[BatchItem]


class Benchmark(TypedDict):
    uid: str
    version: int
    server: str
    suite: str
    is_hard: bool
    about: dict[str, Any]
    left_out: dict[str, Any]
    decoding: DecodingEnum
    state: BenchmarkStateEnum
    cases: int
    done: int
    metrics: dict[str, Any]
    attempts: int
    error: str
    created_at: str
    started_at: str | None
    finished_at: str | None


class BenchmarkDetail(TypedDict):
    uid: str
    version: int
    server: str
    suite: str
    is_hard: bool
    about: dict[str, Any]
    left_out: dict[str, Any]
    decoding: DecodingEnum
    state: BenchmarkStateEnum
    cases: int
    done: int
    metrics: dict[str, Any]
    attempts: int
    error: str
    created_at: str
    started_at: str | None
    finished_at: str | None
    neighbours: list[Neighbour]
    below: str
    seeds: Spread | None


class Budget(TypedDict):
    """
    The chance that the automatic gate promotes what is no better, over so many judged rounds together.
    """

    error_budget: float | None
    budget_rounds: int
    stands: Gauge


class Case(TypedDict):
    """
    The trace of one case.
    """

    position: int
    sample: str | None
    text: str
    input: Any
    expected: dict[str, Any]
    reasons: list[str]
    answer: dict[str, Any] | None
    raw: str
    status: StatusEnum
    reason: str
    exact: bool
    scores: dict[str, Any]
    latency_ms: float | None
    messages: list[dict[str, str]]


class Catalogue(TypedDict):
    """
    A server, its models, and what they take.
    """

    name: str
    kind: str
    server_version: str
    error: str
    disk_bytes: int
    loaded_bytes: int
    models: list[Model]


class Certificate(TypedDict):
    uid: str
    version: int
    wrong: float | None
    confidence: float | None
    level: float | None
    cases: int
    needed: int
    threshold: float | None
    accepted: int
    accepted_wrong: int
    bound: float | None
    share: float | None
    ended_at: str | None
    ending: CertificateEndingEnum | BlankEnum
    created_at: str


class Confidence(TypedDict):
    """
    What a version's confidence is worth; figures are null while its held-out cases are fewer than `needed`.

    Intervals are of 95 %.
    """

    fitted_by: FittedByEnum
    fitted_on: int
    cases: int
    needed: int | None
    unread: int
    silent: int
    calibration_error: float | None
    calibration_error_interval: list[float | None] | None
    calibration_error_by_chance: float | None
    auc: float | None
    auc_interval: list[float | None] | None
    bins: list[Bin] | None
    digest: str
    created_at: str | None


class Deployment(TypedDict):
    uid: str
    version: int
    model: str
    previous: int | None
    action: DeploymentActionEnum
    state: DeploymentStateEnum
    failed_step: str
    actor: str | None
    automatic: bool
    reason: str
    error: str
    move_ms: float | None
    created_at: str
    live_at: str | None
    ended_at: str | None
    stays: dict[str, str]
    evidence: dict[str, Any]
    modelfile: str


class Export(TypedDict):
    uid: str
    format: str
    filters: Any
    as_of: str
    test_answers: bool
    state: ExportStateEnum
    total: int
    done: int
    rows: int
    left_out: dict[str, int]
    bytes: int
    has_file: bool
    error: str
    created_at: str
    finished_at: str | None


class Feedback(TypedDict):
    uid: str
    prediction: str
    thumb: ThumbEnum | NullEnum
    comment: str
    answer: Any
    effect: EffectEnum
    told: str
    created_at: str


class Gain(TypedDict):
    """
    What a version that went live gained over the one that it was held against.
    """

    version: int
    over: int
    benchmark: str | None
    live_at: str
    measured: float | None
    low: float | None
    high: float | None
    shrunken: Shrunken | None


class Gains(TypedDict):
    """
    All gains, newest first.
    """

    sentence: str
    gains: list[Gain]


class GateReport(TypedDict):
    uid: str
    version: int
    server: str
    verdict: VerdictEnum
    sentence: str
    checks: list[Check]
    policy: dict[str, Any]
    told: dict[str, Any]
    clears: bool
    candidate: str | None
    reference: str | None
    held_against: int | None
    hard: str | None
    hard_reference: str | None
    created_at: str


class GateReportDetail(TypedDict):
    """
    With what is known today: the recipe's other seeds, and what the cases that would decide take the experts.
    """

    uid: str
    version: int
    server: str
    verdict: VerdictEnum
    sentence: str
    checks: list[Check]
    policy: dict[str, Any]
    told: dict[str, Any]
    clears: bool
    candidate: str | None
    reference: str | None
    held_against: int | None
    hard: str | None
    hard_reference: str | None
    created_at: str
    seeds: Spread | None
    effort: Effort | None


class Golden(TypedDict):
    uid: str
    sample: str
    external_id: str
    text: str
    split: str
    answer: dict[str, Any]
    given: GivenEnum
    source: GoldenSourceEnum
    spec_number: int
    created_at: str


class HealthResponse(TypedDict):
    """
    The projects of the caller, whatever the scope of its token.
    """

    ok: bool
    projects: list[ProjectHealth]


class Import(TypedDict):
    uid: str
    name: str
    state: ImportStateEnum
    is_trial: bool
    bytes_total: int
    bytes_read: int
    rows_read: int
    imported: int
    golden: int
    predictions: int
    duplicates: int
    bad_rows: int
    notes: Any
    has_report: bool
    error: str
    created_at: str
    finished_at: str | None


class Labels(TypedDict):
    """
    All labels that the project is to have, in order.
    """

    labels: list[NewLabel]
    leave_out: NotRequired[bool]


class Member(TypedDict):
    uid: str
    username: str
    role: RoleEnum
    ends_on: str | None
    created_at: str


class Method(TypedDict):
    method: MethodEnum
    profile: NotRequired[str | None]
    base: NotRequired[str | None]


class NewExport(TypedDict):
    """
    What to write, and of which texts; all that are not withdrawn where nothing narrows it.
    """

    format: FormatEnum
    as_of: NotRequired[str | None]
    test_answers: NotRequired[bool]
    split: NotRequired[SplitEnum]
    state: NotRequired[SampleStateEnum]
    label: NotRequired[str]
    reviewer: NotRequired[str]
    given: NotRequired[GivenEnum]
    way_in: NotRequired[WayInEnum]
    since: NotRequired[str]
    until: NotRequired[str]


class NewFeedback(TypedDict):
    """
    A thumb, a comment or the right answer; at least one of them.
    """

    prediction: str
    thumb: NotRequired[ThumbEnum | NullEnum]
    comment: NotRequired[str]
    answer: NotRequired[dict[str, Any] | None]


class NewReview(TypedDict):
    """
    A decision on a sample that waits: its answer, or that it has none that is of use.
    """

    action: NewReviewActionEnum
    answer: NotRequired[dict[str, Any] | None]
    comment: NotRequired[str]


class NewToken(TypedDict):
    """
    A token for oneself.
    """

    name: str
    projects: list[Project]
    scopes: list[ScopesEnum]
    expires_at: NotRequired[str | None]


class Order(TypedDict):
    """
    The order of review. `note`: why training texts come by chance, and what to do; empty where they are ranked.
    """

    shares: Shares
    now: Shares
    order: str
    seed: int
    wants_blind: bool
    answered: dict[str, int]
    ranking: Ranking | None
    note: str


class PaginatedActivityList(TypedDict):
    next: str | None
    previous: str | None
    results: list[Activity]


class PaginatedAlikeGroupList(TypedDict):
    next: str | None
    previous: str | None
    results: list[AlikeGroup]


class PaginatedBaseList(TypedDict):
    next: str | None
    previous: str | None
    results: list[Base]


class PaginatedBenchmarkList(TypedDict):
    next: str | None
    previous: str | None
    results: list[Benchmark]


class PaginatedCaseList(TypedDict):
    next: str | None
    previous: str | None
    results: list[Case]


class PaginatedDeploymentList(TypedDict):
    next: str | None
    previous: str | None
    results: list[Deployment]


class PaginatedExportList(TypedDict):
    next: str | None
    previous: str | None
    results: list[Export]


class PaginatedFeedbackList(TypedDict):
    next: str | None
    previous: str | None
    results: list[Feedback]


class PaginatedGateReportList(TypedDict):
    next: str | None
    previous: str | None
    results: list[GateReport]


class PaginatedGoldenList(TypedDict):
    next: str | None
    previous: str | None
    results: list[Golden]


class PaginatedImportList(TypedDict):
    next: str | None
    previous: str | None
    results: list[Import]


class PaginatedMemberList(TypedDict):
    next: str | None
    previous: str | None
    results: list[Member]


class PaginatedProfileList(TypedDict):
    next: str | None
    previous: str | None
    results: list[Profile]


class PaginatedProjectList(TypedDict):
    next: str | None
    previous: str | None
    results: list[ProjectModel]


class PaginatedSnapshotList(TypedDict):
    next: str | None
    previous: str | None
    results: list[Snapshot]


class PaginatedTokenList(TypedDict):
    next: str | None
    previous: str | None
    results: list[Token]


class PaginatedVersionList(TypedDict):
    next: str | None
    previous: str | None
    results: list[Version]


class Parity(TypedDict):
    """
    Evidence that what is served is what was trained. `ok` is null where a figure is only reported.
    """

    uid: str
    question: QuestionEnum
    server: str | None
    server_version: str
    ok: bool | None
    checked: int
    agreed: int
    bound: float | None
    limit: float | None
    trap: str
    sentence: str
    differences: Any
    created_at: str


class PatchedRetrainPolicy(TypedDict):
    """
    When a project trains by itself, and what. `methods` are fitted beside `method`, in one round.
    """

    enabled: NotRequired[bool]
    threshold: NotRequired[int]
    method: NotRequired[MethodEnum]
    profile: NotRequired[str | None]
    base: NotRequired[str | None]
    margin: NotRequired[float | None]
    draft_every: NotRequired[int]
    draft_proposes: NotRequired[bool]
    methods: NotRequired[list[Method]]


class Prediction(TypedDict):
    """
    A prediction with how sure it is.
    """

    uid: str
    sample: str | None
    model: str
    spec_number: int
    answer: dict[str, Any] | None
    status: StatusEnum
    reason: str
    raw: str
    confidence: float | None
    share: float | None
    label_chances: dict[str, Any] | None
    latency_ms: float | None
    source: PredictionSourceEnum
    external_id: str
    tags: list[str]
    metadata: dict[str, Any]
    created_at: str


class PredictionResponse(TypedDict):
    """
    An answer. `answer` is null where `status` is `failed`; `confidence` and `share` are 0 to 1.

    `confidence` is the model's own probability of the whole answer: of a language model the product of its tokens', of
    a head each label taken by itself. `share` says what that is worth.
    """

    uid: str
    sample: str | None
    model: str
    answer: Any
    confidence: float | None
    share: float | None
    label_chances: dict[str, Any] | None
    status: StatusEnum
    reason: str
    raw: str
    latency_ms: float | None
    external_id: str


class Pull(TypedDict):
    """
    A pull and how far it is.
    """

    uid: str
    model: str
    state: PullStateEnum
    bytes_done: int
    bytes_total: int
    error: str
    created_at: str


class Receipt(TypedDict):
    """
    A sample for whoever may add or change it and not read it.
    """

    uid: str
    external_id: str
    state: SampleStateEnum


class RetrainPolicy(TypedDict):
    """
    When a project trains by itself, and what. `methods` are fitted beside `method`, in one round.
    """

    enabled: bool
    threshold: int
    method: MethodEnum
    profile: str | None
    base: str | None
    margin: float | None
    draft_every: int
    draft_proposes: bool
    methods: list[Method]


class Review(TypedDict):
    uid: str
    sample: str
    action: ReviewActionEnum
    answer: dict[str, Any] | None
    comment: str
    reviewer: str
    prediction: str | None
    undoes: str | None
    spec_number: int
    seconds: float | None
    created_at: str


class Role(TypedDict):
    """
    The role that somebody is to have.
    """

    role: RoleEnum
    ends_on: NotRequired[str | None]


class Round(TypedDict):
    """
    Runs of several methods on one snapshot, and which of them is the candidate.
    """

    uid: str
    state: RoundStateEnum
    trigger: str
    snapshot: str
    margin: float
    sentence: str
    rows: int | None
    left_out: list[str]
    runs: list[Standing]
    created_at: str
    settled_at: str | None


class Run(TypedDict):
    uid: str
    state: RunStateEnum
    round: str | None
    trigger: TriggerEnum
    snapshot: str
    profile: str | None
    base: str
    method: str
    requested_by: str | None
    step: int
    total_steps: int
    loss: float | None
    version: int | None
    error: str
    ending: EndingEnum | BlankEnum
    ordered: OrderedEnum | BlankEnum
    retry_at: str | None
    attempts: int
    created_at: str
    started_at: str | None
    finished_at: str | None


class RunDetail(TypedDict):
    uid: str
    state: RunStateEnum
    round: str | None
    trigger: TriggerEnum
    snapshot: str
    profile: str | None
    base: str
    method: str
    requested_by: str | None
    step: int
    total_steps: int
    loss: float | None
    version: int | None
    error: str
    ending: EndingEnum | BlankEnum
    ordered: OrderedEnum | BlankEnum
    retry_at: str | None
    attempts: int
    created_at: str
    started_at: str | None
    finished_at: str | None
    config: dict[str, Any]
    environment: dict[str, Any]
    metrics: dict[str, Any]


class Sample(TypedDict):
    uid: str
    text: str
    input: Any
    external_id: str
    tags: list[str]
    metadata: dict[str, Any]
    split: SplitEnum
    way_in: WayInEnum
    state: SampleStateEnum
    answer: dict[str, Any] | None
    given: GivenEnum | NullEnum
    must_pass: str | None
    created_at: str


SampleShown: TypeAlias = Sample | Receipt


class Spec(TypedDict):
    """
    A frozen form of the task. Versions, answers and suites point to the one that they were made under.
    """

    uid: str
    number: int
    kind: KindEnum
    instruction: str
    labels: list[SpecLabel]
    max_labels: int
    prompt_template: str
    schema: Any
    decoding: dict[str, Any]
    thinking: bool
    lists_labels: bool
    created_at: str


class Staged(TypedDict):
    """
    `verdict_stale`: it passed, but against another version than the one that is live; `stale_because` says which.
    """

    server: str
    tag: str
    state: StagedStateEnum
    uploaded_percent: int
    uploaded_digest: str
    layer_digest: str
    manifest_digest: str
    verdict: VerdictEnum | BlankEnum
    verdict_sentence: str
    verdict_report: dict[str, Any]
    held_against: int | None
    verdict_stale: bool
    stale_because: str
    gate_report: str | None
    judged_at: str | None
    staged_at: str | None
    error: str


class Vectors(TypedDict):
    """
    `done` of `total` texts have a vector by `encoder`; `note` says why nothing goes on, and what to do.
    """

    state: VectorsStateEnum
    encoder: str
    done: int
    total: int
    indexed: int
    cut: int
    unknown: int
    note: str


class VersionStateResponse(TypedDict):
    """
    A version, its file, and where it stands.
    """

    uid: str
    version: int
    model: str
    state: str
    file_digest: str
    file_bytes: int | None
    gguf_digest: str
    gguf_bytes: int | None
    quantization: str
    proof: dict[str, Any]
    error: str
    origin: str
    modelfile: str
    nowhere: str
    staged: list[Staged]
    parity: list[Parity]


class AddedReceipts(TypedDict):
    """
    The same for a token that may import and not read.
    """

    created: int
    samples: list[Receipt]


class AddedSamples(TypedDict):
    """
    The samples of all texts, in order; `created` counts those that were not there before.
    """

    created: int
    samples: list[Sample]


class AutoAccept(TypedDict):
    """
    Automatic acceptance in a project.
    """

    policy: AcceptPolicy
    sentence: str
    cases: int
    wanted: int
    certificate: Certificate | None
    audit: Audit
    accepted: int
    undone: int
    reopening: int
    broken: list[Certificate]


class PaginatedPredictionList(TypedDict):
    next: str | None
    previous: str | None
    results: list[Prediction]


class PaginatedReviewList(TypedDict):
    next: str | None
    previous: str | None
    results: list[Review]


class PaginatedRoundList(TypedDict):
    next: str | None
    previous: str | None
    results: list[Round]


class PaginatedRunList(TypedDict):
    next: str | None
    previous: str | None
    results: list[Run]


class PaginatedSampleList(TypedDict):
    next: str | None
    previous: str | None
    results: list[Sample]


class PaginatedSpecList(TypedDict):
    next: str | None
    previous: str | None
    results: list[Spec]


SamplesAdded: TypeAlias = AddedSamples | AddedReceipts
