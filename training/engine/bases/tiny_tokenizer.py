"""A SentencePiece tokenizer that llama.cpp's converter takes over token by token.

Home-made byte-level tokenizers are refused by the converter, and those of the `tokenizers` library are accepted and
silently read in another way. This recipe gives equal ids on both sides, emoji and Cyrillic included.
"""

import io
from collections.abc import Iterable
from pathlib import Path

from common.files import write_json
from training.engine.errors import EngineError

START, END = "<|im_start|>", "<|im_end|>"
CHAT_TEMPLATE = (
    "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>' "
    "+ '\\n' }}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}"
)


def write_tokenizer(texts: Iterable[str], folder: Path, *, vocabulary: int) -> int:
    """Train on `texts` and write the tokenizer's files into `folder`; the number of pieces, `vocabulary` at most."""
    import sentencepiece

    model = io.BytesIO()
    try:
        sentencepiece.SentencePieceTrainer.train(
            sentence_iterator=iter(texts),
            model_writer=model,
            model_type="bpe",
            vocab_size=vocabulary,
            byte_fallback=True,
            add_dummy_prefix=False,
            normalization_rule_name="identity",
            remove_extra_whitespaces=False,
            unk_id=0,
            bos_id=1,
            eos_id=2,
            control_symbols=[START, END],
            num_threads=1,
            shuffle_input_sentence=False,
            minloglevel=2,
        )
    except RuntimeError as error:
        raise EngineError(f"The texts are too few for a vocabulary of {vocabulary} pieces: {error}") from error
    (folder / "tokenizer.model").write_bytes(model.getvalue())
    write_json(
        folder / "tokenizer_config.json",
        {
            "tokenizer_class": "LlamaTokenizer",
            "legacy": False,
            # llama.cpp reads these three; each one missing changes the ids that a served model sees.
            "add_bos_token": False,
            "add_eos_token": False,
            "add_prefix_space": False,
            "bos_token": "<s>",
            "eos_token": END,
            "unk_token": "<unk>",
            "pad_token": END,
            "additional_special_tokens": [START],
            "chat_template": CHAT_TEMPLATE,
            "model_max_length": 2048,
        },
    )
    pieces = sentencepiece.SentencePieceProcessor(model_proto=model.getvalue())
    return int(pieces.vocab_size())
