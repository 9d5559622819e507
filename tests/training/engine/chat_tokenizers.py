"""A small tokenizer for any chat template: the marks that the template writes are its special tokens."""

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

_MARKS = re.compile(r"<[|｜][^<>{}'\"\s]{1,40}[|｜]>|</?[a-z_:]{1,20}>|\[/?[A-Z_]{3,20}\]|\[e~\[|\]~!?b\[?\]?")
BOS, END = "<s>", "<|im_end|>"


def tokenizer_for(template: str) -> "PreTrainedTokenizerBase":
    """Letters are tokens, and so are the template's marks. It begins with `<s>` and ends with `<|im_end|>`."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    plain = Tokenizer(models.BPE(vocab={letter: index for index, letter in enumerate(alphabet)}, merges=[]))
    plain.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    plain.decoder = decoders.ByteLevel()
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=plain, bos_token=BOS, eos_token=END, pad_token=END)
    tokenizer.add_special_tokens({"additional_special_tokens": sorted(set(_MARKS.findall(template)))})
    tokenizer.chat_template = template
    return tokenizer
