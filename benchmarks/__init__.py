"""Measurements of speed and quality: not part of the tests, which run each only for a moment.

    python -m benchmarks               all, one after the other
    python -m benchmarks.step_time     our trainer beside the same loop written by hand
    python -m benchmarks.sampling      drawing a new x (T passes) beside scoring one (one pass)
    python -m benchmarks.pictures      pictures a second; exact probabilities beside matrix products

Each prints a table; with ``--json FILE`` it also writes the numbers with the machine's name. Times
are CPU time of one thread; runs alternate, and a ratio compares two runs of the same round, so that
a busy machine disturbs both alike.
"""
