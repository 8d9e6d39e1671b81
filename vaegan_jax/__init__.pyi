from .config.reference import complete, reference_config
from .data.dataset import open_split
from .data.examples import Examples
from .errors import UserError
from .inference.loading import load
from .inference.model import Model
from .metrics.distances import chamfer_distances, iou_distances
from .metrics.earth_mover import earth_movers_distance
from .metrics.generation import (
    coverage,
    jensen_shannon_divergence,
    minimum_matching_distance,
    nearest,
    neighbours,
    one_nearest_neighbour_accuracy,
)
from .metrics.reconstruction import (
    average_precision,
    intersection_over_union,
    squared_error,
)
from .models.networks import build_networks
from .pretrained import example_pictures
from .shapes.cameras import Camera
from .shapes.mesh_files import read_mesh
from .shapes.mesh_writers import write_mesh
from .shapes.meshes import voxels_to_mesh
from .shapes.render import render_views
from .shapes.thresholds import expected_iou_threshold
from .shapes.voxel_files import read_binvox, write_binvox
from .shapes.voxelize import voxelize
from .training.losses import (
    adversarial_loss,
    azimuth_loss,
    gradient_penalty,
    kl_divergence,
    reconstruction_loss,
)
from .training.optimizers import build_optimizers
from .training.state import create_state
from .training.step import make_train_step

__version__: str

__all__ = [
    "Camera",
    "Examples",
    "Model",
    "UserError",
    "adversarial_loss",
    "average_precision",
    "azimuth_loss",
    "build_networks",
    "build_optimizers",
    "chamfer_distances",
    "complete",
    "coverage",
    "create_state",
    "earth_movers_distance",
    "example_pictures",
    "expected_iou_threshold",
    "gradient_penalty",
    "intersection_over_union",
    "iou_distances",
    "jensen_shannon_divergence",
    "kl_divergence",
    "load",
    "make_train_step",
    "minimum_matching_distance",
    "nearest",
    "neighbours",
    "one_nearest_neighbour_accuracy",
    "open_split",
    "read_binvox",
    "read_mesh",
    "reconstruction_loss",
    "reference_config",
    "render_views",
    "squared_error",
    "voxelize",
    "voxels_to_mesh",
    "write_binvox",
    "write_mesh",
]
