"""What the builders share: features, examples, and how a data set is written.

Importing it loads TensorFlow, but for `examples`.
"""
