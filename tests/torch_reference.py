"""The networks and the training step in PyTorch, from the published description.

Written independently of the JAX code, except that weights come from its parameter
trees. Channels first, as PyTorch has it.
"""

import numpy as np
import torch
import torch.nn.functional as F


def tensor(x):
    return torch.tensor(np.array(x))


def to_tensors(tree, requires_grad=False):
    if isinstance(tree, dict):
        return {k: to_tensors(v, requires_grad) for k, v in tree.items()}
    return tensor(tree).requires_grad_(requires_grad)


def batch_norm(x, params, stats, i):
    """Training mode; the running statistics in `stats` change in place."""
    name = f"BatchNorm_{i}"
    return F.batch_norm(
        x,
        stats[name]["mean"],
        stats[name]["var"],
        params[name]["scale"],
        params[name]["bias"],
        training=True,
        momentum=0.1,
        eps=1e-5,
    )


def kernel(params, i):
    """(taps, c, o) to PyTorch's (o, c, taps), which serves both directions."""
    k = params[f"StridedConvolution_{i}"]["kernel"]
    return k.permute(k.ndim - 1, k.ndim - 2, *range(k.ndim - 2))


def centre(weights):
    """Weights of the 2³ centre, (a, b, 2, 2, 2), within a kernel of 4³."""
    return F.pad(weights, (1, 1) * 3)


def generator(params, stats, z):
    """Logits (b, 1, x, y, z)."""
    dense = params["Dense_0"]["kernel"]
    weights = dense.reshape(dense.shape[0], 2, 2, 2, -1).permute(0, 4, 1, 2, 3)
    h = z[:, :, None, None, None]
    h = F.conv_transpose3d(h, centre(weights), stride=2, padding=1)
    layers = sum(name.startswith("Strided") for name in params)
    for i in range(layers):
        h = F.relu(batch_norm(h, params, stats, i))
        h = F.conv_transpose3d(h, kernel(params, i), stride=2, padding=1)
    return h


def discriminator(params, stats, voxels, leak=0.2):
    """Logits (b)."""
    h = voxels
    layers = sum(name.startswith("Strided") for name in params)
    for i in range(layers):
        h = F.conv3d(h, kernel(params, i), stride=2, padding=1)
        h = F.leaky_relu(batch_norm(h, params, stats, i), leak)
    weights = params["Dense_0"]["kernel"].reshape(1, 2, 2, 2, -1)
    h = F.conv3d(h, centre(weights.permute(0, 4, 1, 2, 3)), stride=2, padding=1)
    return h.flatten()


def encoder(params, stats, images):
    """Mean and log-variance of images (b, h, w, c) in 0 ... 255."""
    h = 1 - images.permute(0, 3, 1, 2).float() / 255
    layers = sum(name.startswith("Strided") for name in params)
    for i in range(layers):
        h = F.conv2d(h, kernel(params, i), stride=2, padding=2)
        h = F.relu(batch_norm(h, params, stats, i))
    h = h.permute(0, 2, 3, 1).flatten(1)
    return [
        h @ params[name]["kernel"] + params[name]["bias"]
        for name in ("mean", "log_variance")
    ]
