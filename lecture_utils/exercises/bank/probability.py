"""Exercises of the chapter on probability."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F

from ..model import (
    OWN_DICE,
    Case,
    ChoiceExercise,
    CodeExercise,
    NumberExercise,
    Option,
    Wrong,
    WrongNumber,
)
from ._tools import matrix, normal, simplex, table, uniform, vector

NUMBER = 1
LOG_2PI = math.log(2 * math.pi)
_SMALL = (1e-5, 1e-6, 1e-7, 1e-8, 1e-9, 1e-10, 1e-12, 1e-15, 1e-16, 1e-20)


# ------------------------------------------------------------------ one table, many questions
SNOW_GIVEN_COAT = NumberExercise(
    id="snow_given_coat",
    title="Predict: a coat in the street",
    statement=(
        "Of all days in Pittsburgh, it snows and people wear coats on 40 %; it snows and they "
        "wear none on 10 %; no snow but coats on 15 %; neither on 35 %. You see people in coats. "
        "What is the probability of snow?"
    ),
    truth=0.40 / 0.55,
    written="0.727",
    because=(
        "Coats are worn on 40 % + 15 % = 55 % of the days, and on 40 of those 55 it snows. "
        "Conditioning keeps a slice of the table and rescales it to 1."
    ),
    rtol=0.005,
    probability=True,
    forecast=False,  # the fine comes at the end of the chapter
    wrong=[
        WrongNumber(
            0.8,
            "other-way-around",
            "That is the probability of coats, given snow. Here coats are known and snow is asked "
            "for: which days remain?",
        ),
        WrongNumber(
            0.4,
            "joint",
            "That is snow **and** coats, out of all days. You know more than that: which days are "
            "still possible?",
        ),
        WrongNumber(
            0.5,
            "marginal",
            "That is the share of snowy days before you look outside. Do the coats tell you "
            "nothing?",
        ),
        WrongNumber(
            0.55,
            "coats",
            "That is the share of days with coats. On which part of **those** days does it snow?",
        ),
        WrongNumber(
            0.15 / 0.55,
            "complement",
            "That is the probability of **no** snow, given coats.",
        ),
        WrongNumber(
            0.4 / 0.15,
            "odds",
            "That is a ratio of two probabilities, snow to no snow. A probability compares with "
            "all days that remain.",
        ),
        WrongNumber(
            0.5 / 0.55,
            "all-snow",
            "Above the line you also count the snowy days without coats. On those nobody wears a "
            "coat, but you have just seen some.",
        ),
        WrongNumber(
            0.65,
            "either",
            "That is snow **or** coats (or both), out of all days. You know that there are coats.",
        ),
        WrongNumber(
            0.10 / 0.45,
            "no-coats",
            "That is the probability of snow on days **without** coats.",
        ),
        WrongNumber(
            0.4 * 0.55,
            "product",
            "You multiplied. A slice of the table gets smaller that way; it should be rescaled "
            "until it sums to 1.",
        ),
        WrongNumber(
            1.0,
            "certain",
            "Seeing coats makes snow more likely, not certain: some are worn without snow.",
        ),
        WrongNumber(
            0.27,
            "complement",
            "That is the probability of **no** snow, given coats.",
        ),
        WrongNumber(
            0.95,
            "added",
            "You added the share of coats to the share of snow and coats: the snowy days with "
            "coats are in there twice.",
        ),
        WrongNumber(
            3 / 8,
            "no-snow-to-snow",
            "That compares days without snow to days with snow. Which share of **all** days "
            "with coats is snowy?",
        ),
        WrongNumber(
            0.15,
            "dry-joint",
            "Those are the days with coats and without snow, out of all days.",
        ),
        WrongNumber(
            0.7,
            "rounded-too-far",
            "Near enough for a guess. Count the days and give two digits.",
        ),
    ],
    hints=[
        "Think of 100 days. On how many do people wear coats?",
        "Of those days alone: on how many does it snow?",
    ],
)

FORECAST_MISS = ChoiceExercise(
    id="forecast_miss",
    title="Was the forecast wrong?",
    statement=(
        "“There is a 70 % chance that it will snow tomorrow.” It did not snow. What does that say "
        "about the forecaster?"
    ),
    options=[
        Option(
            "Little: look at many days with this forecast, and count",
            "About 7 in 10 of such days should be snowy. One dry day has probability 0.3 for a "
            "perfect forecaster. A forecaster who had said 100 % would be refuted by it.",
            right=True,
        ),
        Option(
            "She was wrong: more than 50 % means that she expected snow",
            "You turned the probability into a yes. Then what is the difference between 70 % and "
            "99 %?",
        ),
        Option(
            "Nothing at all: a probability can never be tested",
            "Not by this single day. But suppose she says 70 % on a thousand days and it snows "
            "on 100 of them: would you still trust her?",
        ),
        Option(
            "She should have said 0 %, because that is what happened",
            "Then every forecast is right only after the fact. A probability describes what was "
            "known **before**; what was known then?",
        ),
    ],
    hints=[
        "How often would a perfect forecaster see a dry day after saying 70 %?",
        "What would you have to record, and for how long, to find a bad forecaster out?",
    ],
)


def marginal_conditional(joint):
    """joint[x, y] = p(x, y) -> p(x) of shape [X], and p(y | x) of shape [X, Y]."""
    px = joint.sum(1)
    return px, joint / px[:, None]


MARGINAL_CONDITIONAL = CodeExercise(
    id="marginal_conditional",
    title="Two questions about a joint table",
    statement=(
        "`joint[x, y]` holds p(x, y). Return p(x), of shape `[X]`, and the table of p(y | x), of "
        "shape `[X, Y]`. Every x has p(x) > 0; single entries may be 0."
    ),
    reference=marginal_conditional,
    returns="p(x) of shape `[X]` and p(y | x) of shape `[X, Y]`",
    grad_args=(0,),
    cases=lambda g: [
        Case((matrix([0.40, 0.10], [0.15, 0.35]),), "snow or not, coats or not"),
        Case((table(g, 3, 3),), "X = Y = 3"),
        Case((matrix([0.1, 0.2, 0.1], [0.3, 0.0, 0.3]),), "2 × 3, with a 0", smooth=False),
        Case((table(g, 4, 2),), "X = 4, Y = 2"),
        Case((table(g, 2, 5),), "X = 2, Y = 5"),
        Case((table(g, 1, 4),), "x can take one value only"),
        Case((table(g, 4, 1),), "y can take one value only"),
        Case(
            (matrix([0.25, 0.75 - 4e-30], [3e-30, 1e-30]),),
            "a value of x that is very rare",
            smooth=False,
        ),
    ],
    alternatives=[
        lambda joint: (joint.sum(dim=-1), joint / joint.sum(dim=-1, keepdim=True)),
        lambda joint: (joint @ torch.ones_like(joint[0]), (joint.T / joint.T.sum(0)).T),
    ],
    wrong=[
        *(
            Wrong(
                "wrong-axis",
                solve,
                "You summed over x, so what is left is p(y), and the table is p(x | y). To get "
                "p(x), which variable has to go?",
            )
            for solve in (
                lambda joint: (joint.sum(0), joint / joint.sum(0)),
                lambda joint: (joint.sum(0), (joint / joint.sum(0)).T),
            )
        ),
        Wrong(
            "marginal-of-y",
            lambda joint: (joint.sum(0), joint / joint.sum(1, keepdim=True)),
            "The table is right. The first result is p(y), though: which variable did you sum over "
            "there?",
        ),
        Wrong(
            "whole-table",
            lambda joint: (joint.sum(), joint / joint.sum()),
            "You added up the whole table, which always gives 1. For p(x), which variable "
            "should stay?",
        ),
        Wrong(
            "conditional-other-way",
            lambda joint: (joint.sum(1), joint / joint.sum(0)),
            "p(x) is right, but in your table the **columns** sum to 1: that is p(x | y). For "
            "which variable should the probabilities of p(y | x) sum to 1?",
        ),
        *(
            Wrong(
                "broadcast",
                solve,
                "A vector beside a table is spread over its **rows**, so entry [x, y] met the "
                "number of y instead of that of x. Which shape would line up with the rows?",
            )
            for solve in (
                lambda joint: (joint.sum(1), joint / joint.sum(1)),
                lambda joint: (joint.sum(1), joint / joint.sum(1)[None, :]),
            )
        ),
        *(
            Wrong(
                "joint-as-conditional",
                solve,
                "p(x) is right, but the second table still is the joint: all of it sums to 1. If x "
                "is known, only one row is left. What should **that row** sum to?",
            )
            for solve in (
                lambda joint: (joint.sum(1), joint),
                lambda joint: (joint.sum(1), joint / joint.sum()),
            )
        ),
        *(
            Wrong(
                "softmax",
                solve,
                "Softmax makes the rows sum to 1, but it bends the ratios inside a row. Knowing x "
                "rescales its row and changes no ratio in it.",
            )
            for solve in (
                lambda joint: (joint.sum(1), torch.softmax(joint, 1)),
                lambda joint: (joint.sum(1), torch.softmax(joint, 0)),
                lambda joint: (torch.softmax(joint.sum(1), 0), torch.softmax(joint, 1)),
            )
        ),
        *(
            Wrong(
                "mean",
                solve,
                "You averaged over y. “x, whatever y may be” covers all these cases together: do "
                "the probabilities of cases that exclude each other average or add?",
            )
            for solve in (
                lambda joint: (joint.mean(1), joint / joint.sum(1, keepdim=True)),
                lambda joint: (joint.mean(1), joint / joint.mean(1, keepdim=True)),
            )
        ),
        Wrong(
            "swapped",
            lambda joint: (joint / joint.sum(1, keepdim=True), joint.sum(1)),
            "Both are right, but in the other order: first p(x), then the table.",
        ),
        *(
            Wrong(
                "transposed",
                solve,
                "p(x) is right. The table is transposed: here row x should hold p(y | x), as in "
                "`joint`.",
            )
            for solve in (
                lambda joint: (joint.sum(1), (joint / joint.sum(1, keepdim=True)).T),
                lambda joint: (joint.sum(1), joint.T / joint.sum(1)),
            )
        ),
        Wrong(
            "multiplied",
            lambda joint: (joint.sum(1), joint * joint.sum(1, keepdim=True)),
            "You multiplied by p(x). The product rule makes a joint out of a conditional that way; "
            "you are going in the opposite direction.",
        ),
        Wrong(
            "independent",
            lambda joint: (joint.sum(1), joint.sum(0).expand_as(joint).clone()),
            "Every row is p(y): you assume that x tells nothing about y. Does the table say so?",
        ),
        Wrong(
            "product-of-marginals",
            lambda joint: (joint.sum(1), joint.sum(1, keepdim=True) * joint.sum(0)),
            "p(x) p(y) is the joint of two variables that have nothing to do with each other. The "
            "question is what y does for a **known** x.",
        ),
        Wrong(
            "conditional-of-conditional",
            lambda joint: (
                joint.sum(1),
                joint / joint.sum(1, keepdim=True) / joint.sum(0),
            ),
            "You divided by both marginals. Only one of the variables is known: which one?",
        ),
        Wrong(
            "largest",
            lambda joint: (joint.max(1).values, joint / joint.max(1, keepdim=True).values),
            "You took the largest entry of each row. All entries of the row belong to x.",
        ),
        *(
            Wrong(
                "unit-length",
                solve,
                "Your rows have length 1 as vectors. Probabilities sum to 1 without being squared.",
            )
            for solve in (
                lambda joint: (joint.sum(1), F.normalize(joint, dim=1)),
                lambda joint: (joint.sum(1), joint / joint.norm(dim=1, keepdim=True)),
            )
        ),
        Wrong(
            "logs",
            lambda joint: (joint.sum(1).log(), (joint / joint.sum(1, keepdim=True)).log()),
            "These are logarithms of the right numbers. The question asks for probabilities.",
        ),
        *(
            Wrong(
                "epsilon",
                solve,
                "The small number below the line (`F.normalize` has one, too) takes over when x is "
                "rare: then your row no longer sums to 1. Does p(x) need protection, if it is "
                "never 0?",
            )
            for solve in (
                lambda joint: (joint.sum(1), F.normalize(joint, p=1, dim=1)),
                *(
                    lambda joint, small=small: (
                        joint.sum(1),
                        joint / (joint.sum(1, keepdim=True) + small),
                    )
                    for small in _SMALL
                ),
                *(
                    lambda joint, small=small: (
                        joint.sum(1),
                        joint / joint.sum(1, keepdim=True).clamp(min=small),
                    )
                    for small in _SMALL
                ),
            )
        ),
    ],
    hints=[
        "In p(x) = Σ_y p(x, y), which axis of the table is y?",
        "Check yourself: what does every row of p(y | x) sum to?",
        "To divide row by row, the vector needs the shape `[X, 1]`.",
    ],
    equivalents={
        "px = joint.sum(-1)": "of two axes, 1 is the last",
    },
)

SUMS_TO_ONE = ChoiceExercise(
    id="sums_to_one",
    title="Which of these sums is 1?",
    statement=(
        "All tables of p(x | y) have one thing in common, whatever the joint is. Which sum is "
        "always 1?"
    ),
    options=[
        Option(
            "Σ_y p(x | y), for each x",
            "You add up numbers from different worlds: in each of them another y is known. Let x "
            "be certain for **every** y: what is the sum then?",
        ),
        Option(
            "Σ_x Σ_y p(x | y), over the whole table",
            "That holds for the joint. In the table of p(x | y) there is one whole distribution "
            "for each y: what do three of them sum to?",
        ),
        Option(
            "Σ_x p(x | y), for each y",
            "What stands behind the bar is known and fixed; what stands before it is distributed. "
            "Read as a function of y, the same numbers are no distribution.",
            right=True,
        ),
        Option(
            "Both Σ_x p(x | y) and Σ_y p(x | y)",
            "One of the two always holds. For the other one, take an x that is certain for every y "
            "and add up.",
        ),
    ],
    hints=[
        "Which of the two letters is known, and which one is still uncertain?",
        "Try it with a table: x = umbrella or not, y = three kinds of weather.",
    ],
)


def marginal_y(px, py_x):
    """p(x) of shape [X] and rows p(y | x) of shape [X, Y] -> p(y) of shape [Y]."""
    return px @ py_x


def _normalized(weights):
    return weights / weights.sum()


MARGINAL_Y = CodeExercise(
    id="marginal_y",
    title="Find the bug: a distribution that does not sum to 1",
    kind="bug",
    statement=(
        "The sum rule: p(y) = Σ_x p(x) p(y | x). Row x of `py_x` holds p(y | x). For a square "
        "table the code below runs, but its result is wrong, and in general does not even sum to "
        "1. (With p(snow) = ½ it happens to be right.) Repair it."
    ),
    level=2,
    reference=marginal_y,
    returns="p(y) of shape `[Y]`",
    given='''
        def marginal_y(px, py_x):
            """p(x) of shape [X] and rows p(y | x) of shape [X, Y] -> p(y) of shape [Y]."""
            joint = px * py_x
            return joint.sum(0)
    ''',
    grad_args=(0, 1),
    cases=lambda g: [
        Case((vector(0.7, 0.3), matrix([0.9, 0.1], [0.2, 0.8])), "two kinds of x, two of y"),
        Case((simplex(g, 3), simplex(g, 3, 3)), "X = Y = 3"),
        Case((simplex(g, 2), simplex(g, 2, 4)), "X = 2, Y = 4"),
        Case((simplex(g, 5), simplex(g, 5, 2)), "X = 5, Y = 2"),
        Case((vector(0.0, 1.0, 0.0), simplex(g, 3, 3)), "x is certain: one row counts"),
        Case((vector(1.0), simplex(g, 1, 3)), "x can take one value only"),
        Case((simplex(g, 3), torch.ones(3, 1).double()), "y can take one value only"),
        Case(
            (simplex(g, 3), matrix([1.0, 0.0], [0.0, 1.0], [1e-12, 1 - 1e-12])),
            "rows with exact zeros",
        ),
    ],
    alternatives=[
        lambda px, py_x: (px[:, None] * py_x).sum(0),
        lambda px, py_x: torch.einsum("x,xy->y", px, py_x),
        lambda px, py_x: (py_x.T * px).sum(1),
    ],
    wrong=[
        Wrong(
            "broadcast",
            lambda px, py_x: (px * py_x).sum(0),
            "The bug is still there: the factor p(x) met the **columns** of the table. Column 0 of "
            "`py_x` belongs to a value of y. Where in the table is x?",
        ),
        Wrong(
            "broadcast-normalized",
            lambda px, py_x: _normalized((px * py_x).sum(0)),
            "You forced the sum to be 1, and the wrong weights stay. If every row sums to 1, and "
            "p(x) does, the result should need no help.",
        ),
        *(
            Wrong(
                "sums-over-y",
                solve,
                "Your sum runs over y, with the weights of x. Over which variable does the sum "
                "rule sum, and on which axis of the table is it?",
            )
            for solve in (
                lambda px, py_x: (px * py_x).sum(1),
                lambda px, py_x: py_x @ px,
            )
        ),
        Wrong(
            "gives-back-px",
            lambda px, py_x: (px[:, None] * py_x).sum(1),
            "The joint is right now. But you summed y out, and got p(x) back. Which variable must "
            "go?",
        ),
        *(
            Wrong(
                "unweighted-mean",
                solve,
                "p(x) has no part in your result: all rows count the same, as if all x were "
                "equally likely. How often does each row apply?",
            )
            for solve in (
                lambda px, py_x: py_x.mean(0),
                lambda px, py_x: _normalized(py_x.sum(0)),
            )
        ),
        Wrong(
            "unweighted-sum",
            lambda px, py_x: py_x.sum(0),
            "You added up the rows: p(x) has no part in it. Each row sums to 1; what do all of "
            "them together sum to?",
        ),
        Wrong(
            "joint-broadcast",
            lambda px, py_x: px * py_x,
            "That is a whole table, and the question is about y alone: a sum is missing. And "
            "look which axis p(x) met.",
        ),
        Wrong(
            "halved",
            lambda px, py_x: (px * py_x).sum(0) / 2,
            "Dividing by 2 does not repair the weights. The factor p(x) met the **columns** of "
            "the table. Where in the table is x?",
        ),
        Wrong(
            "joint",
            lambda px, py_x: px[:, None] * py_x,
            "That is the joint p(x, y), and it is right. The question is about y alone.",
        ),
        *(
            Wrong(
                "sums-over-both",
                solve,
                "You get 1 everywhere: either you summed over both variables, and one should stay, "
                "or you divided each column by its sum, and no rescaling is asked for.",
            )
            for solve in (
                lambda px, py_x: (px[:, None] * py_x / (px[:, None] * py_x).sum(0)).sum(0),
                lambda px, py_x: (px[:, None] * py_x).sum(),
                lambda px, py_x: (px[:, None] * py_x).sum().expand(py_x.shape[1]).clone(),
            )
        ),
        Wrong(
            "mean-of-joint",
            lambda px, py_x: (px[:, None] * py_x).mean(0),
            "The joint is right. Cases that exclude each other **add** up; p(x) has already "
            "weighted them.",
        ),
        Wrong(
            "most-likely-x",
            lambda px, py_x: py_x[px.argmax()].clone(),
            "You kept the most likely x alone. The other ones happen too.",
        ),
        Wrong(
            "largest-joint",
            lambda px, py_x: (px[:, None] * py_x).max(0).values,
            "For each y you kept only the x that contributes most. All contributions count.",
        ),
        Wrong(
            "divides",
            lambda px, py_x: (py_x / px[:, None]).sum(0),
            "You divided by p(x). A rare x should count less, not more.",
        ),
        Wrong(
            "posterior",
            lambda px, py_x: px[:, None] * py_x / (px[:, None] * py_x).sum(0),
            "That is p(x | y): you went one step too far. What stood below the line?",
        ),
        Wrong(
            "softmax-weights",
            lambda px, py_x: torch.softmax(px, 0) @ py_x,
            "`px` already is a distribution. Softmax turns it into a different one.",
        ),
        Wrong(
            "product",
            lambda px, py_x: (px[:, None] * py_x).prod(0),
            "You multiplied over x. That would be x taking all its values at once; it takes one or "
            "another.",
        ),
        Wrong(
            "averages-logs",
            lambda px, py_x: (px[:, None] * py_x.log()).sum(0).exp(),
            "You averaged logarithms, which gives a weighted **product** of the rows. The sum rule "
            "adds probabilities.",
        ),
    ],
    hints=[
        "Print the joint for p(x) = (0.7, 0.3) and a 2 × 2 table. Does its first **row** sum to "
        "0.7?",
        "A vector of shape `[X]` beside a table `[X, Y]` lines up with the last axis. Which one "
        "do you want?",
    ],
)


# ------------------------------------------------------------------ densities
DENSITY_PEAK = NumberExercise(
    id="density_peak",
    title="Predict: the peak of a narrow Gaussian",
    statement=(
        "Before running anything: what is the density of a Gaussian with mean 0 and standard "
        "deviation σ = 0.1, at the point 0?"
    ),
    truth=1 / (0.1 * math.sqrt(2 * math.pi)),
    written="3.99",
    because=(
        "1/(σ √(2π)) ≈ 3.99. A density may exceed 1: only areas under it are probabilities, and "
        "the whole area is 1. Narrow means tall."
    ),
    rtol=0.005,
    wrong=[
        WrongNumber(
            1.0,
            "capped-at-1",
            "A **probability** cannot exceed 1. But the area under this narrow curve must be 1: "
            "how tall does it have to be?",
        ),
        WrongNumber(
            1 / math.sqrt(2 * math.pi),
            "sigma-forgotten",
            "That is the peak for σ = 1. Squeeze that curve to a tenth of its width, and keep the "
            "area: what happens to the height?",
        ),
        WrongNumber(
            0.1 / math.sqrt(2 * math.pi),
            "multiplied",
            "You made it flatter. A narrow curve of the same area is **taller**.",
        ),
        WrongNumber(
            0.1,
            "width",
            "That is σ, how **wide** the curve is. How tall must a curve be that is so narrow and "
            "has the area 1?",
        ),
        WrongNumber(
            1 / (0.01 * math.sqrt(2 * math.pi)),
            "sigma-squared",
            "A tenth of the width, and a hundred times the height? The area would not be 1. Does "
            "σ or σ² stand beside the root?",
        ),
        WrongNumber(
            1 / math.sqrt(0.2 * math.pi),
            "sigma-as-variance",
            "You took 0.1 for the variance. Here it is the standard deviation.",
        ),
        WrongNumber(
            math.inf,
            "infinite",
            "Only a curve of width 0 would need that. This one is narrow: width 0.1.",
        ),
        WrongNumber(
            0.0,
            "point-mass",
            "The **probability** of hitting exactly 0 is 0. The density is the probability per "
            "unit of length around there.",
        ),
        WrongNumber(
            10.0,
            "no-root-of-2-pi",
            "That is 1/σ, right for a box of width σ. The area under exp(−½ x²) is not 1, though: "
            "which constant takes care of it?",
        ),
        WrongNumber(
            1 / (0.1 * 2 * math.pi),
            "no-root",
            "Nearly: the constant 2π stands under a root.",
        ),
        WrongNumber(
            1 / (0.1 * math.sqrt(math.pi)),
            "no-2",
            "Nearly: √π goes with exp(−x²). The exponent of a Gaussian has a ½.",
        ),
        WrongNumber(
            math.log(1 / (0.1 * math.sqrt(2 * math.pi))),
            "log",
            "That is the **log** of the density.",
        ),
        WrongNumber(
            0.6827,
            "mass",
            "That is the probability of being less than σ away: an area, not a height.",
        ),
        WrongNumber(
            0.5,
            "half",
            "Half of the area lies on each side of 0. The question is about the height there.",
        ),
    ],
    hints=[
        "The area under the curve is 1, and most of it lies within ±0.2. About how tall must it "
        "be?",
        "The peak of the Gaussian with σ = 1 is about 0.4. What does squeezing do to it?",
    ],
)

HEIGHT_UNITS = NumberExercise(
    id="height_units",
    title="Predict: meters and centimeters",
    statement=(
        "The heights of some people have a density whose peak has the value 5.7 when heights are "
        "measured in meters. Now measure the same people in centimeters. Which value does the "
        "density have at its peak?"
    ),
    truth=0.057,
    written="0.057",
    because=(
        "The same area is spread over numbers that reach 100 times as far. A density has a unit, "
        "“per meter” or “per centimeter”, so its log shifts with the unit: compare log "
        "densities in one unit only."
    ),
    rtol=0.01,
    wrong=[
        WrongNumber(
            5.7,
            "unchanged",
            "A probability does not care about units. But a density is a probability **per unit**: "
            "how many people are there per centimeter?",
        ),
        WrongNumber(
            570.0,
            "times-100",
            "The numbers are spread over a range 100 times as wide. With this height, what would "
            "the area under the curve be?",
        ),
        WrongNumber(
            0.57,
            "root",
            "The width grows by the factor 100, so 10 is not enough to keep the area.",
        ),
        WrongNumber(
            0.0057,
            "by-1000",
            "The numbers get 100 times as wide, not 1000 times.",
        ),
        WrongNumber(
            100.0,
            "the-factor",
            "That is the factor. What does it do to 5.7?",
        ),
        WrongNumber(
            5.7e-4,
            "squared",
            "The width grows by the factor 100, once. You shrank the height by more than that.",
        ),
        WrongNumber(
            1.0,
            "capped-at-1",
            "A density may exceed 1, so there is no need to cap anything. Keep the **area** at 1.",
        ),
        WrongNumber(
            57.0,
            "times-10",
            "Wider, so it must get lower. By which factor do the numbers grow?",
        ),
    ],
    hints=[
        "What must stay the same: the height of the curve, or the area under it?",
        "By which factor does the curve get wider?",
    ],
)


def gaussian_logpdf(x, mu, var):
    """log N(x; mu, var), elementwise; the three broadcast."""
    return -0.5 * ((x - mu) ** 2 / var + torch.log(2 * math.pi * var))


def _gaussian(x, mu, var, power=1.0, log_var=0.5, constant=0.5 * LOG_2PI):
    return -0.5 * (x - mu) ** 2 / var**power - log_var * torch.log(var) - constant


GAUSSIAN_LOGPDF = CodeExercise(
    id="gaussian_logpdf",
    title="Find the bug: the density that loves the wide",
    kind="bug",
    statement=(
        "`gaussian_logpdf(x, mu, var)` should be the log density of N(μ, σ²), where `var` is σ². "
        "The area under its exponential is 1 for `var = 1`, and for no other variance. Repair it."
    ),
    level=2,
    reference=gaussian_logpdf,
    returns="log densities, of the shape to which `x`, `mu` and `var` broadcast",
    unit="nats",
    given='''
        def gaussian_logpdf(x, mu, var):
            """log N(x; mu, var), elementwise; the three broadcast."""
            return -0.5 * (x - mu) ** 2 / var - 0.9189385332046727  # half of log(2 pi)
    ''',
    grad_args=(0, 1, 2),
    cases=lambda g: [
        Case((vector(0.0), vector(0.0), vector(4.0)), "at the mean, variance 4"),
        Case((vector(1.0), vector(0.0), vector(1.0)), "one σ away, variance 1"),
        Case((vector(3.0), vector(1.0), vector(4.0)), "one σ away, variance 4"),
        Case((vector(0.3), vector(0.3), vector(1e-4)), "a narrow peak: a log density above 0"),
        Case((normal(g, 5), normal(g, 5), uniform(g, 5, low=0.1, high=3.0)), "five at once"),
        Case(
            (normal(g, 3, 1), normal(g, 4), uniform(g, 4, low=0.1, high=9.0)),
            "shapes [3, 1] and [4] broadcast to [3, 4]",
        ),
        Case((vector(60.0), vector(0.0), vector(1.0)), "60 σ away: the density underflows"),
        Case(
            (normal(g, 6, scale=1000.0), normal(g, 6), vector(1e-3, 1e-2, 1.0, 10.0, 1e3, 1e6)),
            "x as large as ±1000, variances from 0.001 to a million",
        ),
        Case(
            (
                torch.tensor(-2.5).double(),
                torch.tensor(1.5).double(),
                torch.tensor(0.25).double(),
            ),
            "plain numbers, without axes",
        ),
    ],
    kinds=[
        ("`var` is not 1", lambda x, mu, var: bool((var != 1).all())),
        ("`x` is not the mean", lambda x, mu, var: bool((x != mu).all())),
    ],
    alternatives=[
        lambda x, mu, var: torch.distributions.Normal(mu, var.sqrt()).log_prob(x),
        lambda x, mu, var: -((x - mu) ** 2) / (2 * var) - var.sqrt().log() - 0.5 * LOG_2PI,
        lambda x, mu, var: (
            -0.5 * ((x - mu) / var.sqrt()).square() - torch.log(torch.sqrt(2 * math.pi * var))
        ),
    ],
    wrong=[
        Wrong(
            "no-log-var",
            lambda x, mu, var: _gaussian(x, mu, var, log_var=0.0),
            "The bug is still there: the peak is equally high for every variance, so a wide "
            "Gaussian has too much area. What happened to σ in 1/(σ √(2π))?",
        ),
        Wrong(
            "whole-log-var",
            lambda x, mu, var: _gaussian(x, mu, var, log_var=1.0),
            "You divide the density by σ². Its peak must fall like 1/**σ**. How are log σ and "
            "log σ² related?",
        ),
        Wrong(
            "root-forgotten",
            lambda x, mu, var: -((x - mu) ** 2) / (2 * var) - torch.log(2 * math.pi * var),
            "The whole 2πσ² stands under a root in the density. What does a root become in a log?",
        ),
        Wrong(
            "log-multiplied",
            lambda x, mu, var: -((x - mu) ** 2) / (2 * var) - 0.5 * LOG_2PI * var.log(),
            "The log of a product is a sum; you multiplied the two logs.",
        ),
        Wrong(
            "summed",
            lambda x, mu, var: _gaussian(x, mu, var, log_var=0.5).sum(),
            "You summed over all entries. Each x has its own log density.",
        ),
        Wrong(
            "quarter-log-var",
            lambda x, mu, var: _gaussian(x, mu, var, log_var=0.25),
            "One ½ too many at the logarithm: you halved log σ, or took the root twice.",
        ),
        *(
            Wrong(
                "plus-log-var",
                lambda x, mu, var, factor=factor: _gaussian(x, mu, var, log_var=factor),
                "Mind the sign of the new term: is a wider Gaussian higher or lower at its peak?",
            )
            for factor in (-0.5, -1.0)
        ),
        Wrong(
            "variance-as-deviation",
            lambda x, mu, var: _gaussian(x, mu, var, power=2.0, log_var=1.0),
            "You treat `var` as the standard deviation, in both places. It is σ². (The Normal of "
            "`torch.distributions` asks for σ.)",
        ),
        Wrong(
            "squares-variance",
            lambda x, mu, var: _gaussian(x, mu, var, power=2.0),
            "The normalizer is right. But in the exponent you squared `var`, which is a square "
            "already.",
        ),
        *(
            Wrong(
                "root-in-exponent",
                solve,
                "In the exponent you divide by σ. A distance of one σ must cost the same for every "
                "σ, so the squares should match.",
            )
            for solve in (
                lambda x, mu, var: _gaussian(x, mu, var, power=0.5),
                lambda x, mu, var: _gaussian(x, mu, var, power=0.5, log_var=0.0),
            )
        ),
        Wrong(
            "no-2-pi",
            lambda x, mu, var: _gaussian(x, mu, var, constant=0.0),
            "The variance is in place now, but the constant with 2π got lost. Optimization would "
            "not notice; the area under the curve does.",
        ),
        *(
            Wrong(
                "constant",
                lambda x, mu, var, constant=constant: _gaussian(x, mu, var, constant=constant),
                "The variance is in place now, but the constant is not right. The curve of "
                "exp(−½ x²) has the area √(2π): what is the log of that?",
            )
            for constant in (
                LOG_2PI,
                0.5 * math.log(math.pi),
                math.log(math.pi),
                math.pi,
                0.5 * math.log(2),
                -0.5 * LOG_2PI,
            )
        ),
        *(
            Wrong(
                "constant-rounded",
                lambda x, mu, var, c=c: _gaussian(x, mu, var, constant=c),
                "The variance is in place. But your constant is rounded: let `math.log` compute "
                "it.",
            )
            for c in (round(0.5 * LOG_2PI, d) for d in (2, 3, 4, 5))
        ),
        *(
            Wrong(
                "constant-rounded",
                lambda x, mu, var, pi=pi: _gaussian(x, mu, var, constant=0.5 * math.log(2 * pi)),
                "The variance is in place. But your π is rounded: `math.pi` has all its digits.",
            )
            for pi in (3.14, 3.142)
        ),
        *(
            Wrong(
                "sigma-not-log",
                solve,
                "You subtracted σ or σ² itself. In the density, σ divides: what does a log make of "
                "a division?",
            )
            for solve in (
                lambda x, mu, var: _gaussian(x, mu, var, log_var=0.0) - var.sqrt(),
                lambda x, mu, var: _gaussian(x, mu, var, log_var=0.0) - var,
                lambda x, mu, var: _gaussian(x, mu, var, log_var=0.0) - 0.5 * var,
            )
        ),
        *(
            Wrong(
                "normalized-over-x",
                solve,
                "You made the values at the **given** x sum to 1, so each result depends on the "
                "other x. They may be few, or only one: over which x has a density the area 1?",
            )
            for solve in (
                lambda x, mu, var: (-0.5 * (x - mu) ** 2 / var).log_softmax(-1),
                lambda x, mu, var: (-0.5 * (x - mu) ** 2 / var).log_softmax(0),
                lambda x, mu, var: (lambda z: z - z.flatten().logsumexp(0))(
                    -0.5 * (x - mu) ** 2 / var
                ),
                lambda x, mu, var: (lambda z: z - z.exp().sum().log())(-0.5 * (x - mu) ** 2 / var),
                lambda x, mu, var: (lambda z: z - z.exp().sum(-1, keepdim=True).log())(
                    -0.5 * (x - mu) ** 2 / var
                ),
                lambda x, mu, var: (lambda p: (p / p.sum()).log())(
                    (-0.5 * (x - mu) ** 2 / var).exp()
                ),
                lambda x, mu, var: (lambda p: (p / p.sum(-1, keepdim=True)).log())(
                    (-0.5 * (x - mu) ** 2 / var).exp()
                ),
            )
        ),
        Wrong(
            "density",
            lambda x, mu, var: _gaussian(x, mu, var).exp(),
            "This is the density itself. The question asks for its log.",
        ),
        Wrong(
            "underflow",
            lambda x, mu, var: _gaussian(x, mu, var).exp().log(),
            "The right formula, but far from the mean the density underflows to 0, and log 0 is "
            "−inf. Do not leave the logs.",
        ),
        Wrong(
            "negative",
            lambda x, mu, var: -_gaussian(x, mu, var),
            "This is the loss −log p. Which one is asked for? A log density falls far from the "
            "mean.",
        ),
        Wrong(
            "grows",
            lambda x, mu, var: 0.5 * (x - mu) ** 2 / var - 0.5 * torch.log(2 * math.pi * var),
            "Your density grows with the distance from the mean. Check the signs: what belongs to "
            "the minus?",
        ),
        Wrong(
            "no-half",
            lambda x, mu, var: -((x - mu) ** 2) / var - 0.5 * torch.log(2 * math.pi * var),
            "The ½ in the exponent is gone: your curve is too narrow for its normalizer.",
        ),
        *(
            Wrong(
                "log-base",
                lambda x, mu, var, log=log: -0.5 * ((x - mu) ** 2 / var + log(2 * math.pi * var)),
                "Your logarithm has another base than the exponential of the Gaussian. Which base "
                "do we use everywhere?",
            )
            for log in (torch.log10, torch.log2)
        ),
        Wrong(
            "plus-mean",
            lambda x, mu, var: _gaussian(x, -mu, var),
            "Your peak lies at −μ. What should the distance between x and μ be when x = μ?",
        ),
        Wrong(
            "mean-ignored",
            lambda x, mu, var: _gaussian(x, 0 * mu, var),
            "The mean has no effect: your peak always lies at 0.",
        ),
        Wrong(
            "absolute",
            lambda x, mu, var: -0.5 * (x - mu).abs() / var - 0.5 * torch.log(2 * math.pi * var),
            "You lost the square of the distance. Far from the mean a Gaussian falls much faster.",
        ),
        Wrong(
            "inside-the-fraction",
            lambda x, mu, var: -0.5 * ((x - mu) ** 2 + torch.log(2 * math.pi * var)) / var,
            "Mind the parentheses: the normalizer is divided by `var` as well.",
        ),
        Wrong(
            "divides-the-log",
            lambda x, mu, var: -0.5 * ((x - mu) ** 2 / var + LOG_2PI) / var.sqrt(),
            "You divided the **log** density by σ. Dividing the density itself does something else "
            "to its log.",
        ),
        Wrong(
            "divides-by-var",
            lambda x, mu, var: -0.5 * ((x - mu) ** 2 / var + LOG_2PI * var),
            "You put `var` beside the logarithm of 2π. In the density they stand under one root: "
            "what does a log make of a product?",
        ),
    ],
    hints=[
        "At x = μ: how does the height of the peak change when the variance grows?",
        "Write the density as a product of two factors, and take the log of each.",
    ],
    equivalents={
        "return -0.5 * ((mu - x) ** 2 / var + torch.log(2 * math.pi * var))": "a square, no sign",
    },
)


# ------------------------------------------------------------------ means of samples
def mc_mean(values):
    """Samples f(x_1), ..., f(x_n) of shape [n] -> their mean, and its standard error."""
    n = len(values)
    return values.mean(), values.std() / n**0.5


def _bootstrap(values):
    draws = torch.randint(0, len(values), (200, len(values)))
    return values.mean(), values[draws].mean(1).std()


MC_MEAN = CodeExercise(
    id="mc_mean",
    title="A Monte Carlo mean and how far to trust it",
    statement=(
        "`values` holds f(x₁), …, f(x_n) of n ≥ 2 independent samples. Return the Monte Carlo "
        "estimate of E[f(x)] and its standard error (an estimate of that mean's standard "
        "deviation), from the unbiased sample variance."
    ),
    level=2,
    reference=mc_mean,
    returns="two tensors without axes: the mean and its standard error",
    grad_args=(0,),
    cases=lambda g: [
        Case((vector(1.0, 3.0),), "two samples"),
        Case((vector(0.0, 0.0, 1.0, 1.0, 1.0),), "five coin flips"),
        Case((vector(-4.0, 0.0, 1.0, 7.0),), "four samples, of both signs"),
        Case((normal(g, 50),), "50 samples"),
        Case((3 + normal(g, 400, scale=2.0),), "400 samples"),
        Case((normal(g, 9, scale=1000.0),), "samples as large as ±1000"),
        Case((1000 + normal(g, 20, scale=0.01),), "samples near 1000 that hardly differ"),
        Case((vector(2.0, 2.0, 2.0),), "three equal samples: no spread at all", smooth=False),
    ],
    alternatives=[
        lambda values: (values.sum() / len(values), (values.var() / values.numel()).sqrt()),
        lambda values: (values.mean(), values.std(unbiased=False) / (len(values) - 1) ** 0.5),
        lambda values: (
            values.mean(),
            ((values - values.mean()) ** 2).sum().div(len(values) - 1).div(len(values)).sqrt(),
        ),
    ],
    wrong=[
        Wrong(
            "spread-of-samples",
            lambda values: (values.mean(), values.std()),
            "That is the spread of single samples, which stays the same however many you draw. "
            "How far does their **mean** stray?",
        ),
        Wrong(
            "over-n",
            lambda values: (values.mean(), values.std() / len(values)),
            "Your error falls like 1/n: that is too good. It is the **variance** of a mean that "
            "falls like 1/n. What does that make of the standard deviation?",
        ),
        Wrong(
            "variance-of-mean",
            lambda values: (values.mean(), values.var() / len(values)),
            "That is the **variance** of the mean. An error should have the unit of f.",
        ),
        Wrong(
            "bernoulli",
            lambda values: (
                values.mean(),
                (values.mean() * (1 - values.mean()) / len(values)) ** 0.5,
            ),
            "p (1 − p) is the variance of zeros and ones. These values can be any numbers: how "
            "far do they lie from their mean?",
        ),
        Wrong(
            "no-spread",
            lambda values: (values.mean(), values.mean() / len(values) ** 0.5),
            "The mean over √n: where is the spread of the values?",
        ),
        Wrong(
            "brackets",
            lambda values: (
                values.mean(),
                (((values - values.mean()) ** 2).sum() / len(values) - 1).sqrt()
                / len(values) ** 0.5,
            ),
            "Mind the brackets: n − 1 divides, and `a / n - 1` subtracts 1 from a quotient.",
        ),
        Wrong(
            "variance-over-root",
            lambda values: (values.mean(), values.var() / len(values) ** 0.5),
            "Compare units: yours has the unit of f², shrunk as if it were a standard deviation.",
        ),
        Wrong(
            "variance",
            lambda values: (values.mean(), values.var()),
            "That is the variance of single samples. Two steps are missing: from one sample to the "
            "mean of n, and back to the unit of f.",
        ),
        Wrong(
            "biased",
            lambda values: (values.mean(), values.std(unbiased=False) / len(values) ** 0.5),
            "Close. Your sample variance is too small: samples lie closer to their own mean than "
            "to the true one. Which divisor makes up for that?",
        ),
        Wrong(
            "one-less-twice",
            lambda values: (values.mean(), values.std() / (len(values) - 1) ** 0.5),
            "Close. The correction by one belongs to the sample variance, where it already is. How "
            "many samples does the mean have?",
        ),
        *(
            Wrong(
                "sum",
                solve,
                "The first value is the sum. It grows with n; an expectation should not.",
            )
            for solve in (
                lambda values: (values.sum(), values.std() / len(values) ** 0.5),
                lambda values: (values.sum(), values.std() * len(values) ** 0.5),
                lambda values: (values.sum(), values.std()),
            )
        ),
        Wrong(
            "times-root",
            lambda values: (values.mean(), values.std() * len(values) ** 0.5),
            "Your error **grows** with the number of samples. That is the spread of a sum.",
        ),
        Wrong(
            "median",
            lambda values: (values.median(), values.std() / len(values) ** 0.5),
            "That is the median. An expectation is a mean; for skewed f the two differ.",
        ),
        Wrong(
            "not-centered",
            lambda values: (
                values.mean(),
                (values.square().sum() / (len(values) - 1) / len(values)).sqrt(),
            ),
            "You took the mean square of the values. A variance is about distances from the mean.",
        ),
        Wrong(
            "not-centered",
            lambda values: (values.mean(), (values.square().mean() / len(values)).sqrt()),
            "You took the mean square of the values. A variance is about distances from the mean.",
        ),
        *(
            Wrong(
                "interval",
                lambda values, width=width: (
                    values.mean(),
                    width * values.std() / len(values) ** 0.5,
                ),
                "That looks like a wider interval, of about two standard errors. The question "
                "asks for one.",
            )
            for width in (1.96, 2.0)
        ),
        Wrong(
            "interval-ends",
            lambda values: (
                values.mean() - values.std() / len(values) ** 0.5,
                values.mean() + values.std() / len(values) ** 0.5,
            ),
            "You return the two ends of an interval. The question asks for the mean and the error.",
        ),
        Wrong(
            "swapped",
            lambda values: (values.std() / len(values) ** 0.5, values.mean()),
            "Both are right, but in the other order: first the mean, then its error.",
        ),
        Wrong(
            "no-spread",
            lambda values: (values.mean(), torch.ones_like(values[0]) / len(values) ** 0.5),
            "1/√n is only half of it: for values a thousand times as large the error must be a "
            "thousand times as large too.",
        ),
        Wrong(
            "absolute",
            lambda values: (
                values.mean(),
                (values - values.mean()).abs().mean() / len(values) ** 0.5,
            ),
            "You averaged distances without squaring them. Only **variances** add up for "
            "independent samples.",
        ),
        Wrong(
            "no-square",
            lambda values: (values.mean(), (values - values.mean()).mean() / len(values) ** 0.5),
            "Distances from the mean cancel, if nothing makes them positive: your error is 0.",
        ),
        Wrong(
            "coin",
            lambda values: (
                values.mean(),
                (values.mean() * (1 - values.mean()) / (len(values) - 1)).sqrt(),
            ),
            "That holds for coin flips, values 0 and 1 alone. Here f can be anything.",
        ),
        Wrong(
            OWN_DICE,
            _bootstrap,
            "You draw your own random numbers, and each run gives another error. The spread of the "
            "given values says it all.",
        ),
    ],
    hints=[
        "Variances of independent samples add. What is the variance of their sum, and then of "
        "their mean?",
        "Which spread is asked for: that of f, or that of the mean of n values of f?",
    ],
)

LYING_FINE = NumberExercise(
    id="lying_fine",
    title="What does exaggerating cost?",
    statement=(
        "It snows on 70 % of the days, and she says 90 % every day. She pays −log q for the "
        "probability q that she gave to what happened. How many nats a day does that cost her, on "
        "average, beyond the fine for the honest 70 %?"
    ),
    truth=0.7 * math.log(0.7 / 0.9) + 0.3 * math.log(0.3 / 0.1),
    written="0.154",
    because=(
        "0.7 log(0.7/0.9) + 0.3 log(0.3/0.1) = 0.154. She gains a little on each snowy day, and "
        "loses a lot on each dry one."
    ),
    rtol=0.01,
    wrong=[
        WrongNumber(
            0.2,
            "forecast-distance",
            "That is the distance between the two forecasts, not between the two fines.",
        ),
        WrongNumber(
            -0.7 * math.log(0.9) - 0.3 * math.log(0.1),
            "whole-fine",
            "That is her whole fine. What would the honest one be?",
        ),
        WrongNumber(
            0.9 * math.log(0.9 / 0.7) + 0.1 * math.log(0.1 / 0.3),
            "other-weights",
            "You averaged with the chances that she **said**. How often does it really snow?",
        ),
        WrongNumber(
            -0.7 * math.log(0.7) - 0.3 * math.log(0.3),
            "honest-fine",
            "That is the honest fine, 0.611. What does she pay when she says 90 %?",
        ),
        WrongNumber(
            -(0.7 * math.log(0.7 / 0.9) + 0.3 * math.log(0.3 / 0.1)),
            "sign",
            "Can a lie be cheaper than the truth, on average?",
        ),
        WrongNumber(
            (0.7 * math.log(0.7 / 0.9) + 0.3 * math.log(0.3 / 0.1)) / math.log(2),
            "bits",
            "These are bits. The question asks for nats: take the natural logarithm.",
        ),
        WrongNumber(
            0.7 * math.log(0.7 / 0.9),
            "snow-only",
            "You counted the snowy days only. What happens on the dry ones?",
        ),
        WrongNumber(
            math.log(0.9 / 0.7),
            "one-snowy-day",
            "That is what she saves on one snowy day. Three days in ten are dry.",
        ),
        WrongNumber(
            -math.log(0.9),
            "snowy-fine",
            "That is what she pays on one snowy day. What does she pay on the dry ones, and what "
            "would the honest forecaster pay?",
        ),
        WrongNumber(
            0.0,
            "nothing",
            "She is wrong about a fifth of the days. Does that cost nothing?",
        ),
    ],
    hints=[
        "What does she pay on a snowy day, and what on a dry one? How often does each happen?",
        "Do the same for a forecaster who says 70 %, and subtract.",
    ],
)

MORE_SAMPLES = NumberExercise(
    id="more_samples",
    title="Predict: one more digit",
    statement=(
        "A Monte Carlo mean of 100 samples has the standard error 0.3. How many samples do you "
        "need, in all, for a standard error of 0.03?"
    ),
    truth=10_000,
    written="10,000",
    because=(
        "The error falls like 1/√n: each further digit costs 100 times as many samples, however "
        "long the list of possible values is. That is the charm of Monte Carlo."
    ),
    rtol=1e-3,
    wrong=[
        WrongNumber(
            1000,
            "inverse-n",
            "With ten times as many samples the **variance** falls to a tenth. And the standard "
            "error?",
        ),
        WrongNumber(
            10,
            "factor-of-error",
            "That is by how much the error shall shrink. And you have 100 samples already.",
        ),
        WrongNumber(
            100_000,
            "factor-1000",
            "Is the error to fall by the factor 10? Then is 100 times as much work enough, or not?",
        ),
        WrongNumber(
            9900,
            "only-new",
            "That many you still have to draw. The question asks for all of them.",
        ),
        WrongNumber(
            900,
            "inverse-n",
            "Two things: that is the number of new ones, and it assumes that the error falls like "
            "1/n.",
        ),
        WrongNumber(
            1_000_000,
            "slower-than-root",
            "It is not as slow as that. Which power of n does the standard error fall with?",
        ),
        WrongNumber(
            316,
            "wrong-root",
            "You took the root of 10. To make √n ten times as large, what must n do?",
        ),
        WrongNumber(
            200,
            "doubling",
            "Twice as many samples reduce the error by √2 only.",
        ),
        WrongNumber(
            300,
            "tripled",
            "Three times as many samples reduce the error by √3 only. (If you solved s/√n = 0.03: "
            "which of the two sides did you not square?)",
        ),
        WrongNumber(
            400,
            "halved",
            "Four times as many samples halve the error. You want a tenth.",
        ),
        WrongNumber(
            100,
            "factor",
            "You have 100 samples already, and their error is 0.3. Which number does n have to be "
            "multiplied by, and what is it then?",
        ),
        WrongNumber(
            110,
            "ten-more",
            "Ten more hardly change anything: the error falls with the root of the number.",
        ),
    ],
    hints=[
        "Which power of n does the standard error fall with?",
        "By which factor must that power grow, and by which n?",
    ],
)


def mixture_moments(weights, means, variances):
    """Weights, means and variances [..., K] of K parts -> mean and variance of all, both [...]."""
    mean = (weights * means).sum(-1)
    between = (weights * (means - mean[..., None]) ** 2).sum(-1)
    return mean, (weights * variances).sum(-1) + between


def _moments(weights, means, variances, within=None, between=None):
    mean = (weights * means).sum(-1)
    if within is None:
        within = (weights * variances).sum(-1)
    if between is None:
        between = (weights * (means - mean[..., None]) ** 2).sum(-1)
    return mean, within + between


def _mean_of(weights, means):
    return (weights * means).sum(-1, keepdim=True)


MIXTURE_MOMENTS = CodeExercise(
    id="mixture_moments",
    title="Mean and variance of a mixture",
    statement=(
        "First k is drawn with probability `weights[..., k]`, then x from a distribution with mean "
        "`means[..., k]` and variance `variances[..., k]`. Return the mean and the variance of x "
        "itself, where k is not known. The dots stand for any further axes: sum over the last one "
        "only."
    ),
    level=2,
    reference=mixture_moments,
    returns="the mean and the variance, both without the last axis",
    grad_args=(1, 2),
    cases=lambda g: [
        Case(
            (vector(0.5, 0.5), vector(-1.0, 1.0), vector(1.0, 1.0)),
            "two parts at −1 and 1, each of variance 1",
        ),
        Case(
            (vector(0.5, 0.5), vector(0.0, 10.0), vector(0.0, 0.0)),
            "two certain values",
            smooth=False,
        ),
        Case((vector(0.9, 0.1), vector(0.0, 10.0), vector(4.0, 1.0)), "nine to one"),
        Case((vector(1.0), vector(3.0), vector(2.0)), "a single part"),
        Case((simplex(g, 2, 3), normal(g, 2, 3), uniform(g, 2, 3)), "a batch of 2, K = 3"),
        Case((simplex(g, 3, 3), normal(g, 3, 3), uniform(g, 3, 3)), "a batch of 3, K = 3"),
        Case((simplex(g, 2, 2, 4), normal(g, 2, 2, 4), uniform(g, 2, 2, 4)), "shape [2, 2, 4]"),
        Case((simplex(g, 1, 3), normal(g, 1, 3), uniform(g, 1, 3)), "a batch of 1"),
        Case(
            (vector(0.25, 0.75, 0.0), vector(2.0, -2.0, 900.0), vector(1.0, 3.0, 500.0)),
            "a part that never happens",
        ),
        Case(
            (simplex(g, 2, 3), normal(g, 2, 3, scale=1000.0), uniform(g, 2, 3, high=1000.0)),
            "means as large as ±1000",
        ),
    ],
    kinds=[
        ("parts differ in their means", lambda w, m, v: bool((m != m[..., :1]).any())),
        ("the weights are unequal", lambda w, m, v: bool((w != w[..., :1]).any())),
    ],
    alternatives=[
        lambda w, m, v: (
            torch.einsum("...k,...k->...", w, m),
            torch.einsum("...k,...k->...", w, v + (m - _mean_of(w, m)).square()),
        ),
        lambda w, m, v: (
            (w * m).sum(-1),
            (w * (v + m**2)).sum(-1) - (w * m).sum(-1) ** 2,
        ),
    ],
    wrong=[
        *(
            Wrong(
                "within-only",
                solve,
                "The distances between the means do not count (or cancel, if nothing makes them "
                "positive). Take two certain values, 0 and 10: is x certain as well?",
            )
            for solve in (
                lambda w, m, v: _moments(w, m, v, between=0.0),
                lambda w, m, v: _moments(w, m, v, between=(w * (m - _mean_of(w, m))).sum(-1)),
            )
        ),
        Wrong(
            "bracket",
            lambda w, m, v: (
                (w * m).sum(-1),
                (w * (v + m**2) - _mean_of(w, m) ** 2).sum(-1),
            ),
            "E[x²] − (E[x])² is a good way, but your (E[x])² is subtracted once for each part. "
            "Where does the bracket end?",
        ),
        Wrong(
            "variance-squared",
            lambda w, m, v: _moments(w, m, v, within=(w * v**2).sum(-1)),
            "The variances are squared already: their unit is that of x².",
        ),
        Wrong(
            "sum-squared",
            lambda w, m, v: (
                (w * m).sum(-1),
                (w * (v + m) ** 2).sum(-1) - (w * m).sum(-1) ** 2,
            ),
            "E[x²] within a part is its variance plus the square of its mean. What exactly is "
            "squared?",
        ),
        Wrong(
            "between-only",
            lambda w, m, v: _moments(w, m, v, within=0.0),
            "That is how far the means of the parts lie apart. Inside each part x varies as well.",
        ),
        Wrong(
            "weighted-sum",
            lambda w, m, v: _moments(w, m, v, within=(w**2 * v).sum(-1), between=0.0),
            "Squared weights belong to a weighted **sum** of independent numbers. Here x comes "
            "from one part or another, not from a bit of each.",
        ),
        Wrong(
            "squared-weights",
            lambda w, m, v: _moments(w, m, v, within=(w**2 * v).sum(-1)),
            "You squared the weights of the variances. That belongs to a weighted sum; here one "
            "part is drawn, with probability w.",
        ),
        Wrong(
            "second-moment",
            lambda w, m, v: _moments(w, m, v, between=(w * m**2).sum(-1)),
            "That is E[x²]. A variance measures distances from the mean, not from 0.",
        ),
        Wrong(
            "averages-deviations",
            lambda w, m, v: _moments(w, m, v, within=(w * v.sqrt()).sum(-1) ** 2),
            "You averaged standard deviations. It is **variances** whose average has a meaning "
            "here.",
        ),
        Wrong(
            "no-square",
            lambda w, m, v: _moments(w, m, v, between=(w * (m - _mean_of(w, m)).abs()).sum(-1)),
            "The distances between the means are not squared. Compare the units of your two terms.",
        ),
        Wrong(
            "minus",
            lambda w, m, v: _moments(w, m, v, between=-(w * (m - _mean_of(w, m)) ** 2).sum(-1)),
            "You subtract what the means contribute. Do parts that lie far apart make x more "
            "certain?",
        ),
        Wrong(
            "square-of-means",
            lambda w, m, v: _moments(w, m, v, between=(w * m).sum(-1) ** 2),
            "You added the square of the mean. A shift of everything by 100 should not change the "
            "variance.",
        ),
        Wrong(
            "minus-square-only",
            lambda w, m, v: _moments(w, m, v, between=-((w * m).sum(-1) ** 2)),
            "E[x²] − (E[x])² is a good way. But the average of the parts' variances is not E[x²]: "
            "which part of it is missing?",
        ),
        *(
            Wrong(
                "unweighted-between",
                solve,
                "The means of the parts count as if all parts were equally likely, at least where "
                "you compare them.",
            )
            for solve in (
                lambda w, m, v: _moments(w, m, v, between=m.var(-1, unbiased=False)),
                lambda w, m, v: _moments(
                    w,
                    m,
                    v,
                    between=(m - m.mean(-1, keepdim=True)).square().sum(-1) / (m.shape[-1] - 1),
                ),
                lambda w, m, v: _moments(w, m, v, between=((m - _mean_of(w, m)) ** 2).mean(-1)),
                lambda w, m, v: _moments(
                    w, m, v, between=(w * (m - m.mean(-1, keepdim=True)) ** 2).sum(-1)
                ),
            )
        ),
        Wrong(
            "sum-of-distances",
            lambda w, m, v: _moments(w, m, v, between=((m - _mean_of(w, m)) ** 2).sum(-1)),
            "You added the squared distances of all parts. How often does each part happen?",
        ),
        *(
            Wrong(
                "unweighted",
                solve,
                "The weights are missing in your mean: a part that never happens counts as much "
                "as the others.",
            )
            for solve in (
                lambda w, m, v: (m.mean(-1), v.mean(-1) + m.var(-1, unbiased=False)),
                lambda w, m, v: (m.mean(-1), v.mean(-1)),
                lambda w, m, v: (m.mean(-1), _moments(w, m, v)[1]),
            )
        ),
        Wrong(
            "unweighted-variances",
            lambda w, m, v: _moments(w, m, v, within=v.mean(-1)),
            "The mean is right, but the variances of the parts count as if all parts were equally "
            "likely.",
        ),
        Wrong(
            "adds-variances",
            lambda w, m, v: _moments(w, m, v, within=v.sum(-1)),
            "Variances add up for a **sum** of independent numbers. Here x comes from one part at "
            "a time.",
        ),
        Wrong(
            "averaged",
            lambda w, m, v: (
                (w * m).mean(-1),
                (w * v).mean(-1) + (w * (m - _mean_of(w, m)) ** 2).mean(-1),
            ),
            "You weighted **and** averaged. The weights already sum to 1.",
        ),
        Wrong(
            "deviation",
            lambda w, m, v: (_moments(w, m, v)[0], _moments(w, m, v)[1].sqrt()),
            "The second value is the standard deviation. The variance is asked for.",
        ),
        Wrong(
            "swapped",
            lambda w, m, v: _moments(w, m, v)[::-1],
            "Both are right, but in the other order: first the mean, then the variance.",
        ),
        Wrong(
            "most-likely-part",
            lambda w, m, v: (
                m.gather(-1, w.argmax(-1, keepdim=True)).squeeze(-1),
                v.gather(-1, w.argmax(-1, keepdim=True)).squeeze(-1),
            ),
            "You kept the most likely part alone. The others happen too.",
        ),
        Wrong(
            "over-everything",
            lambda w, m, v: (
                (w * m).sum(),
                (w * v).sum() + (w * (m - (w * m).sum()) ** 2).sum(),
            ),
            "You summed over the whole batch. Each row is a mixture of its own.",
        ),
        Wrong(
            OWN_DICE,
            lambda w, m, v: (
                _moments(w, m, v)[0],
                torch.distributions.Normal(m, v.sqrt() + 1e-9).sample((99,)).mean(0).mean(-1),
            ),
            "You draw samples: each run gives other numbers. Mean and variance follow from the "
            "arguments alone.",
        ),
    ],
    hints=[
        "Take two certain values, 0 and 10, equally likely. What is the variance of x?",
        "Two sources of doubt: which part was drawn, and what happens inside it. Both are measured "
        "as variances.",
    ],
    equivalents={
        "between = (weights * (mean[..., None] - means) ** 2).sum(-1)": "a square, no sign",
    },
)


def pushforward_logpdf(y, a, b):
    """log density of Y = a X + b at y, where X ~ N(0, 1) and a is not 0."""
    x = (y - b) / a
    log_px = -0.5 * (x**2 + math.log(2 * math.pi))
    return log_px - torch.log(torch.abs(a))


def _standard(x):
    return -0.5 * x**2 - 0.5 * LOG_2PI


PUSHFORWARD = CodeExercise(
    id="pushforward_logpdf",
    title="The density of Y = aX + b",
    statement=(
        "X ~ N(0, 1), and Y = aX + b with any a ≠ 0, negative ones too. Return log p_Y(y) by a "
        "change of variables. (With an **invertible** deep network in place of aX + b this becomes "
        "a normalizing flow.)"
    ),
    level=3,
    reference=pushforward_logpdf,
    returns="log densities, of the shape to which `y`, `a` and `b` broadcast",
    unit="nats",
    grad_args=(0, 1, 2),
    cases=lambda g: [
        Case((vector(0.0), vector(2.0), vector(0.0)), "stretched by 2, in the middle"),
        Case((vector(3.0), vector(1.0), vector(1.0)), "shifted by 1, nothing stretched"),
        Case((vector(3.0), vector(2.0), vector(1.0)), "stretched by 2 and shifted by 1"),
        Case(
            (vector(1.0), vector(-0.5), vector(0.0)),
            "a is negative, which the scale of a distribution cannot be",
        ),
        Case((normal(g, 6), vector(3.0), vector(1.0)), "six values of y, one map"),
        Case((normal(g, 4), vector(-1.5, 0.2, -0.1, 4.0), normal(g, 4)), "four maps"),
        Case((normal(g, 3, 1), vector(0.5, -2.0), normal(g, 2)), "shapes [3, 1] and [2]"),
        Case((vector(1e3, -1e3), vector(20.0, -900.0), vector(5.0, 0.0)), "y as large as ±1000"),
        Case((vector(1.002, 0.999), vector(1e-3, -1e-3), vector(1.0, 1.0)), "a narrow peak"),
        Case((vector(-50.0), vector(1.0), vector(0.0)), "50 σ away: the density underflows"),
        Case(
            (
                torch.tensor(0.7).double(),
                torch.tensor(-3.0).double(),
                torch.tensor(0.2).double(),
            ),
            "plain numbers, without axes",
        ),
    ],
    kinds=[
        ("`a` is negative", lambda y, a, b: bool((a < 0).all())),
        ("`a` is not ±1", lambda y, a, b: bool((a.abs() != 1).all())),
        ("`b` is not 0", lambda y, a, b: bool((b != 0).all())),
    ],
    alternatives=[
        lambda y, a, b: torch.distributions.Normal(b, a.abs()).log_prob(y),
        lambda y, a, b: -0.5 * ((y - b) ** 2 / a**2 + LOG_2PI + torch.log(a**2)),
    ],
    wrong=[
        Wrong(
            "no-volume",
            lambda y, a, b: _standard((y - b) / a),
            "You found the right x, but the area under your curve is |a|. The same mass now lies "
            "on a longer (or shorter) piece of the line: what does that do to its density?",
        ),
        Wrong(
            "volume-sign",
            lambda y, a, b: _standard((y - b) / a) + a.abs().log(),
            "Mind the sign of the volume term: does stretching raise a density or lower it?",
        ),
        Wrong(
            "no-absolute",
            lambda y, a, b: _standard((y - b) / a) - a.log(),
            "Right for positive a. A negative a turns the line around and stretches it all the "
            "same, but its log is nan. What is the **length** of a piece after the map?",
        ),
        Wrong(
            "absolute-of-log",
            lambda y, a, b: _standard((y - b) / a) - a.abs().log().abs(),
            "You made the **log** positive. For |a| < 1 the map squeezes, and the density must "
            "rise.",
        ),
        Wrong(
            "forward-map",
            lambda y, a, b: _standard(a * y + b) - a.abs().log(),
            "You sent y through the map once more. Which x was sent to y?",
        ),
        Wrong(
            "forward-map-no-volume",
            lambda y, a, b: _standard(a * y + b),
            "Two things: you sent y through the map once more instead of asking where it came "
            "from, and nothing accounts for the stretching.",
        ),
        Wrong(
            "other-direction",
            lambda y, a, b: _standard(a * y + b) + a.abs().log(),
            "A right change of variables, but of the other map: yours is the density of "
            "(X − b)/a. Here y = ax + b. For which x do you need the density of X?",
        ),
        Wrong(
            "multiplied",
            lambda y, a, b: _standard((y - b) * a) - a.abs().log(),
            "The shift is undone, but the stretching is done again. How do you undo it?",
        ),
        Wrong(
            "shift-sign",
            lambda y, a, b: _standard((y + b) / a) - a.abs().log(),
            "The shift goes the wrong way: where is the middle of Y?",
        ),
        Wrong(
            "no-shift",
            lambda y, a, b: _standard(y / a) - a.abs().log(),
            "The shift b has no effect. Where is the middle of Y?",
        ),
        *(
            Wrong(
                "wrong-order",
                solve,
                "You undo the two steps in the wrong order. The map multiplies first and adds "
                "then; which of the two must be undone first?",
            )
            for solve in (
                lambda y, a, b: _standard(y / a - b) - a.abs().log(),
                lambda y, a, b: _standard(y / a + b) - a.abs().log(),
            )
        ),
        Wrong(
            "unchanged",
            lambda y, a, b: _standard(y),
            "That is the density of X at y. Nothing in it knows of the map.",
        ),
        Wrong(
            "unchanged-x",
            lambda y, a, b: _standard(y) - a.abs().log(),
            "The volume term is there. But you evaluate the density of X at y: which x was sent "
            "to y?",
        ),
        Wrong(
            "half-volume",
            lambda y, a, b: _standard((y - b) / a) - 0.5 * a.abs().log(),
            "A ½ too many at the volume term. It fits a variance; is **|a|** the variance of Y or "
            "its standard deviation?",
        ),
        Wrong(
            "a-as-variance",
            lambda y, a, b: -0.5 * (y - b) ** 2 / a.abs() - 0.5 * LOG_2PI - 0.5 * a.abs().log(),
            "You took a for the variance of Y. What is the variance of aX?",
        ),
        Wrong(
            "volume-squared",
            lambda y, a, b: _standard((y - b) / a) - (a**2).log(),
            "The volume term is twice what it should be. On a line lengths grow by |a|, once.",
        ),
        Wrong(
            "variance-as-deviation",
            lambda y, a, b: _standard((y - b) / a**2) - (a**2).log(),
            "a² is the variance of Y, used as if it were the standard deviation.",
        ),
        Wrong(
            "volume-not-log",
            lambda y, a, b: _standard((y - b) / a) - a.abs(),
            "You divide a density by its volume factor. What does that become in a **log** "
            "density?",
        ),
        Wrong(
            "log-divided",
            lambda y, a, b: _standard((y - b) / a) / a.abs(),
            "You divide the **log** density by |a|. Dividing the density itself does something "
            "else to its log.",
        ),
        Wrong(
            "density",
            lambda y, a, b: (_standard((y - b) / a) - a.abs().log()).exp(),
            "This is the density itself. The question asks for its log.",
        ),
        Wrong(
            "underflow",
            lambda y, a, b: (_standard((y - b) / a).exp() / a.abs()).log(),
            "The right formula, but far out the density is stored as 0, and log 0 is −inf. Do not "
            "leave the logs.",
        ),
        Wrong(
            "raised-and-signed",
            lambda y, a, b: _standard((y - b) / a) + torch.log(a),
            "Two things: does stretching raise a density or lower it? And what is log a for a "
            "negative a?",
        ),
        Wrong(
            "absolute-too-late",
            lambda y, a, b: _standard((y - b) / a) - torch.log(a).abs(),
            "The absolute value comes too late: what is the log of a negative a?",
        ),
        Wrong(
            "factor-not-log",
            lambda y, a, b: _standard((y - b) / a) + 1 / a.abs(),
            "The factor 1/|a| belongs to the density. What becomes of a factor in a log?",
        ),
        Wrong(
            "no-2-pi",
            lambda y, a, b: -0.5 * ((y - b) / a) ** 2 - a.abs().log(),
            "The map is accounted for, but the constant of the Gaussian is missing: the area under "
            "your curve is not 1.",
        ),
        Wrong(
            "shift-in-volume",
            lambda y, a, b: _standard((y - b) / a) - (a + b).abs().log(),
            "A shift moves everything and stretches nothing. Which part of the map changes "
            "lengths?",
        ),
        Wrong(
            "volume-of-y",
            lambda y, a, b: _standard((y - b) / a) - (a * y).abs().log(),
            "The stretching is the same everywhere on this line. What is the derivative of the "
            "map?",
        ),
        Wrong(
            "negative",
            lambda y, a, b: a.abs().log() - _standard((y - b) / a),
            "This is −log p. Which one is asked for? A log density falls far from the middle.",
        ),
        *(
            Wrong(
                "clamped",
                lambda y, a, b, small=small: _standard((y - b) / a) - a.clamp(min=small).log(),
                "Where a is negative you replace it by a tiny number. The map stretches all the "
                "same, only in the opposite direction.",
            )
            for small in _SMALL
        ),
    ],
    hints=[
        "Which x is sent to y?",
        "Mass is conserved: p_Y(y) times a little length at y is p_X(x) times the little length "
        "it came from.",
        "A probability is never negative. What does a negative a do to lengths?",
    ],
    equivalents={
        "x = (b - y) / a": "−x has the same density as x",
    },
)


EXERCISES = [
    SNOW_GIVEN_COAT,
    FORECAST_MISS,
    MARGINAL_CONDITIONAL,
    SUMS_TO_ONE,
    MARGINAL_Y,
    DENSITY_PEAK,
    HEIGHT_UNITS,
    GAUSSIAN_LOGPDF,
    MC_MEAN,
    MORE_SAMPLES,
    LYING_FINE,
    MIXTURE_MOMENTS,
    PUSHFORWARD,
]
