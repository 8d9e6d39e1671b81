"""How well a model reconstructs, samples and represents, beside rows without learning.

views.py           which views are encoded, and the latents they give
reconstruction.py  views to shapes, against the truth
generation.py      samples, against reference shapes
representation.py  features, by a linear classifier
selection.py       the cheap part, by which training keeps its best checkpoint
evaluation.py      all of it for one work directory
comparison.py      two work directories, pair by pair
report.py          tables, curves and pictures
"""
