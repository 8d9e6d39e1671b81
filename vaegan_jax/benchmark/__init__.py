"""What the models cost, beside other ways to compute them and beside the machine.

One command uses it, by `commands`, and no other room.
"""
