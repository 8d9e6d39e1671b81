"""How well a model reconstructs, samples and represents, beside rows without learning.

`evaluation` measures one work directory, `comparison` two, pair by pair, and `report`
tells both; `r2n2_protocol` measures as others do. `subject` opens model and data.
Training uses `selection`, the cheap part, alone.
"""
