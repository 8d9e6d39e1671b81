"""Pictures to a shape: python scripts/reconstruct.py --workdir=DIR --views a.png b.jpg

`--views` takes pictures of one object, a folder of them, or a folder of such folders.
"""

from absl import flags

from vaegan_jax.cli import command_line

VIEWS = command_line.define_paths(
    "views", "Pictures of one object, or a folder.", required=True
)
OUTPUT = command_line.define_path("output", "reconstructed", "The folder to write to.")
KEEP = flags.DEFINE_bool(
    "keep_framing", False, "Leave size and place of the object in the pictures."
)


def main() -> None:
    from vaegan_jax.cli import shape_flags
    from vaegan_jax.inference.model import load
    from vaegan_jax.inference.reconstruct import reconstruct_pictures
    from vaegan_jax.shapes.pictures.sets import picture_sets

    writer = shape_flags.writer()
    pictures = picture_sets(VIEWS.value)
    model = load(flags.FLAGS.workdir, flags.FLAGS.checkpoint)
    empty = reconstruct_pictures(model, pictures, OUTPUT.value, writer, KEEP.value)
    print(f"wrote {len(pictures)} shapes of step {model.step} to {OUTPUT.value}")
    if empty:
        print(f"without a filled voxel, so without a mesh: {', '.join(empty)}")


if __name__ == "__main__":
    from vaegan_jax.cli import shape_flags

    shape_flags.define("glb,obj,stl,ply,binvox,npz")
    flags.adopt_module_key_flags(shape_flags)  # --help lists them
    command_line.run(main)
