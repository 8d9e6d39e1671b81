"""How well a model reconstructs, samples and represents, beside rows without learning.

`evaluation` measures one work directory, `comparison` two, pair by pair, and `report`
tells both; training uses `selection`, the cheap part, alone.
"""
