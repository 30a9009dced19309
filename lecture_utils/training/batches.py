"""Mini-batches whose order depends on (seed, epoch) only, whatever they are read from.

Tensors stay on the device, if they fit there, and are shuffled by index: that is several times
faster than any loader. A ``DataLoader`` is for data that do not fit into memory.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import torch
from torch import nn
from torch.utils.data import DataLoader, IterableDataset, RandomSampler, SequentialSampler
from torch.utils.data.distributed import DistributedSampler

from ..device import free_memory
from . import streams

Batch = tuple[torch.Tensor, ...]
DEFAULT_SIZE = 128


class Rows:
    """Tensors with one row an example.

    They are moved to the device, unless they need more than half of its free memory: then they
    stay where they are, and each batch is moved.

    Raises:
        TypeError: If something is not a tensor, or has another float dtype than the model.
        ValueError: If there are no examples, the lengths differ, or a value is NaN or infinite.
    """

    def __init__(
        self, data: object, device: torch.device, models: dict[str, nn.Module], what: str
    ) -> None:
        tensors = checked(data, models, what)
        if len({len(tensor) for tensor in tensors}) > 1:
            lengths = ", ".join(str(len(tensor)) for tensor in tensors)
            raise ValueError(
                f"The tensors of {what} have {lengths} rows; they must be equally long."
            )
        free = free_memory(device)
        self.fits = free is None or 2 * sum(tensor.nbytes for tensor in tensors) <= free
        self.device = device
        self.tensors = tuple(tensor.to(device) for tensor in tensors) if self.fits else tensors

    def __len__(self) -> int:
        return len(self.tensors[0])

    def batch_size(self, wanted: int | None) -> int:
        """Examples a step."""
        return DEFAULT_SIZE if wanted is None else wanted

    def order(self, seed: int) -> torch.Tensor:
        """The rows of an epoch: a permutation, on the device of the tensors."""
        generator = torch.Generator().manual_seed(seed)
        return torch.randperm(len(self), generator=generator).to(self.tensors[0].device)

    def fetch(self, places: Iterable[torch.Tensor], seed: int) -> Iterator[Batch]:
        """The batches of these rows, on the device."""
        for rows in places:
            batch = tuple(tensor[rows] for tensor in self.tensors)
            yield batch if self.fits else tuple(_moved(tensor, self.device) for tensor in batch)

    def in_order(self, size: int) -> Iterator[Batch]:
        """All examples in batches of at most `size`, as they are stored."""
        for batch in zip(*(tensor.split(size) for tensor in self.tensors), strict=True):
            if self.fits:  # copies: whatever a loss does to them, the data stay as they are
                yield tuple(tensor.clone() for tensor in batch)
            else:
                yield tuple(_moved(tensor, self.device) for tensor in batch)


class Loaded:
    """What a ``DataLoader`` reads: its data set, workers and collating, in our order.

    The loader's sampler decides which rows an epoch has (``shuffle=True`` gives the same batches
    as a tensor of the same rows); it is seeded from (seed, epoch), so that training can be resumed
    in the middle of an epoch without reading what came before. The same holds for the workers'
    own seeds, but then they start anew: random augmentation in workers differs after a resume.

    Raises:
        TypeError: If the data set cannot be read by row.
        ValueError: If the loader makes its batches in a way that cannot be repeated.
    """

    def __init__(
        self, loader: DataLoader, device: torch.device, models: dict[str, nn.Module], what: str
    ) -> None:
        if isinstance(loader.dataset, IterableDataset):
            raise TypeError(
                f"{what} reads an IterableDataset, which has no rows to shuffle or to go on from. "
                "Use a data set with __len__ and __getitem__, or put the data into tensors."
            )
        if loader.batch_size is None or isinstance(loader.sampler, DistributedSampler):
            raise ValueError(
                f"The trainer makes the batches of {what} and shares them over processes: give the "
                "DataLoader a batch_size, and no batch_sampler or DistributedSampler of its own."
            )
        if len(loader.sampler) == 0:
            raise ValueError(f"{what} holds no examples.")
        self.loader, self.device, self.models, self.what = loader, device, models, what
        self.seen = False

    def __len__(self) -> int:
        return len(self.loader.sampler)

    def batch_size(self, wanted: int | None) -> int:
        """Examples a step: those of the loader."""
        if wanted not in (None, self.loader.batch_size):
            raise ValueError(
                f"batch_size={wanted}, but the DataLoader makes batches of "
                f"{self.loader.batch_size}. Leave batch_size out."
            )
        return self.loader.batch_size

    def order(self, seed: int) -> torch.Tensor:
        """The rows of an epoch, as the loader's sampler gives them."""
        sampler = self.loader.sampler
        everything = len(sampler) == len(self.loader.dataset)
        if isinstance(sampler, RandomSampler) and everything and not sampler.replacement:
            return torch.randperm(len(sampler), generator=torch.Generator().manual_seed(seed))
        if getattr(sampler, "generator", None) is not None:
            sampler.generator.manual_seed(seed)
        with streams.kept(self.device):  # a sampler without a generator of its own
            streams.set_states(streams.fresh(seed, "sampler", self.device), self.device)
            return torch.tensor(list(sampler))

    def fetch(self, places: Iterable[torch.Tensor], seed: int) -> Iterator[Batch]:
        """The batches of these rows, on the device."""
        old = self.loader
        reader = DataLoader(
            old.dataset,
            batch_sampler=[rows.tolist() for rows in places],
            num_workers=old.num_workers,
            collate_fn=old.collate_fn,
            pin_memory=old.pin_memory,
            timeout=old.timeout,
            worker_init_fn=old.worker_init_fn,
            multiprocessing_context=old.multiprocessing_context,
            generator=torch.Generator().manual_seed(seed),  # else it draws from the training's
            prefetch_factor=old.prefetch_factor,
        )
        for batch in reader:
            if not self.seen:
                batch, self.seen = checked(batch, self.models, self.what), True
            batch = batch if isinstance(batch, (tuple, list)) else (batch,)
            yield tuple(_moved(tensor, self.device) for tensor in batch)

    def in_order(self, size: int) -> Iterator[Batch]:
        """All examples of the loader in batches of at most `size`, as they are stored.

        A sampler of another kind than the usual two says itself which examples these are.
        """
        usual = isinstance(self.loader.sampler, (RandomSampler, SequentialSampler))
        stored = len(self.loader.dataset)
        rows = torch.arange(stored) if usual and len(self) == stored else self.order(0)
        yield from self.fetch(rows.split(size), 0)


def source(
    data: object, device: torch.device, models: dict[str, nn.Module], what: str
) -> Rows | Loaded:
    """Where to take batches from: tensors, or a ``DataLoader``."""
    kind = Loaded if isinstance(data, DataLoader) else Rows
    return kind(data, device, models, what)


def shuffled(
    data: Rows | Loaded, batch_size: int, seed: int, steps: range, rank: int = 0, world: int = 1
) -> Iterator[Batch]:
    """The mini-batches of the given steps, epoch after epoch.

    Every epoch is a new permutation of the rows, drawn from (seed, epoch); the rows that do not
    fill a batch at its end are left out. Each of `world` processes gets its own part of a batch.
    """
    part, per_epoch = batch_size // world, len(data) // batch_size
    step = steps.start
    while step < steps.stop:
        epoch, first = divmod(step, per_epoch)
        last = min(per_epoch, first + steps.stop - step)
        number = streams.derive_seed(seed, "batches", epoch)
        order = data.order(number)
        starts = range(first * batch_size + rank * part, last * batch_size, batch_size)
        yield from data.fetch((order[begin : begin + part] for begin in starts), number)
        step += last - first


def checked(data: object, models: dict[str, nn.Module], what: str) -> Batch:
    """`data` as a tuple of tensors that the models can compute with.

    Raises:
        TypeError: If something is not a tensor, or has another float dtype than the model.
        ValueError: If there are no examples, or a value is NaN or infinite.
    """
    tensors = tuple(data) if isinstance(data, (tuple, list)) else (data,)
    if not tensors:
        raise ValueError(f"{what} is empty: give one tensor, or a tuple of tensors.")
    weights = {p.dtype for m in models.values() for p in m.parameters()}
    for tensor in tensors:
        if not isinstance(tensor, torch.Tensor):
            raise TypeError(
                f"{what} must be a tensor or a tuple of tensors, not {type(tensor).__name__}. "
                "torch.as_tensor(...) makes one of a NumPy array or a list."
            )
        if tensor.ndim == 0 or len(tensor) == 0:
            raise ValueError(f"{what} has shape {list(tensor.shape)}: there is no example in it.")
        if tensor.is_floating_point() and tensor.dtype not in weights:
            names = ", ".join(sorted(str(dtype) for dtype in weights))
            raise TypeError(
                f"{what} holds {tensor.dtype}, but the model's weights are {names}. "
                "Convert one of them, for instance with x.float()."
            )
        if tensor.is_floating_point() and not tensor.isfinite().all():
            raise ValueError(f"{what} holds NaN or infinite values; remove or replace them first.")
    return tensors


def _moved(tensor: torch.Tensor, device: torch.device) -> torch.Tensor:
    """`tensor` on the device; from the CPU to CUDA through pinned memory, without waiting."""
    if tensor.device == device:
        return tensor
    if device.type == "cuda" and tensor.device.type == "cpu" and not tensor.is_pinned():
        tensor = tensor.pin_memory()
    return tensor.to(device, non_blocking=True)
