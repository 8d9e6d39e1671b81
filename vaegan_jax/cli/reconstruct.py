"""Pictures to a shape."""

from absl import flags

from vaegan_jax.cli import command_line, model_flags, shape_flags

VIEWS = command_line.define_paths(
    "views", "Pictures of one object, or a folder.", required=True
)
OUTPUT = command_line.define_path("output", "reconstructed", "The folder to write to.")
KEEP = flags.DEFINE_bool(
    "keep_framing", False, "Leave size and place of the object in the pictures."
)
CAMERAS = command_line.define_path(
    "cameras", None, "A cameras.json of those that are known; others are estimated."
)
RING = flags.DEFINE_bool(
    "ring", False, "The pictures go once around the object, in equal steps."
)
shape_flags.define("glb,obj,stl,ply,binvox,npz")


def main() -> None:
    from vaegan_jax.inference.camera_files import keep_apart, read_cameras
    from vaegan_jax.inference.reconstruct import reconstruct_pictures
    from vaegan_jax.shapes.pictures.sets import picture_sets

    writer = shape_flags.writer()
    pictures = picture_sets(VIEWS.value)
    cameras = None
    if CAMERAS.value:
        keep_apart(CAMERAS.value, OUTPUT.value)
        cameras = read_cameras(CAMERAS.value)
    model = model_flags.load()
    written = reconstruct_pictures(
        model, pictures, OUTPUT.value, writer, KEEP.value, cameras, RING.value
    )
    print(f"wrote {len(pictures)} shapes of step {model.step} to {OUTPUT.value}")
    if model.networks.refiner is not None:
        for name, one in written.items():
            told = f"{one.known} known cameras, {one.estimated} estimated"
            print(f"{name}: refined with {told}")
    if empty := [name for name, one in written.items() if one.empty]:
        print(f"without a filled voxel, so without a mesh: {', '.join(empty)}")
