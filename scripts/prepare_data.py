"""Makes data sets and looks into them.

python scripts/prepare_data.py procedural
python scripts/prepare_data.py meshes --input=ZIP --category=chair --output=DIR
python scripts/prepare_data.py modelnet --category=chair
python scripts/prepare_data.py volumetric --input=DIR --output=DIR
python scripts/prepare_data.py archive --voxels=ZIP --views=TAR --output=DIR
python scripts/prepare_data.py inspect --data_dir=DIR
python scripts/prepare_data.py pack --data_dir=DIR --output=FILE.npz
python scripts/prepare_data.py deform --packed=FILE.npz --output=MORE.npz
python scripts/prepare_data.py teach --packed=FILE.npz --model=DIR --output=TAUGHT.npz
"""

from vaegan_jax.cli.main import start

if __name__ == "__main__":
    start("prepare-data")
