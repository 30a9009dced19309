"""Measurements of speed and quality: not part of the tests, which run each only for a moment.

    python -m benchmarks                    all, one after the other; takes about an hour
    python -m benchmarks step_time names    only these
    python -m benchmarks.step_time --help   one of them, with its options

The first two write ``benchmarks/results/`` and the page of the book that shows them. Times are CPU
time of one thread; runs alternate, and a ratio compares two runs of the same round, so that a busy
machine disturbs both alike.
"""

BENCHMARKS = {
    "step_time": "our trainer beside the loop written by hand, and beside other engines",
    "imports": "what importing costs",
    "devices": "mixed precision, compiling, recorded steps",
    "sampling": "drawing a new x (T passes) beside scoring one (one pass)",
    "pictures": "pictures a second; exact probabilities beside matrix products",
    "digits": "models of digits, in nats",
    "names": "transformers on names, in nats a token",
    "gans": "GANs on mixtures: modes, quality, reverse KL",
    "flows": "flow matching and diffusion on mixtures: the same, and nats",
    "attempts": "all attempts on worlds with a known truth: gaps in nats, samples, costs",
}
