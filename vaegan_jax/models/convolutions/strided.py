"""Strided convolutions and their adjoints in exact formulations.

- `plain` is XLA's own convolution, the right choice on GPUs and TPUs. XLA's CPU backend
  runs transposed and input-gradient convolutions through a naive loop, fifty to two
  hundred times slower than a good library.
- `winograd` writes them as matrix products over tiles, with fewer multiplications than
  taps: the fastest on CPUs. See `winograd`, also for how it works, and `columns` for
  what it does where images or voxel grids have too few channels for that.
- `gather` is the same with tiles of one output: every multiplication is done.

All compute the same numbers up to rounding, to which `winograd` adds about a digit.
"""

import functools
from typing import Literal

import jax
from jaxtyping import Array, Float

from vaegan_jax.models.convolutions import columns, plain, winograd
from vaegan_jax.models.convolutions.parts import in_parts

Formulation = Literal["plain", "gather", "winograd"]

_STRIDE = 2

# Tile sizes to choose from, by spatial rank. Larger ones cost digits, and in three
# dimensions have too many points.
_TILES = {2: (1, 2, 4), 3: (1, 2)}

# Bytes of input that are worked on at once. Above, it goes through the batch in parts,
# which takes longer, but the intermediates are several times as large as the input.
_AT_ONCE = 1 << 28


def default_formulation() -> Formulation:
    """The fastest formulation on the backend that computations run on by default."""
    return "winograd" if jax.default_backend() == "cpu" else "plain"


def convolve(
    x: Float[Array, "b *n c"],
    kernel: Float[Array, "*k c o"],
    padding: int,
    formulation: Formulation,
) -> Float[Array, "b *m o"]:
    """Cross-correlation with stride 2, as `torch.nn.ConvNd(stride=2)` computes it.

    Args:
      x: input, channels last; every spatial size even.
      kernel: taps, then input and output channels.
      padding: zeros on either side of each spatial axis.
      formulation: see the module's docstring.

    Returns:
      The output, of half the input's spatial sizes when `2 * padding + 2` equals the
      kernel size or exceeds it by one.
    """
    return _convolve(x, kernel, padding, formulation)


def convolve_transposed(
    y: Float[Array, "b *m o"],
    kernel: Float[Array, "*k c o"],
    padding: int,
    formulation: Formulation,
) -> Float[Array, "b *n c"]:
    """The adjoint of `convolve` for the same kernel: it doubles every spatial size.

    With kernel size 4 and padding 1 this is `torch.nn.ConvTransposeNd(4, 2, 1)`, whose
    own weight is laid out (in, out, taps) = (o, c, *k).
    """
    return _convolve_transposed(y, kernel, padding, formulation)


# The strided convolution, its adjoint and the gradient of its kernel are all that both
# directions and their gradients need.


def _forward(x, kernel, padding, formulation):
    if formulation == "plain":
        return plain.convolve(x, kernel, padding)
    cells = [size // _STRIDE for size in x.shape[1:-1]]

    def apply(x):
        if _is_thin(kernel.shape, formulation):
            return columns.convolve(x, kernel, padding)
        tile = _tile(x.shape[0], cells, kernel.shape, formulation, x.dtype)
        return winograd.convolve(x, kernel, padding, tile)

    return in_parts(apply, _AT_ONCE, x).reshape(x.shape[0], *cells, -1)


def _adjoint(y, kernel, padding, formulation):
    if formulation == "plain":
        return plain.convolve_transposed(y, kernel, padding)
    sizes = [_STRIDE * cells for cells in y.shape[1:-1]]

    def apply(y):
        if _is_thin(kernel.shape, formulation):
            return columns.convolve_transposed(y, kernel, padding)
        tile = _tile(y.shape[0], y.shape[1:-1], kernel.shape, formulation, y.dtype)
        return winograd.convolve_transposed(y, kernel, padding, tile)

    return in_parts(apply, _AT_ONCE, y).reshape(y.shape[0], *sizes, -1)


def _kernel_gradient(x, y, shape, padding, formulation):
    if formulation == "plain":
        return plain.kernel_gradient(x, y, shape, padding)

    def apply(x, y):
        if _is_thin(shape, formulation):
            return columns.kernel_gradient(x, y, shape, padding)
        tile = _tile(x.shape[0], y.shape[1:-1], shape, formulation, x.dtype)
        return winograd.kernel_gradient(x, y, shape, padding, tile)

    return in_parts(apply, _AT_ONCE, x, y).sum(0)


def _tile(batch, cells, kernel_shape, formulation: Formulation, dtype) -> int:
    """The tile size to use: with `winograd` the cheapest that fits."""
    sizes = (1,) if formulation == "gather" else _TILES[len(cells)]
    return winograd.tile_size(sizes, batch, cells, kernel_shape, dtype)


def _is_thin(kernel_shape, formulation) -> bool:
    """Whether the side of many positions has as few channels as an image."""
    return formulation == "winograd" and kernel_shape[-2] <= 3


@functools.partial(jax.custom_vjp, nondiff_argnums=(2, 3))
def _convolve(x, kernel, padding, formulation):
    return _forward(x, kernel, padding, formulation)


def _convolve_fwd(x, kernel, padding, formulation):
    return _forward(x, kernel, padding, formulation), (x, kernel)


def _convolve_bwd(padding, formulation, residuals, gradient):
    x, kernel = residuals
    return (
        _adjoint(gradient, kernel, padding, formulation),
        _kernel_gradient(x, gradient, kernel.shape, padding, formulation),
    )


_convolve.defvjp(_convolve_fwd, _convolve_bwd)


@functools.partial(jax.custom_vjp, nondiff_argnums=(2, 3))
def _convolve_transposed(y, kernel, padding, formulation):
    return _adjoint(y, kernel, padding, formulation)


def _convolve_transposed_fwd(y, kernel, padding, formulation):
    return _adjoint(y, kernel, padding, formulation), (y, kernel)


def _convolve_transposed_bwd(padding, formulation, residuals, gradient):
    y, kernel = residuals
    return (
        _forward(gradient, kernel, padding, formulation),
        _kernel_gradient(gradient, y, kernel.shape, padding, formulation),
    )


_convolve_transposed.defvjp(_convolve_transposed_fwd, _convolve_transposed_bwd)
