"""A small stand-in for an Ollama server, as a process of its own: `python -m tests.ollama_standin --folder DIR`.

It behaves as recorded exchanges with a real 0.33 server did (`transcripts/`, which it never reads;
`tests/deployment/test_transcripts.py` holds it against them): digests that are checked, a layer that `create` rewrites,
errors inside a 200 stream, silent overwriting by `copy`, a manifest that is empty for a moment while an alias moves,
runners that belong to a blob. Its answers are a function of the model's bytes and the prompt; with `--llama` a real
llama.cpp answers instead.
"""
