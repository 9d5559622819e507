"""Attention over a flat row: each token sees the shared prefix and its own row up to itself, nothing else.

Registered with transformers under `FLAT`, it is what every layer of the model calls. Without `blocks`, as in
`generate`, the model attends as it would by SDPA.
"""

from typing import Any

import torch
from torch.nn.attention.bias import causal_lower_right
from torch.nn.functional import scaled_dot_product_attention
from transformers import AttentionInterface, AttentionMaskInterface
from transformers.integrations.sdpa_attention import sdpa_attention_forward
from transformers.masking_utils import sdpa_mask

from training.engine.batches.blocks import Blocks, Group

FLAT = "touchstone_flat"
# Up to so many products of a layer are kept for the backward pass; beyond, they are made again, since they grow with
# the square of the length.
KEPT_SCORES = 8_000_000


def register() -> None:
    """Make the attention known to transformers."""
    AttentionInterface.register(FLAT, flat_attention)
    AttentionMaskInterface.register(FLAT, sdpa_mask)


def flat_attention(
    module: torch.nn.Module,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attention_mask: torch.Tensor | None,
    scaling: float | None = None,
    dropout: float = 0.0,
    blocks: Blocks | None = None,
    **kwargs: Any,
) -> tuple[torch.Tensor, None]:
    """`query` (1, heads, tokens, size), `key` and `value` with fewer heads perhaps; (1, tokens, heads, size)."""
    if blocks is None:
        return sdpa_attention_forward(
            module, query, key, value, attention_mask, dropout=dropout, scaling=scaling, **kwargs
        )
    unknown = [name for name in ("softcap", "s_aux", "position_bias") if kwargs.get(name) is not None]
    if dropout or unknown:
        raise ValueError(f"flat rows know no {', '.join(unknown) or 'dropout'} in attention")
    scale = query.shape[-1] ** -0.5 if scaling is None else scaling
    device = query.device.type
    dtype = torch.get_autocast_dtype(device) if torch.is_autocast_enabled(device) else query.dtype
    if device == "cpu":
        out = _Flat.apply(query[0], key[0], value[0], blocks, scale, dtype)  # type: ignore[no-untyped-call]  # autograd
        return out.unsqueeze(0), None
    return by_sdpa(query.to(dtype), key.to(dtype), value.to(dtype), blocks, scale), None


def by_sdpa(query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, blocks: Blocks, scale: float) -> torch.Tensor:
    """Row after row through torch's fused kernels, which know a causal mask that ends at the last key."""
    groups = query.shape[1] // key.shape[1]
    key, value = (each.repeat_interleave(groups, dim=1) for each in (key, value))
    parts, prefix = [], slice(0, blocks.prefix)
    if blocks.prefix:
        parts.append(
            scaled_dot_product_attention(
                query[:, :, prefix], key[:, :, prefix], value[:, :, prefix], is_causal=True, scale=scale
            )
        )
    for start, end in blocks.spans:
        own = slice(start, end)
        keys = torch.cat([key[:, :, prefix], key[:, :, own]], dim=2)
        values = torch.cat([value[:, :, prefix], value[:, :, own]], dim=2)
        mask = causal_lower_right(end - start, keys.shape[2])
        parts.append(scaled_dot_product_attention(query[:, :, own], keys, values, attn_mask=mask, scale=scale))
    parts.append(value[:, :, blocks.tokens :])  # the filling, which nothing comes of
    return torch.cat(parts, dim=2).transpose(1, 2)


class _Flat(torch.autograd.Function):
    """The same on a CPU, where the backward pass of SDPA is slow: plain matrix products, softmax in float32.

    Rows of like length are taken together, and all heads that share a key, and little that the mask hides is computed.
    """

    @staticmethod
    def forward(
        ctx: Any,
        query: torch.Tensor,
        key: torch.Tensor,
        value: torch.Tensor,
        blocks: Blocks,
        scale: float,
        dtype: torch.dtype,
    ) -> torch.Tensor:
        ctx.blocks, ctx.scale, ctx.dtypes = blocks, scale, (query.dtype, key.dtype, value.dtype)
        # By token: (tokens, heads, size).
        query, key, value = ((each.transpose(0, 1)).to(dtype) for each in (query * scale, key, value))
        out = query.new_zeros(*query.shape[:2], value.shape[-1])
        kept = []
        keep = blocks.scores * query.shape[1] <= KEPT_SCORES
        for group in blocks.groups:
            weights = _weights(query, key, group)
            if keep:
                kept.append(weights)
            _write(out, group, torch.bmm(weights, _keys(value, group)))
        ctx.save_for_backward(query, key, value, *kept)
        return out

    @staticmethod
    def backward(ctx: Any, *grads: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        query, key, value, *kept = ctx.saved_tensors
        blocks, (grad,) = ctx.blocks, grads
        grad, heads = grad.to(query.dtype), key.shape[1]
        to_query = torch.zeros_like(query, dtype=torch.float32)
        to_key, to_value = (torch.zeros_like(each, dtype=torch.float32) for each in (key, value))
        for number, group in enumerate(blocks.groups):
            weights = kept[number] if kept else _weights(query, key, group)
            above, queries = _queries(grad, heads, group), _queries(query, heads, group)
            _add(to_value, group, torch.bmm(weights.transpose(1, 2), above))
            to_weights = torch.bmm(above, _keys(value, group).transpose(1, 2))
            to_scores = torch.ops.aten._softmax_backward_data(to_weights, weights, -1, weights.dtype)
            _write(to_query, group, torch.bmm(to_scores, _keys(key, group)))
            _add(to_key, group, torch.bmm(to_scores.transpose(1, 2), queries))
        found = (to_query.mul_(ctx.scale), to_key, to_value)
        given = (each.transpose(0, 1).to(dtype) for each, dtype in zip(found, ctx.dtypes, strict=True))
        return *given, None, None, None


def _weights(query: torch.Tensor, key: torch.Tensor, group: Group) -> torch.Tensor:
    """The softmax of a group's scores: (pieces x key heads, heads of one key x queries, keys)."""
    length = group.length
    scores = torch.bmm(_queries(query, key.shape[1], group), _keys(key, group).transpose(1, 2))
    later = torch.ones(length, length, dtype=torch.bool).triu_(1)
    scores.view(len(scores), -1, length, group.keys)[..., -length:].masked_fill_(later, float("-inf"))
    return scores.softmax(-1, dtype=torch.float32).to(scores.dtype)


def _queries(query: torch.Tensor, key_heads: int, group: Group) -> torch.Tensor:
    """(pieces x key heads, heads of one key x queries, size); zeros behind a piece's end."""
    _, heads, size = query.shape
    found = query.new_zeros(len(group.pieces), heads, group.length, size)
    for each, piece in zip(found, group.pieces, strict=True):
        each[:, : piece.end - piece.start] = query[piece.start : piece.end].transpose(0, 1)
    return found.view(len(found) * key_heads, -1, size)


def _keys(key: torch.Tensor, group: Group) -> torch.Tensor:
    """(pieces x key heads, keys, size): the prefix, then the piece's own; zeros behind its end, which no query sees."""
    _, heads, size = key.shape
    found = key.new_zeros(len(group.pieces), heads, group.keys, size)
    prefix = group.pieces[0].prefix
    found[:, :, :prefix] = key[:prefix].transpose(0, 1)
    for each, piece in zip(found, group.pieces, strict=True):
        each[:, prefix : prefix + piece.end - piece.own] = key[piece.own : piece.end].transpose(0, 1)
    return found.view(-1, group.keys, size)


def _write(total: torch.Tensor, group: Group, part: torch.Tensor) -> None:
    """Put what was computed for a group's queries where they lie in the flat row."""
    _, heads, size = total.shape
    for each, piece in zip(part.view(-1, heads, group.length, size), group.pieces, strict=True):
        total[piece.start : piece.end] = each[:, : piece.end - piece.start].transpose(0, 1)


def _add(total: torch.Tensor, group: Group, part: torch.Tensor) -> None:
    """Add up what a group's queries say of the keys that they see."""
    _, heads, size = total.shape
    prefix, part = group.pieces[0].prefix, part.view(-1, heads, group.keys, size)
    if prefix:
        total[:prefix] += part[:, :, :prefix].sum(0, dtype=total.dtype).transpose(0, 1)
    for each, piece in zip(part, group.pieces, strict=True):
        total[piece.own : piece.end] += each[:, prefix : prefix + piece.end - piece.own].transpose(0, 1)
