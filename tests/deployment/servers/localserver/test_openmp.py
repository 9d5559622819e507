"""OpenMP for llama.cpp on a system without compilers: torch's, or a sentence that says what to install."""

import subprocess
import sys

import pytest

from deployment.servers.localserver import openmp

WITHOUT_THE_SYSTEMS = """
import ctypes
from deployment.servers.localserver import openmp
real = ctypes.CDLL
def other(name, *rest):
    if name == openmp.NAME:
        raise OSError(name)
    return real(name, *rest)
ctypes.CDLL = other
openmp.load_openmp()
import xllamacpp
print(*{line.split()[-1] for line in open("/proc/self/maps") if openmp.NAME in line})
"""


@pytest.mark.ml
@pytest.mark.skipif(sys.platform != "linux", reason="only Linux's wheel wants a libgomp")
def test_llama_cpp_loads_with_the_openmp_that_torch_brings():
    done = subprocess.run([sys.executable, "-c", WITHOUT_THE_SYSTEMS], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    (loaded,) = done.stdout.split()
    assert loaded.endswith("/torch/lib/libgomp.so.1")


def test_where_there_is_none_the_command_is_named(monkeypatch, capsys):
    monkeypatch.setattr(openmp.sys, "platform", "linux")
    monkeypatch.setattr(openmp, "find_spec", lambda name: None)
    monkeypatch.setattr(openmp, "NAME", "libnowhere.so.1")
    assert openmp.main() == 1
    assert "sudo apt-get install libgomp1" in capsys.readouterr().err
