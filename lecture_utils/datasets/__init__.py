"""Small real data sets, shipped with the package: nothing is downloaded.

``digits`` (8x8 and 28x28), ``names`` and ``seattle_weather``, each with a fixed split;
``horse_kicks`` and ``pittsburgh``, typed in. ``mnist(full=True)`` and ``fashion_mnist()`` read the
whole of these from files that you have. The shipped files, their licenses and their sources are in
``datasets/files``.
"""

from .idx import fashion_mnist, mnist

__all__ = ["fashion_mnist", "mnist"]
