"""Read a number that a person typed: ``1023``, ``1,023``, ``2**10 - 1``, ``½``, ``inf``.

The page of the book reads numbers in the browser with ``arithmetic.js``, which follows the same
rules; a test holds the two against each other.
"""

from __future__ import annotations

import math
import re
from typing import Any

import torch

_NAMES = {
    "inf": math.inf,
    "infinity": math.inf,
    "∞": math.inf,
    "pi": math.pi,
    "π": math.pi,
    "e": math.e,
}
_FUNCTIONS = {
    "log": math.log,
    "ln": math.log,
    "log2": math.log2,
    "exp": math.exp,
    "sqrt": math.sqrt,
}
_FRACTIONS = {"½": "1/2", "⅓": "1/3", "⅔": "2/3", "¼": "1/4", "¾": "3/4", "⅛": "1/8"}
_TOKEN = re.compile(
    r"\s*("
    r"[1-9][0-9]{0,2}(?:,[0-9]{3})+(?:\.[0-9]*)?(?![0-9,_])"  # 1,023.5; never 0,075
    r"|(?:[0-9]+(?:_[0-9]+)*\.?[0-9]*|\.[0-9]+)(?:e[+-]?[0-9]+)?(?![0-9,_])"  # 1023, 1_023, 1e-3
    r"|[a-zπ∞][a-z0-9]*|\*\*|[-+*/()])"
)
_MOST_TOKENS = 99

UNREADABLE = "I cannot read that. Please give one number, such as 0.25, 1/4, 2**10 or inf."
PARENTHESES = "I cannot read that. Functions take parentheses: please write {}({})."
LOG2 = (
    "I cannot read that. Please write log(2) for the natural logarithm of 2, or log2(8) for a "
    "logarithm to base 2."
)
COMMA = (
    "I cannot read the comma. Please write a decimal point, as in 2.5; commas may only separate "
    "thousands, as in 12,345."
)
PERCENT = "Please write a percentage as a number between 0 and 1: 0.125 instead of 12.5%."
ODDS = "These look like odds. Please give the probability: odds of a : b are a / (a + b)."
LONG = "Please give one number, shorter than that."
ZERO = "That divides by zero. If you mean infinity, write inf."
NOT_REAL = "That is not a real number. Please give one number, such as 0.25, 1/4, 2**10 or inf."
LARGE = "That is too large to compute. If you mean infinity, write inf."


class NotANumber(ValueError):
    """The text is not one number; the message says what to write instead."""


def read_number(answer: Any) -> float:
    """The number that a student gave, as text or as a Python, NumPy or torch number.

    Raises:
        NotANumber: With a sentence for the student.
    """
    if isinstance(answer, str):
        return _Reader(answer).value()
    if isinstance(answer, bool) or (isinstance(answer, torch.Tensor) and answer.numel() != 1):
        raise NotANumber(UNREADABLE)
    try:
        value = float(answer)
    except OverflowError:
        raise NotANumber(LARGE) from None
    except Exception:
        raise NotANumber(UNREADABLE) from None
    if math.isnan(value):
        raise NotANumber(NOT_REAL)
    return value


class _Reader:
    """Recursive descent with Python's precedence: sum, product, sign, power, atom."""

    def __init__(self, text: str):
        text = re.sub("[−–]", "-", text.strip().lower())
        text = re.sub("[×·]", "*", text).replace("^", "**")
        for sign, quotient in _FRACTIONS.items():
            text = text.replace(sign, f"({quotient})")
        text = re.sub(r"\b(math|np|numpy|torch)\.", "", text)
        text = re.sub(r"float\(\s*(['\"])([+-]?)(inf|infinity)\1\s*\)", r"(\2inf)", text)
        self._text = text
        self._tokens = self._split(text)
        self._here = 0

    def _split(self, text: str) -> list[str]:
        if "%" in text:
            raise NotANumber(PERCENT)
        if re.fullmatch(r"[0-9.]+\s*:\s*[0-9.]+", text):
            raise NotANumber(ODDS)
        tokens, at = [], 0
        while at != len(text):
            found = _TOKEN.match(text, at)
            if not found:
                rest = text[at:]
                comma = re.match(r"\s*[0-9.]*,", rest) or (
                    re.match(r"\s*[0-9]", rest) and "," in text
                )
                raise NotANumber(COMMA if comma else UNREADABLE)
            tokens.append(found[1])
            at = found.end()
        if len(tokens) > _MOST_TOKENS:
            raise NotANumber(LONG)
        return tokens

    def value(self) -> float:
        """The number.

        Raises:
            NotANumber: The text is not one number.
        """
        try:
            value = self._sum()
        except ZeroDivisionError:
            raise NotANumber(ZERO) from None
        except OverflowError:
            raise NotANumber(LARGE) from None
        except ValueError as error:
            raise error if isinstance(error, NotANumber) else NotANumber(NOT_REAL) from None
        if self._here != len(self._tokens):
            raise NotANumber(UNREADABLE)
        if isinstance(value, complex) or math.isnan(value):
            raise NotANumber(NOT_REAL)
        if math.isinf(value) and not re.search("inf|∞", self._text):
            raise NotANumber(LARGE)
        return value

    def _take(self, wanted: str) -> bool:
        found = self._here < len(self._tokens) and self._tokens[self._here] == wanted
        self._here += found
        return found

    def _sum(self) -> float:
        value = self._product()
        while True:
            if self._take("+"):
                value += self._product()
            elif self._take("-"):
                value -= self._product()
            else:
                return value

    def _product(self) -> float:
        value = self._signed()
        while True:
            if self._take("*"):
                value *= self._signed()
            elif self._take("/"):
                value /= self._signed()
            else:
                return value

    def _signed(self) -> float:
        if self._take("-"):
            return -self._signed()
        if self._take("+"):
            return self._signed()
        value = self._atom()
        return math.pow(value, self._signed()) if self._take("**") else value

    def _atom(self) -> float:
        if self._here == len(self._tokens):
            raise NotANumber(UNREADABLE)
        token = self._tokens[self._here]
        self._here += 1
        if token[0] in "0123456789.":
            return float(re.sub("[,_]", "", token))
        if token == "(":
            value = self._sum()
        elif token in _FUNCTIONS:
            if not self._take("("):
                if token == "log2":
                    raise NotANumber(LOG2)
                argument = self._tokens[self._here] if self._here < len(self._tokens) else "2"
                if self._tokens[self._here + 1 : self._here + 2] == ["/"]:  # log 1/2
                    argument = "".join(self._tokens[self._here : self._here + 3])
                raise NotANumber(PARENTHESES.format(token, argument))
            value = _FUNCTIONS[token](self._sum())
        elif token in _NAMES:
            return _NAMES[token]
        else:
            raise NotANumber(UNREADABLE)
        if not self._take(")"):
            raise NotANumber(UNREADABLE)
        return value
