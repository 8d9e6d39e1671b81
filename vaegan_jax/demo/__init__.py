"""The local web page to try a model on. Needs the extra `demo`.

One command uses it, and no other room.
"""
