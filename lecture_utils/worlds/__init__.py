"""Worlds whose probabilities are known exactly, so that a model can be scored against the truth.

Every world has ``event_shape``, ``sample(n, generator=...)``, ``log_prob(x)`` in nats (natural
logarithm, float64) and, where it exists, ``entropy()``.
"""
