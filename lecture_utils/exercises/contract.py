"""Beyond right values: gradients, single precision, and no device written into the code."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from .model import Case, Status
from .values import cast, clone, describe_difference, differs, map_tensors, returned, tensors_in

if TYPE_CHECKING:
    from .checking import Attempt


def check_contract(attempt: Attempt) -> list[str]:
    """What was checked, in words.

    Raises:
        Stop: Right values, but part of the contract is not kept.
    """
    exercise, done = attempt.exercise, []
    if exercise.grad_args:
        for case in attempt.cases:
            if case.smooth:
                _gradients(attempt, case)
        names = " and ".join(f"`{exercise.parameters[i]}`" for i in exercise.grad_args)
        done.append(f"the gradient with respect to {names}")
    if exercise.check_float32:
        for case in attempt.cases:
            _single_precision(attempt, case)
        done.append("single precision (float32)")
    if exercise.check_device and _device(attempt):
        done.append("any device")
    return [f"right, too: {', '.join(done)}"] if done else []


# ------------------------------------------------------------------ gradients
def _gradients(attempt: Attempt, case: Case) -> None:
    exercise = attempt.exercise
    want = _gradient_of(attempt, exercise.reference, case)
    have = attempt.student(
        lambda: _gradient_of(attempt, attempt.function, case),
        case,
        when="when gradients are computed",
    )
    if want is None:
        return
    for position, wanted in enumerate(want):
        name = exercise.parameters[exercise.grad_args[position]]
        given = None if have is None else have[position]
        if given is None and wanted is not None and (wanted != 0).any():
            attempt.stop(
                Status.ALMOST,
                f"The values are right, but no gradient reaches `{name}`: nothing could be "
                "trained through this.",
                "Look for `.detach()`, `.item()`, `.data`, `.numpy()`, `torch.tensor(x)` or "
                "`torch.no_grad()`.",
                key="no-grad",
            )
        if given is None or wanted is None:
            continue
        if differs(given, wanted, 1e-4, 1e-7).any():
            attempt.stop(
                Status.ALMOST,
                f"The values are right, but the gradient with respect to `{name}` is not.",
                f"Input ({case.note})",
                describe_difference(wanted, given, differs(given, wanted, 1e-4, 1e-7)),
                "Is part of the computation detached, clamped or rounded?",
                key="grad",
            )


def _gradient_of(attempt: Attempt, function: Callable, case: Case) -> list[Tensor | None] | None:
    """Gradients of a fixed random combination of the results; None where there is no graph."""
    exercise = attempt.exercise
    args = list(clone(case.args))
    leaves = []
    for position in exercise.grad_args:
        args[position] = args[position].requires_grad_(True)
        leaves.append(args[position])
    out = exercise.call(function, tuple(args))
    weights = torch.Generator().manual_seed(attempt.seed)
    total: Any = 0.0
    for item in out if isinstance(out, (tuple, list)) else (out,):
        if isinstance(item, Tensor) and item.requires_grad:
            direction = torch.rand(item.shape, generator=weights, dtype=torch.float64) + 0.5
            total = total + (item * direction).sum()
    if not isinstance(total, Tensor):
        return None
    return list(torch.autograd.grad(total, leaves, allow_unused=True))


# ------------------------------------------------------------------ single precision
def _single_precision(attempt: Attempt, case: Case) -> None:
    """float32 in must give float32 out, near what float64 gives for the same numbers.

    The allowance grows with the rounding error of the reference itself and with the inputs.
    """
    exercise = attempt.exercise
    single = tuple(cast(value, torch.float32) for value in case.args)
    exact = attempt.reference(tuple(cast(value, torch.float64) for value in single))
    rounded = attempt.reference(single)
    value = attempt.student(
        lambda: exercise.call(attempt.function, clone(single)), case, when="for float32 inputs"
    )
    floats = [x[x.isfinite()].abs() for x in tensors_in(single) if x.is_floating_point()]
    size = max((x.max().item() for x in floats if x.numel()), default=1.0)
    for have, near, wanted in zip(returned(value, len(exact)), rounded, exact, strict=True):
        if not isinstance(have, Tensor):
            continue
        have = have.detach().cpu()
        if have.dtype != near.dtype and not exercise.any_dtype:
            attempt.stop(
                Status.ALMOST,
                f"The values are right, but float32 inputs give `{have.dtype}` instead of "
                f"`{near.dtype}`.",
                "Has a float64 constant or a NumPy array come in? Does a new tensor forget the "
                "`dtype` of the inputs?",
                key="dtype",
            )
        slack = 20 * (near.double() - wanted.double()).abs().nan_to_num(0.0, 0.0, 0.0)
        beyond = wanted.isfinite() & ~near.isfinite()  # float32 itself cannot hold the answer
        if have.shape != wanted.shape:
            bad = torch.ones_like(wanted, dtype=torch.bool)
        else:
            bad = differs(have, wanted, 1e-4, 1e-6 * (1 + size) + slack) & ~beyond
        if bad.any():
            attempt.stop(
                Status.ALMOST,
                "Right in double precision, but not in float32, in which networks compute.",
                f"Input ({case.note})",
                describe_difference(wanted, have, bad),
                "Look for exp of large numbers, log of tiny ones, or differences of nearly equal "
                "ones. `logsumexp`, `log_softmax`, `softplus` and `xlogy` are the stable forms.",
                key="float32-unstable",
            )


# ------------------------------------------------------------------ devices
def _device(attempt: Attempt) -> bool:
    """Run once with pretended tensors of another device, which need no GPU and compute nothing.

    The device is "meta": a CPU build of torch cannot index pretended tensors of "cuda".

    Returns:
        Whether that told anything: code that decides by values cannot run on pretended tensors.
    """
    case = attempt.cases[-1]
    if any(isinstance(value, nn.Module) for value in case.args):
        return False
    if not _PRETENDING and attempt.watch.seconds_left < _SECONDS_TO_LOAD:
        return False
    with attempt.watch.paused():
        mode = _pretend_mode()
    try:
        mixes = attempt.watch.run(lambda: _mixes_devices(attempt, case, mode))
    except KeyboardInterrupt:
        raise
    except BaseException:
        return False
    if mixes:
        attempt.stop(
            Status.ALMOST,
            "The values are right, but your code only works on the CPU.",
            "A tensor is made without a device. Use `torch.zeros_like(x)`, `x.new_zeros(…)` or "
            "`device=x.device`.",
            key="device",
        )
    return True


_PRETENDING: list[Any] = []
_SECONDS_TO_LOAD = 2.0


def get_ready() -> None:
    """Load what is slow to load the first time, so that it is there in every later check."""
    _pretend_mode()


def _pretend_mode() -> Any:
    """Torch's mode for tensors without data; loading it the first time takes a second or two."""
    if not _PRETENDING:
        from torch._subclasses.fake_tensor import FakeTensorMode

        _PRETENDING.append(FakeTensorMode())
    return _PRETENDING[0]


def _mixes_devices(attempt: Attempt, case: Case, mode: Any) -> bool:
    with mode:
        args = map_tensors(lambda x: torch.empty(x.shape, dtype=x.dtype, device="meta"), case.args)
        try:
            out = attempt.exercise.call(attempt.function, args)
        except Exception as error:
            if "same device" in str(error) or "DeviceMismatch" in type(error).__name__:
                return True
            raise
        return any(x.device.type == "cpu" for x in tensors_in(out))
