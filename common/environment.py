"""What a child process gets of our environment: what it needs to run, and no secret but its own.

A secret of the operator's that Touchstone may use by name begins with TOUCHSTONE_KEY_: a row may then name no other.
"""

import os
import re
from collections.abc import Iterable

KEY_PREFIX = "TOUCHSTONE_KEY_"
KEY_PATTERN = rf"^{KEY_PREFIX}[A-Z0-9_]+$"
# Further variables, by name, for whatever a site's own libraries read.
PASSED = "TOUCHSTONE_PASS"

_SYSTEM = frozenset(
    {
        *("PATH", "HOME", "USER", "LOGNAME", "SHELL", "LANG", "LANGUAGE", "TZ", "TMPDIR", "TMP", "TEMP", "TERM", "PWD"),
        *("NO_COLOR", "VIRTUAL_ENV", "DJANGO_SETTINGS_MODULE", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_RUNTIME_DIR"),
        *("LD_LIBRARY_PATH", "LD_PRELOAD", "DYLD_LIBRARY_PATH", "DYLD_FALLBACK_LIBRARY_PATH", "LLAMA_QUANTIZE"),
        *("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"),
    }
)
# Languages, Python, threads, accelerators and where the hub's libraries keep their files.
_SYSTEM_PREFIXES = (
    *("LC_", "PYTHON", "COVERAGE", "TOUCHSTONE_"),
    *("OMP_", "MKL_", "OPENBLAS_", "KMP_", "GOMP_", "GGML_", "TOKENIZERS_"),
    *("CUDA_", "NVIDIA_", "NCCL_", "ROCR_", "ROCM_", "RCCL_", "HIP_", "HSA_"),
    *("TORCH", "PYTORCH_", "TRITON_", "ACCELERATE_", "BNB_", "BITSANDBYTES_", "HF_", "TRANSFORMERS_"),
)
_HUB_SECRETS = frozenset({"HF_TOKEN", "HUGGING_FACE_HUB_TOKEN", "HUGGINGFACE_HUB_TOKEN"})
_PROXIES = frozenset({"HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"})


def child_environment(*names: str, network: bool = False, **more: str) -> dict[str, str]:
    """Of our own variables those that any program needs, those named, and `more`.

    `network`: the child fetches something, so it gets proxies, pip's options and the hub's token as well.
    """
    wanted = {*names, *_passed()}
    kept = {name: value for name, value in os.environ.items() if name in wanted or _is_plain(name)}
    if network:
        kept |= {name: value for name, value in os.environ.items() if _is_of_network(name)}
    return kept | more


def key_named(name: str) -> str:
    """The operator's secret in the variable `name`; empty where it is not set, or is none that a row may name."""
    return os.environ.get(name, "") if is_key_name(name) else ""


def is_key_name(name: str) -> bool:
    """True if a row may name this variable as the one that holds a key."""
    return re.fullmatch(KEY_PATTERN, name) is not None


def keys() -> Iterable[str]:
    """The names of all the operator's secrets that are set."""
    return [name for name in os.environ if is_key_name(name)]


def _passed() -> list[str]:
    return [word.strip() for word in os.environ.get(PASSED, "").split(",")]


def _is_plain(name: str) -> bool:
    if name.startswith(KEY_PREFIX) or name in _HUB_SECRETS:
        return False
    return name in _SYSTEM or name.startswith(_SYSTEM_PREFIXES)


def _is_of_network(name: str) -> bool:
    return name.upper() in _PROXIES or name in _HUB_SECRETS or name.startswith("PIP_")
