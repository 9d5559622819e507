"""A source distribution is downloaded without its build backend and unpacked without leaving the folder."""

import hashlib
import io
import tarfile
from pathlib import Path

import pytest

from deployment.artifacts.gguf.source import SourceError, download, unpack

PYPROJECT = """
[build-system]
requires = ["scikit-build-core"]
build-backend = "scikit_build_core.build"
[project]
name = "kiln-source"
version = "1.2"
[tool.scikit-build]
cmake.version = ">=99"
"""


def pack(path: Path, files: dict[str, str], links: dict[str, str] | None = None) -> Path:
    with tarfile.open(path, "w:gz") as archive:
        for name, text in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(text.encode())
            archive.addfile(member, io.BytesIO(text.encode()))
        for name, target in (links or {}).items():
            member = tarfile.TarInfo(name)
            member.type, member.linkname = tarfile.SYMTYPE, target
            archive.addfile(member)
    return path


def test_a_source_that_wants_cmake_is_downloaded_without_it(tmp_path, monkeypatch):
    files = {"PKG-INFO": "Metadata-Version: 2.1\nName: kiln-source\nVersion: 1.2\n", "pyproject.toml": PYPROJECT}
    source = pack(tmp_path / "kiln_source-1.2.tar.gz", {f"kiln_source-1.2/{name}": files[name] for name in files})
    requirements = tmp_path / "requirements.txt"
    requirements.write_text(f"kiln-source==1.2 --hash=sha256:{hashlib.sha256(source.read_bytes()).hexdigest()}\n")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    # A person who wants nothing built says so to pip; that forbids the download of no source.
    monkeypatch.setenv("PIP_ONLY_BINARY", ":all:")
    assert download(requirements, tmp_path / "got").read_bytes() == source.read_bytes()


def test_only_what_is_wanted_is_unpacked_and_no_link(tmp_path):
    files = {"p-1/in/script.py": "print()", "p-1/in/lib/a/b.py": "x = 1", "p-1/in/other.py": "", "p-1/script.py": ""}
    archive = pack(tmp_path / "p-1.tar.gz", files, links={"p-1/in/lib/link.py": "/etc/passwd"})
    unpack(archive, tmp_path / "out", "in/", ("script.py", "lib/"))
    found = {path.relative_to(tmp_path / "out").as_posix() for path in (tmp_path / "out").rglob("*") if path.is_file()}
    assert found == {"script.py", "lib/a/b.py"}
    assert (tmp_path / "out" / "lib" / "a" / "b.py").read_text() == "x = 1"


def test_a_path_that_leaves_the_folder_is_refused(tmp_path):
    archive = pack(tmp_path / "p-1.tar.gz", {"p-1/in/lib/../../../away.py": "x"})
    with pytest.raises(SourceError, match="leave its folder"):
        unpack(archive, tmp_path / "out", "in/", ("lib/",))
    assert not list(tmp_path.rglob("away.py"))
