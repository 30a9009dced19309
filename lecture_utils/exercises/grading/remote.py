"""Call a function that lives in another process, with gradients, and trust nothing it says.

A `Peer` sits at either end of a pair of pipes. What goes through them is JSON: numbers, texts,
tensors, and the numbers of functions that stay where they are. A function of the other end becomes
an ordinary function here (`Peer.function`); the gradient of its results is computed over there,
when it is asked for. So a check can run here on code that runs there.

This file is also copied into the sandbox, where the package does not exist: it imports nothing of
the package.
"""

from __future__ import annotations

import base64
import builtins
import contextlib
import json
import linecache
import os
import pickle
import select
import time
from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor, nn

MOST_BYTES = 64_000_000  # of a message
_KEPT_CALLS = 5000  # whose gradients may still be asked for


class Disturbed(Exception):
    """What came through the pipe is not what was agreed on."""


class Ended(Exception):
    """The other end is gone."""


class Unsendable(Exception):
    """A value that cannot go through the pipe."""


class Peer:
    """One end of the connection.

    Args:
        read, write: File descriptors.
        sends_networks: Whether networks among the arguments are sent as pickles (by the end that
            is trusted) and taken as such (by the other one).
        late: What to raise when there is no answer in time.
    """

    def __init__(
        self,
        read: int,
        write: int,
        *,
        sends_networks: bool,
        late: type[BaseException] = TimeoutError,
    ) -> None:
        self._read, self._write, self._late = read, write, late
        self._sends_networks = sends_networks
        self._functions: dict[int, Callable] = {}
        self._graphs: dict[int, tuple[list[Tensor], list[Tensor]]] = {}
        self._number = 0
        self._buffer = b""
        self.seconds: float | None = None  # for an answer

    # -------------------------------------------------------------- calling
    def offer(self, function: Callable) -> int:
        """Let the other end call `function`, under the number returned."""
        number = len(self._functions)
        self._functions[number] = function
        return number

    def function(self, number: int) -> Callable:
        """The function that the other end offers under this number."""

        def call(*args: Any) -> Any:
            return self._call(number, args)

        return call

    def _call(self, function: int, args: tuple) -> Any:
        self._number += 1
        number = self._number
        networks = list(_of_kind(args, nn.Module))
        inputs = _inputs(args)
        message = {"do": "call", "number": number, "function": function}
        message["args"] = self._encode(args)
        message["inputs"] = [x.requires_grad for x in inputs]
        self.send(message)
        answer = self._wait_for(number)
        if "error" in answer:
            raise _as_exception(answer["error"])
        self._take_back(answer, args, networks)
        tensors = [_to_tensor(x) for x in _list(answer.get("tensors"))]
        if torch.is_grad_enabled() and any(x.requires_grad for x in inputs):
            differentiable = [bool(x) for x in _list(answer.get("differentiable"))]
            if len(differentiable) != len(tensors):
                raise Disturbed("a list of another length")
            if tensors:
                tensors = _Remote.apply(self, number, differentiable, tensors, *inputs)
        return self._rebuild(answer.get("value"), iter(tensors))

    def _wait_for(self, number: int) -> dict[str, Any]:
        end = None if self.seconds is None else time.monotonic() + self.seconds
        while True:
            message = self.receive(end)
            if "do" in message:
                self.serve(message)
            elif message.get("number") == number:
                return message
            else:
                raise Disturbed("an answer that nobody asked for")

    def gradients(self, call: int, given: list[Tensor | None]) -> list[Tensor | None]:
        """The gradients of an earlier call's inputs, for these gradients of its results."""
        self._number += 1
        encoded = [None if x is None else _from_tensor(x) for x in given]
        message = {"do": "gradients", "number": self._number, "call": call, "given": encoded}
        self.send(message)
        answer = self._wait_for(self._number)
        if "error" in answer:
            raise _as_exception(answer["error"])
        return [None if x is None else _to_tensor(x) for x in _list(answer.get("tensors"))]

    # -------------------------------------------------------------- being called
    def serve(self, message: dict[str, Any]) -> None:
        """Do what the other end asks for, and answer."""
        number = message.get("number")
        try:
            if message["do"] == "call":
                answer = self._answer_call(message)
            elif message["do"] == "gradients":
                answer = self._answer_gradients(message)
            else:
                raise Disturbed(f"asked to {message['do']!r}")
        except (Disturbed, Ended):
            raise
        except BaseException as error:  # whatever a student's code can raise
            answer = {"error": describe_error(error)}
        self.send({"number": number, **answer})

    def _answer_call(self, message: dict[str, Any]) -> dict[str, Any]:
        function = self._functions.get(message.get("function"))
        if function is None:
            raise Disturbed("a function that was never offered")
        args = self._decode(message.get("args"))
        inputs, wanted = _inputs(args), _list(message.get("inputs"))
        if len(inputs) != len(wanted):
            raise Disturbed("a list of another length")
        before = [x.detach().clone() for x in inputs]
        networks = list(_of_kind(args, nn.Module))
        for x, needs in zip(inputs, wanted, strict=True):
            if x.is_floating_point():
                x.requires_grad_(bool(needs))
        value = function(*args)
        tensors: list[Tensor] = []
        shape = self._take_apart(value, tensors)
        self._graphs[message.get("number")] = inputs, tensors
        while len(self._graphs) > _KEPT_CALLS:
            self._graphs.pop(next(iter(self._graphs)))
        answer: dict[str, Any] = {
            "value": shape,
            "tensors": [_from_tensor(x) for x in tensors],
            "differentiable": [x.requires_grad for x in tensors],
            "changed": {
                str(i): _from_tensor(x)
                for i, (x, old) in enumerate(zip(inputs, before, strict=True))
                if not _identical(x, old)
            },
        }
        if networks:
            answer["networks"] = [_state_of(network) for network in networks]
        return answer

    def _answer_gradients(self, message: dict[str, Any]) -> dict[str, Any]:
        if message.get("call") not in self._graphs:
            raise Disturbed("gradients of an unknown call")
        inputs, outputs = self._graphs[message["call"]]
        given = _list(message.get("given"))
        if len(given) != len(outputs):
            raise Disturbed("a list of another length")
        pairs = [
            (x, _to_tensor(g))
            for x, g in zip(outputs, given, strict=True)
            if x.requires_grad and g is not None
        ]
        wanted = [x for x in inputs if x.requires_grad]
        found: Iterator[Tensor | None] = iter(())
        if pairs and wanted:
            results, directions = zip(*pairs, strict=True)
            found = iter(
                torch.autograd.grad(
                    results, wanted, directions, allow_unused=True, retain_graph=True
                )
            )
        slopes = [next(found, None) if x.requires_grad else None for x in inputs]
        return {"tensors": [None if g is None else _from_tensor(g) for g in slopes]}

    # -------------------------------------------------------------- values
    def _encode(self, value: Any) -> Any:
        if isinstance(value, Tensor):
            return {"tensor": _from_tensor(value)}
        if value is None or isinstance(value, (bool, int, float, str)):
            return {"plain": value}
        if isinstance(value, (tuple, list)):
            return {type(value).__name__: [self._encode(item) for item in value]}
        if isinstance(value, dict) and all(isinstance(key, str) for key in value):
            return {"dict": {key: self._encode(item) for key, item in value.items()}}
        if isinstance(value, nn.Module) and self._sends_networks:
            return {"network": base64.b64encode(pickle.dumps(value)).decode()}
        if callable(value):
            return {"function": self.offer(value)}
        raise Unsendable(f"{type(value).__name__} cannot be sent")

    def _decode(self, value: Any) -> Any:
        (kind, content), *rest = _dict(value).items() or [("", None)]
        if rest:
            raise Disturbed("a value of two kinds")
        if kind == "tensor":
            return _to_tensor(content)
        if kind == "plain" and (content is None or isinstance(content, (bool, int, float, str))):
            return content
        if kind in ("tuple", "list"):
            items = [self._decode(item) for item in _list(content)]
            return tuple(items) if kind == "tuple" else items
        if kind == "dict":
            return {key: self._decode(item) for key, item in _dict(content).items()}
        if kind == "function" and isinstance(content, int):
            return self.function(content)
        if kind == "network" and not self._sends_networks:
            return pickle.loads(base64.b64decode(content))
        raise Disturbed(f"a value of kind {kind!r}")

    def _take_apart(self, value: Any, tensors: list[Tensor]) -> Any:
        """The structure of a result; its tensors go to a list of their own."""
        if isinstance(value, Tensor):
            tensors.append(value)
            return {"result": value.requires_grad}
        if type(value) in (tuple, list):
            return {type(value).__name__: [self._take_apart(item, tensors) for item in value]}
        if value is None or type(value) in (bool, int, float, str):
            return {"plain": value}
        if value is ...:
            return {"ellipsis": True}
        array = type(value).__module__ == "numpy"
        if array:
            with contextlib.suppress(TypeError, ValueError, RuntimeError):
                tensors.append(torch.as_tensor(value))
                return {"array": True}
        return {"object": type(value).__name__}

    def _rebuild(self, value: Any, tensors: Iterator[Tensor]) -> Any:
        (kind, content), *rest = _dict(value).items() or [("", None)]
        if rest:
            raise Disturbed("a value of two kinds")
        if kind in ("result", "array"):
            tensor = next(tensors, None)
            if tensor is None:
                raise Disturbed("a result without a tensor")
            return tensor.detach().numpy() if kind == "array" else tensor
        if kind in ("tuple", "list"):
            items = [self._rebuild(item, tensors) for item in _list(content)]
            return tuple(items) if kind == "tuple" else items
        if kind == "plain" and (content is None or isinstance(content, (bool, int, float, str))):
            return content
        if kind == "ellipsis":
            return ...
        if kind == "object" and isinstance(content, str):
            return type(content[:80] if content.isidentifier() else "object", (), {})()
        raise Disturbed(f"a value of kind {kind!r}")

    def _take_back(self, answer: dict[str, Any], args: tuple, networks: list[nn.Module]) -> None:
        """What the call did to its arguments is done to ours."""
        inputs = _inputs(args)
        with torch.no_grad():
            for index, content in _dict(answer.get("changed", {})).items():
                if not (index.isdigit() and int(index) < len(inputs)):
                    raise Disturbed("an argument that does not exist")
                new, old = _to_tensor(content), inputs[int(index)]
                old.data = new.to(old.dtype)
        if networks:
            states = _list(answer.get("networks"))
            if len(states) != len(networks):
                raise Disturbed("a list of another length")
            for network, state in zip(networks, states, strict=True):
                _put_state(network, _dict(state))

    # -------------------------------------------------------------- the pipe
    def send(self, message: dict[str, Any]) -> None:
        """Write one message."""
        data = json.dumps(message).encode()
        if len(data) > MOST_BYTES:
            raise Unsendable("the result is too large")
        view = memoryview(len(data).to_bytes(8, "big") + data)
        while view:
            try:
                view = view[os.write(self._write, view) :]
            except OSError as error:
                raise Ended(str(error)) from None

    def receive(self, end: float | None = None) -> dict[str, Any]:
        """Read one message, until the time `end` of the monotonic clock.

        Raises:
            Disturbed: It is no message.
            Ended: The other end is closed.
            BaseException: The time is over; of the class `late`.
        """
        size = int.from_bytes(self._take(8, end), "big")
        if size > MOST_BYTES:
            raise Disturbed("a message that is too large")
        try:
            message = json.loads(self._take(size, end))
        except (ValueError, RecursionError):
            raise Disturbed("a message that is no JSON") from None
        return _dict(message)

    def _take(self, size: int, end: float | None) -> bytes:
        while len(self._buffer) < size:
            left = None if end is None else end - time.monotonic()
            if left is not None and (
                left <= 0 or not select.select([self._read], [], [], left)[0]
            ):
                raise self._late
            part = os.read(self._read, 1 << 20)
            if not part:
                raise Ended("the other end is closed")
            self._buffer += part
        taken, self._buffer = self._buffer[:size], self._buffer[size:]
        return taken


class _Remote(torch.autograd.Function):
    """Results that were computed at the other end, and their gradients from there."""

    @staticmethod
    def forward(
        ctx: Any, peer: Peer, call: int, differentiable: list[bool], results: list, *inputs: Tensor
    ) -> tuple[Tensor, ...]:
        ctx.peer, ctx.call, ctx.size = peer, call, len(inputs)
        fixed = [
            x
            for x, yes in zip(results, differentiable, strict=True)
            if not (yes and x.is_floating_point())
        ]
        ctx.mark_non_differentiable(*fixed)
        ctx.set_materialize_grads(False)
        return tuple(results)

    @staticmethod
    def backward(ctx: Any, *given: Tensor | None) -> tuple:
        slopes = ctx.peer.gradients(ctx.call, list(given))
        if len(slopes) != ctx.size:
            raise Disturbed("a list of another length")
        return None, None, None, None, *slopes


# ------------------------------------------------------------------ tensors and networks
def _inputs(value: Any) -> list[Tensor]:
    """The tensors among the arguments, and the parameters of the networks, in order."""
    if isinstance(value, Tensor):
        return [value]
    if isinstance(value, nn.Module):
        return list(value.parameters())
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, (tuple, list)):
        return [x for item in value for x in _inputs(item)]
    return []


def _of_kind(value: Any, kind: type) -> Iterator[Any]:
    if isinstance(value, kind):
        yield value
    elif isinstance(value, (tuple, list)):
        for item in value:
            yield from _of_kind(item, kind)
    elif isinstance(value, dict):
        yield from _of_kind(list(value.values()), kind)


def _identical(x: Tensor, y: Tensor) -> bool:
    return x.shape == y.shape and bool(((x == y) | ((x != x) & (y != y))).all())


def _state_of(network: nn.Module) -> dict[str, Any]:
    parameters = dict(network.named_parameters())
    return {
        "modes": [module.training for module in network.modules()],
        "weights": {name: _from_tensor(x) for name, x in network.state_dict().items()},
        "trained": {name: x.requires_grad for name, x in parameters.items()},
        "slopes": {n: _from_tensor(x.grad) for n, x in parameters.items() if x.grad is not None},
    }


def _put_state(network: nn.Module, state: dict[str, Any]) -> None:
    modes = _list(state.get("modes"))
    for module, mode in zip(network.modules(), modes, strict=False):
        module.training = bool(mode)
    weights = {name: _to_tensor(x) for name, x in _dict(state.get("weights")).items()}
    try:
        network.load_state_dict(weights)
    except RuntimeError:
        raise Disturbed("weights that do not fit") from None
    trained, slopes = _dict(state.get("trained")), _dict(state.get("slopes"))
    for name, x in network.named_parameters():
        x.requires_grad_(bool(trained.get(name, True)))
        x.grad = _to_tensor(slopes[name]).reshape(x.shape) if name in slopes else None


_DTYPES = {
    str(dtype).removeprefix("torch."): dtype
    for dtype in (
        torch.float64, torch.float32, torch.float16, torch.bfloat16, torch.int64, torch.int32,
        torch.int16, torch.int8, torch.uint8, torch.bool,
    )
}  # fmt: skip


def _from_tensor(x: Tensor) -> dict[str, Any]:
    name = str(x.dtype).removeprefix("torch.")
    if name not in _DTYPES or x.is_sparse or x.device.type == "meta":
        raise Unsendable(f"a tensor of {x.dtype} on {x.device} cannot be sent")
    x = x.detach().cpu().clone(memory_format=torch.contiguous_format)
    if x.numel() * x.element_size() > MOST_BYTES // 2:
        raise Unsendable("the result is too large")
    data = bytes(x.reshape(-1).view(torch.uint8).numpy()) if x.numel() else b""
    return {"dtype": name, "shape": list(x.shape), "data": base64.b64encode(data).decode()}


def _to_tensor(content: Any) -> Tensor:
    content = _dict(content)
    dtype, shape = _DTYPES.get(content.get("dtype")), _list(content.get("shape"))
    if dtype is None or not all(type(n) is int and 0 <= n <= MOST_BYTES for n in shape):
        raise Disturbed("a tensor of no known kind")
    try:
        data = base64.b64decode(content.get("data"), validate=True)
        flat = torch.frombuffer(bytearray(data), dtype=dtype) if data else torch.empty(0)
        return flat.to(dtype).clone().reshape(shape)
    except (TypeError, ValueError, RuntimeError):
        raise Disturbed("a tensor whose numbers do not fit its shape") from None


def _dict(value: Any) -> dict:
    if not isinstance(value, dict):
        raise Disturbed("no dictionary")
    return value


def _list(value: Any) -> list:
    if not isinstance(value, list):
        raise Disturbed("no list")
    return value


# ------------------------------------------------------------------ errors
def describe_error(error: BaseException, file: str = "<submission>") -> dict[str, Any]:
    """What the other end is told of an error: its kind, its text, and the place in `file`."""
    try:
        text = (str(error).strip().splitlines() or [""])[0][:300]
    except Exception:  # an exception of the student's own may not even have a text
        text = ""
    kinds = [kind.__name__ for kind in type(error).__mro__]
    line, name, trace = 0, "", error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == file:
            line, name = trace.tb_lineno, trace.tb_frame.f_code.co_name
        trace = trace.tb_next
    code = linecache.getline(file, line).strip()[:200]
    return {"kinds": kinds, "text": text, "line": line, "function": name, "code": code}


def _as_exception(content: Any) -> BaseException:
    """The error of the other end as one of ours, of the same name and of a kind we know."""
    content = _dict(content)
    kinds = [k for k in _list(content.get("kinds")) if isinstance(k, str)] or ["Exception"]
    known = [getattr(builtins, kind, None) for kind in kinds]
    base = next(
        (k for k in known if isinstance(k, type) and issubclass(k, Exception)), Exception
    )
    text = str(content.get("text", ""))[:300]
    name = kinds[0][:80] if kinds[0].isidentifier() else "Exception"
    error = type(name, (_Plain, base), {})(text)
    line = content.get("line") if isinstance(content.get("line"), int) else 0
    error.elsewhere = line, *(str(content.get(k, ""))[:200] for k in ("function", "code"))
    return error


class _Plain:
    """Makes an exception whose text is the one given, whatever its class makes of it."""

    def __init__(self, text: str) -> None:
        self.text = text

    def __str__(self) -> str:
        return self.text
