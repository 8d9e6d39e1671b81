"""The networks in PyTorch, the three from the published description.

Written independently of the Flax modules, as pure functions of parameters and running
statistics; `from_flax` brings weights over, `to_flax` gradients back. Channels come
first, as PyTorch has it. G's first and D's last layer are either the published
convolutions of 4³ taps, of which only the 2³ in the centre meet anything but padding,
or the dense products that this amounts to: the parameters tell which.

R, the refiner, takes what views show as `pytorch_evidence` has it; how it places grids
is in `pytorch_frame`.
"""

from typing import Any

import numpy as np
import torch
import torch.nn.functional as F

from vaegan_jax.benchmark.pytorch_evidence import PHASES, blocks, centres

Tree = dict[str, Any]

_CONVOLUTIONS = ("Strided", "Convolution")
FRAME_ESTIMATOR = "frame_estimator"  # a module of R, with layers of its own


def tensor(x: Any) -> torch.Tensor:
    """A tensor with the values of any array."""
    return torch.tensor(np.array(x))


def from_flax(params: Tree, dense_ends: bool) -> Tree:
    """Parameters of one of the Flax modules, by layer and name, in PyTorch's layout.

    With `dense_ends` False the dense layer of G or D becomes a convolution's 4³ taps.
    """
    converted = {}
    for layer, values in params.items():
        if layer == FRAME_ESTIMATOR:
            converted[layer] = from_flax(values, dense_ends)
            continue
        converted[layer] = {name: tensor(value) for name, value in values.items()}
        kernel = converted[layer].get("kernel")
        if layer.startswith(_CONVOLUTIONS):
            # (taps, c, o) to (o, c, taps), which serves both directions.
            kernel = kernel.permute(kernel.ndim - 1, kernel.ndim - 2, *_taps(kernel))
        elif layer == "Dense_0" and not dense_ends:
            kernel = F.pad(_centre(kernel), (1, 1) * 3)
        if kernel is not None:
            converted[layer]["kernel"] = kernel.contiguous()
    return converted


def to_flax(params: Tree) -> Tree:
    """The inverse of `from_flax`, to NumPy: for parameters or their gradients."""
    converted = {}
    for layer, values in params.items():
        if layer == FRAME_ESTIMATOR:
            converted[layer] = to_flax(values)
            continue
        converted[layer] = {k: v.detach().numpy() for k, v in values.items()}
        kernel = converted[layer].get("kernel")
        if layer.startswith(_CONVOLUTIONS):
            converted[layer]["kernel"] = np.moveaxis(kernel, (0, 1), (-1, -2))
        elif layer == "Dense_0" and kernel.ndim == 5:
            centre = kernel[:, :, 1:3, 1:3, 1:3]
            if len(centre) == 1:  # D's (1, c, 2, 2, 2)
                converted[layer]["kernel"] = np.moveaxis(centre[0], 0, -1).reshape(
                    -1, 1
                )
            else:  # G's (latent, c, 2, 2, 2)
                rows = np.moveaxis(centre, 1, -1).reshape(len(centre), -1)
                converted[layer]["kernel"] = rows
    return converted


def _taps(kernel: torch.Tensor) -> range:
    return range(kernel.ndim - 2)


def _centre(dense: torch.Tensor) -> torch.Tensor:
    """The dense layer's weights as the 2³ taps of a convolution."""
    if dense.shape[1] == 1:  # D's (2 · 2 · 2 · c, 1)
        return dense.reshape(2, 2, 2, -1).permute(3, 0, 1, 2)[None]
    return dense.reshape(len(dense), 2, 2, 2, -1).permute(0, 4, 1, 2, 3)


def _layers(params: Tree) -> range:
    return range(sum(name.startswith("Strided") for name in params))


def _batch_norm(x, params, stats, i, train=True):
    """In training mode running statistics, if given, change in place."""
    name = f"BatchNorm_{i}"
    return F.batch_norm(
        x,
        stats[name]["mean"] if stats else None,
        stats[name]["var"] if stats else None,
        params[name]["scale"],
        params[name]["bias"],
        training=train,
        momentum=0.1,
        eps=1e-5,
    )


def generator(
    params: Tree, stats: Tree | None, latents: torch.Tensor, train: bool = True
) -> torch.Tensor:
    """Logits (b, 1, x, y, z) of latents (b, latent)."""
    first = params["Dense_0"]["kernel"]
    if first.ndim == 5:
        h = latents[:, :, None, None, None]
        h = F.conv_transpose3d(h, first, stride=2, padding=1)
    else:
        h = (latents @ first).reshape(len(latents), 2, 2, 2, -1).permute(0, 4, 1, 2, 3)
    for i in _layers(params):
        h = F.relu(_batch_norm(h, params, stats, i, train))
        layer = params[f"StridedConvolution_{i}"]
        h = F.conv_transpose3d(
            h, layer["kernel"], layer.get("bias"), stride=2, padding=1
        )
    return h


def discriminator(
    params: Tree, stats: Tree | None, voxels: torch.Tensor, leak: float
) -> torch.Tensor:
    """Logits (b) of occupancies (b, 1, x, y, z)."""
    h = voxels
    for i in _layers(params):
        layer = params[f"StridedConvolution_{i}"]
        h = F.conv3d(h, layer["kernel"], layer.get("bias"), stride=2, padding=1)
        if f"BatchNorm_{i}" in params:
            h = _batch_norm(h, params, stats, i)
        h = F.leaky_relu(h, leak)
    last = params["Dense_0"]
    if last["kernel"].ndim == 5:
        h = F.conv3d(h, last["kernel"], last.get("bias"), stride=2, padding=1)
        return h.flatten()
    h = h.permute(0, 2, 3, 4, 1).flatten(1) @ last["kernel"]
    return (h + last.get("bias", 0.0)).flatten()


def encoder(
    params: Tree, stats: Tree | None, images: torch.Tensor, train: bool = True
) -> tuple[torch.Tensor, torch.Tensor]:
    """Mean and log-variance, each (b, latent), of uint8 images (b, c, h, w)."""
    h = 1 - images.float() / 255
    for i in _layers(params):
        kernel = params[f"StridedConvolution_{i}"]["kernel"]
        h = F.conv2d(h, kernel, stride=2, padding=2)
        h = F.relu(_batch_norm(h, params, stats, i, train))
    h = h.permute(0, 2, 3, 1).flatten(1)
    mean, log_variance = (
        h @ params[name]["kernel"] + params[name]["bias"]
        for name in ("mean", "log_variance")
    )
    return mean, log_variance


def refiner(
    params: Tree,
    stats: Tree | None,
    cells: torch.Tensor,
    views: torch.Tensor,
    logits: torch.Tensor,
) -> torch.Tensor:
    """Logits (b, 1, x, y, z) of what `read_views` reads and of those of G."""
    levels = sum(name.startswith("Convolution") for name in params) // 4
    h = _first_of_refiner(params["Dense_0"]["kernel"], cells, views, logits)
    h = F.relu(_batch_norm(h, params, stats, 0))
    h = _convolve_twice(h, params, stats, 0)
    finer = []
    for level in range(1, levels + 1):
        finer.append(h)
        h = _convolve_twice(F.max_pool3d(h, 2), params, stats, level)
    for level in range(1, levels + 1):
        kernel = params[f"Dense_{level}"]["kernel"]
        kernel = kernel.unflatten(1, (2, 2, 2, -1)).permute(0, 4, 1, 2, 3)
        h = finer.pop() + F.conv_transpose3d(h, kernel, stride=2)
        h = _convolve_twice(h, params, stats, levels + level)
    last = params[f"Dense_{levels + 1}"]
    h = F.conv3d(h, last["kernel"].T[..., None, None, None], last["bias"])
    return _cells(h[:, None])


def _convolve_twice(h, params, stats, pair):
    for i in (2 * pair, 2 * pair + 1):
        h = F.conv3d(h, params[f"Convolution_{i}"]["kernel"], padding=1)
        h = F.relu(_batch_norm(h, params, stats, i + 1))
    return h


def _first_of_refiner(kernel, cells, views, logits) -> torch.Tensor:
    """The dense layer over all numbers of each block, part by part.

    What it makes of a block's mirror image is the mirror image of what it makes of a
    block, so that neither mirrored numbers nor all of them are put side by side.
    """
    features, size = cells.shape[1], cells.shape[-1]
    numbers = PHASES * features
    plain, mirrored, said, where, seen = kernel.split(
        (numbers, numbers, 2 * PHASES, 3 * PHASES, views.shape[1])
    )
    # Half of a block's cells are on the other side of the other.
    mirrored = mirrored.unflatten(0, (2, -1)).flip(0).flatten(0, 1)
    both = torch.cat([plain, mirrored], 1)
    h = _by_feature(both) @ cells.flatten(1, 2).flatten(2)
    h, across = h.unflatten(2, (size,) * 3).chunk(2, 1)
    logits = blocks(logits).flatten(1, 2).flatten(2)
    logits = torch.cat([logits.clamp(-6, 6) / 3, logits.sigmoid()], 1)
    places = 2 * centres(2 * size) - 1
    rest = said.T @ logits + (views @ seen)[..., None]
    rest = rest + _by_feature(where) @ places.flatten(0, 1).flatten(1)
    return h + across.flip(2) + rest.unflatten(2, (size,) * 3)


def _by_feature(kernel: torch.Tensor) -> torch.Tensor:
    """(phases · features, o) to (o, features · phases)."""
    return kernel.unflatten(0, (PHASES, -1)).permute(2, 1, 0).flatten(1)


def _cells(x: torch.Tensor) -> torch.Tensor:
    """The inverse of `blocks`."""
    x = x.unflatten(2, (2, 2, 2)).permute(0, 1, 5, 2, 6, 3, 7, 4)
    return x.flatten(6, 7).flatten(4, 5).flatten(2, 3)
