"""Worlds whose probabilities are known exactly, so that a model can be scored against the truth.

``weather`` (a Markov chain), ``mixtures`` (of Gaussians) and ``linear_gaussian`` (probabilistic
PCA). Every world has ``event_shape``, ``sample(n, generator=...)``, ``log_prob(x)`` in nats
(natural logarithm) and ``entropy()``. Probabilities are computed in float64.
"""
