"""The networks as Linen modules, and the prior of their latents.

They know nothing of losses or training. Others build them by `networks` and apply the
encoder to many views by `multiview`.
"""
