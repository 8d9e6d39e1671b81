"""Package metadata and dependencies; tool settings live in pyproject.toml."""

import pathlib
import re
import shutil

from setuptools import find_packages, setup
from setuptools.command.build_py import build_py

_ROOT = pathlib.Path(__file__).parent
_VERSION = re.search(
    r'__version__ = "(.*)"', (_ROOT / "vaegan_jax" / "__init__.py").read_text("utf-8")
)[1]
_CACHES = shutil.ignore_patterns("__pycache__")

# TensorFlow only reads data here, so the CPU build serves every accelerator. It is
# published for Linux on x86-64 alone; elsewhere the ordinary package is the CPU build.
_LINUX_X86 = "platform_system == 'Linux' and platform_machine == 'x86_64'"
_OTHERWISE = "platform_system != 'Linux' or platform_machine != 'x86_64'"


class BuildOnePackage(build_py):
    """Puts the experiments and `data_prep` inside of the library in a wheel.

    So an installation adds one import name; a checkout keeps them beside the library.
    """

    def run(self):
        if self.editable_mode:
            return super().run()
        built = pathlib.Path(self.build_lib)
        shutil.rmtree(built, ignore_errors=True)  # modules of a build before
        super().run()
        inside = built / "vaegan_jax"
        shutil.copytree(_ROOT / "configs", inside / "configs", ignore=_CACHES)
        shutil.move(built / "data_prep", inside)
        for test in (inside / "data_prep").rglob("*_test.py"):
            test.unlink()


setup(
    name="vaegan_jax",
    version=_VERSION,
    cmdclass={"build_py": BuildOnePackage},
    entry_points={"console_scripts": ["vaegan = vaegan_jax.cli.main:main"]},
    description="3D-GAN, 3D-VAE-GAN and MV-3D-VAE-GAN for voxel shapes in JAX",
    long_description=pathlib.Path(__file__).with_name("README.md").read_text("utf-8"),
    long_description_content_type="text/markdown",
    license="Apache-2.0",
    python_requires=">=3.11,<3.14",  # TensorFlow has no wheel for 3.14 yet
    packages=find_packages(include=["vaegan_jax*", "data_prep*"]),
    package_data={
        "vaegan_jax": [
            "demo/page.css",
            "shapes/gallery.html",
            "py.typed",
            "__init__.pyi",
        ],
        "vaegan_jax.pretrained": [
            *("*.md", "*/*.md", "*/*.png"),
            *("*/*.json", "*/*.npz", "*/*.safetensors"),
        ],
        "data_prep": ["*/*.bib", "*/*.txt", "*/*.md", "*/*.tsv"],
    },
    install_requires=[
        "absl-py>=2.1",
        "etils[epath]>=1.12",  # orbax's paths
        "flax>=0.12",
        "jax>=0.10",
        "jaxtyping>=0.3",
        "lazy_loader>=0.4",  # the public names, from a stub
        "manifold3d>=3.0",  # triangles of concave faces
        "matplotlib>=3.9",
        "ml-collections>=1.0",
        "importlib_resources>=6.0",  # tensorflow-datasets forgets to ask for it
        "networkx>=3.2",  # trimesh: connected components
        "numpy>=2.0",
        "optax>=0.2.5",
        "orbax-checkpoint>=0.11.20",
        "pillow>=11.0",
        "requests>=2.32",
        "rtree>=1.3",  # trimesh: ray casting where embreex has no wheel
        "safetensors>=0.5",
        "scikit-image>=0.25",
        "scikit-learn>=1.5",
        "scipy>=1.14",
        "tensorboardX>=2.6",
        f"tensorflow-cpu>=2.20; {_LINUX_X86}",
        f"tensorflow>=2.20; {_OTHERWISE}",
        "tensorflow-datasets>=4.9.9",
        "tqdm>=4.66",
        "trimesh>=4.6",
        "embreex>=2.17.7.post6; platform_machine == 'x86_64'",
    ],
    extras_require={
        "test": [
            "beartype>=0.20",
            "dill>=0.3.7",  # tensorflow-datasets' test case
            "import-linter>=2.1",
            "hypothesis>=6.100",
            "pytest>=8.3",
            "pytest-xdist>=3.6",
            "ruff>=0.11",
            "tensorstore>=0.1.70",  # orbax's files
            "tensorboard>=2.19",  # to read back what training logs
        ],
        # For the test of notebooks/tutorial.ipynb; 100 MB.
        "notebook": ["ipykernel>=6.29", "nbclient>=0.10", "nbformat>=5.10"],
        "browser": ["playwright>=1.50"],  # for tests of the demo, beside a Chromium
        # The peer of scripts/benchmark.py and of some tests. Its CUDA build ends a
        # process that has imported TensorFlow: they run it in another.
        "bench": ["torch>=2.6"],
        "demo": ["gradio>=6.0"],
        "hub": ["huggingface_hub>=0.30"],  # models at hf://USER/NAME
        "heic": ["pillow-heif>=0.22"],  # pictures of phones
        "tpu": ["jax[tpu]>=0.10"],
        "cuda": ["jax[cuda12]>=0.10"],
    },
    classifiers=[
        "Programming Language :: Python :: 3.11",
        "Programming Language :: Python :: 3.12",
        "Programming Language :: Python :: 3.13",
        "Topic :: Scientific/Engineering :: Artificial Intelligence",
    ],
)
