"""Training: one readable loop, and a short module for each kind of model."""

from .autoregressive import AutoregressiveTrainer
from .checks import TrainingDiverged
from .history import History
from .loop import Trainer

__all__ = ["AutoregressiveTrainer", "History", "Trainer", "TrainingDiverged"]
