"""People's pictures as views like those of training: read, cut out, framed, checked.

Others use `fitting` for a picture, `sets` for folders of them, `given_views` for what
a program hands over, and `framing` for size and place of the objects of training.
"""
