"""What data sets are made from: archives, fetched if need be, and the shapes in them.

It makes nothing, and uses no other room of `data_prep`.
"""
