"""The mathematics of one training step: pure functions of arrays, which read no file.

The loop calls `step.make_train_step`, and `state.create_state` before it; the
configuration takes its choices from `losses`.
"""
