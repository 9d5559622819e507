"""The base model that a Python package ships: its name, and its folder below the models folder."""

NAME = "HuggingFaceTB/SmolLM2-135M-Instruct"
LOCATION = "smollm2-135m-instruct"
