"""Measures speed, and writes tables, JSON and plots.

python scripts/benchmark.py encoding --views=1,3,6,12 --image_size=64,224
python scripts/benchmark.py step --models=gan,vae_gan,mv_vae_gan
python scripts/benchmark.py growth
python scripts/benchmark.py peer
python scripts/benchmark.py input --data_dir=DIR
python scripts/benchmark.py layers
python scripts/benchmark.py sampling --workdir=runs/mv_vae_gan-demo
python scripts/benchmark.py tpu
python scripts/benchmark.py tpu_layers
"""

from vaegan_jax.cli.main import start

if __name__ == "__main__":
    start("benchmark")
