"""`POST /api/create`: status lines on the way to a manifest."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from tests.ollama_standin.errors import PLAIN, HTTPError, NotShownError
from tests.ollama_standin.facts import facts_of
from tests.ollama_standin.names import full, is_name, same
from tests.ollama_standin.registry import not_found
from tests.ollama_standin.store import Model, Store

_PRECISE = {"F16", "BF16", "F32"}


def create(store: Store, body: dict[str, Any]) -> Iterator[dict[str, str]]:
    """The lines of a streamed creation. What is wrong with the request itself is raised before the first one."""
    name, files, adapters = body.get("model") or "", body.get("files") or {}, body.get("adapters") or {}
    if not is_name(name):
        raise HTTPError(400, "invalid model name")
    if any(path.startswith(("/", "..")) for path in (*files, *adapters)):
        raise HTTPError(400, "file path must be relative")
    if len(files) > 1 or len(adapters) > 1 or (files and body.get("from")) or (adapters and not body.get("from")):
        raise NotShownError("POST /api/create with more than a file, or a model and its adapter")
    return Creation(store, body).lines()


@dataclass
class Creation:
    """One creation under way. It does not look at parameters, as the real one does not."""

    store: Store
    body: dict[str, Any]
    base: Model = field(init=False)

    def lines(self) -> Iterator[dict[str, str]]:
        body, store = self.body, self.store
        if not body.get("from") and not body.get("files"):
            raise HTTPError(400, "neither 'from' or 'files' was specified", PLAIN)
        if body.get("adapters") and not store.takes_adapters:
            raise HTTPError(400, "LoRA adapters are no longer supported", PLAIN)
        if body.get("files") or body.get("adapters"):
            yield _status("parsing GGUF")
        if body.get("from"):
            self.base = self._parent(body["from"])
        else:
            (digest,) = body["files"].values()
            yield from self._convert(digest)
        base = self.base
        layers = {kind: digest for kind, digest in base.layers.items() if kind != "parameters"}
        if base.parent:
            for digest in layers.values():
                yield _status(f"using existing layer {digest}")
        for digest in (body.get("adapters") or {}).values():
            self._file(digest)
            layers["adapter"] = digest
            yield _status(f"using existing layer {digest}")
        template, system = body.get("template") or base.template, body.get("system") or base.system
        if template.count("{{") > template.count("}}"):
            raise HTTPError(400, "template error: template: :1: unclosed action", PLAIN)
        parameters = {**base.parameters, **(body.get("parameters") or {})}
        texts = {
            "template": body.get("template"),
            "system": body.get("system"),
            "parameters": json.dumps(parameters, sort_keys=True) if parameters else "",
        }
        for kind, text in texts.items():
            if text:
                layers[kind] = f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"
                yield self._write(layers[kind], text.encode())
        yield _status("writing manifest")
        size = sum(store.blob(digest).stat().st_size for digest in layers.values())
        store.put(
            body["model"],
            Model(layers, base.facts, size, system, template, parameters, base.parent, base.quantization),
        )
        yield _status("success")

    def _parent(self, name: str) -> Model:
        """A name that is not here is looked for on the public registry: that is the leak to guard against."""
        if same(name) not in self.store.models:
            raise not_found(name)
        return replace(self.store.model(name), parent=full(name))

    def _file(self, digest: str) -> bytes:
        source = self.store.blob(digest)
        if not source.exists():
            raise HTTPError(500, f"open <models>/blobs/{source.name}: no such file or directory", PLAIN)
        content = source.read_bytes()
        if not content.startswith(b"GGUF"):
            raise HTTPError(500, "invalid file magic", PLAIN)
        return content

    def _convert(self, digest: str) -> Iterator[dict[str, str]]:
        """The served layer is the file written anew: other bytes, always the same ones."""
        content, quantize = self._file(digest), self.body.get("quantize") or ""
        facts = facts_of(self.store.blob(digest))
        if quantize and not self.store.takes_adapters:
            raise HTTPError(400, "quantization is no longer supported", PLAIN)
        if quantize and facts.quantization not in _PRECISE:
            raise HTTPError(500, "quantization is only supported for F16, BF16 and F32 models", PLAIN)
        yield _status("verifying conversion")
        layer = f"sha256:{hashlib.sha256(b'rewritten ' + quantize.encode() + content).hexdigest()}"
        yield self._write(layer, content)
        self.base = Model({"model": layer}, facts, len(content), quantization=quantize.upper())

    def _write(self, digest: str, content: bytes) -> dict[str, str]:
        new = self.store.write(digest, content)
        return _status(f"{'creating new' if new else 'using existing'} layer {digest}")


def _status(text: str) -> dict[str, str]:
    return {"status": text}
