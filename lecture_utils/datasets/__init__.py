"""Small real data sets, shipped with the package: nothing is downloaded.

``digits`` (8x8 and 28x28), ``names`` and ``seattle_weather``, each with a fixed split;
``horse_kicks`` and ``pittsburgh``, typed in. ``idx`` reads the full MNIST and Fashion-MNIST from
files that you have. The files, their licenses and their sources are in ``datasets/files``.
"""
