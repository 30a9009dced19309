"""Small real data sets, shipped with the package: nothing is downloaded.

``digits`` (8x8 and 28x28) and ``names``. Each has a fixed split into training, validation and test
data. The files, their licences and their sources are in ``datasets/files``.
"""
