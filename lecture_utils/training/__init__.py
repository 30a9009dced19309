"""Training: one readable loop, and a short module for each kind of model."""

from .autoregressive import AutoregressiveTrainer
from .checks import TrainingDiverged
from .diffusion import DiffusionTrainer
from .flow import FlowMatchingTrainer
from .gan import GANTrainer
from .history import History
from .likelihood import LikelihoodTrainer
from .loop import Trainer
from .vae import VAETrainer

__all__ = [
    "AutoregressiveTrainer",
    "DiffusionTrainer",
    "FlowMatchingTrainer",
    "GANTrainer",
    "History",
    "LikelihoodTrainer",
    "Trainer",
    "TrainingDiverged",
    "VAETrainer",
]
