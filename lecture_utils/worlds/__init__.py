"""Worlds whose probabilities are known exactly, so that a model can be scored against the truth.

``weather`` (a Markov chain), ``genes`` (faces), ``bedrooms`` (images with a label), ``mixtures``
(of Gaussians), ``bernoulli`` (mixtures of binary images), ``linear_gaussian`` (probabilistic PCA).
Every world has ``event_shape``, ``sample(n, generator=...)``, ``log_prob(x)`` in nats (natural
logarithm) and ``entropy()``; where something is hidden behind x also ``sample_joint``,
``log_joint`` and ``posterior``. Probabilities are computed in float64. ``modes`` reports how well
samples of a model cover the modes of a mixture.
"""
