"""A small stand-in for an Ollama server, as a process of its own: `python -m tests.ollama_standin --folder DIR`.

It behaves as recorded exchanges with a real 0.33 server did, as far as the driver can see: digests that are checked,
a layer that `create` rewrites, errors inside a 200 stream, silent overwriting by `copy`, a manifest that is empty
for a moment while an alias moves. Its answers are a function of the model's bytes and the prompt.
"""
