"""An exact clearing solver on fractions, to check the fast one with."""

from __future__ import annotations

from fractions import Fraction

Row = list[Fraction]


def solve(system: list[Row], right: Row) -> Row:
    """Gauss-Jordan elimination on a regular system."""
    n = len(right)
    rows = [[*system[i], right[i]] for i in range(n)]
    for column in range(n):
        pivot = next(i for i in range(column, n) if rows[i][column] != 0)
        rows[column], rows[pivot] = rows[pivot], rows[column]
        rows[column] = [value / rows[column][column] for value in rows[column]]
        for i in range(n):
            if i != column and rows[i][column] != 0:
                factor = rows[i][column]
                rows[i] = [a - factor * b for a, b in zip(rows[i], rows[column], strict=True)]
    return [row[n] for row in rows]


def clear_exactly(
    debts: list[Row], assets: Row, external: Row, alpha: Fraction, beta: Fraction
) -> tuple[Row, list[list[int]]]:
    """Greatest solution, pari passu, by the fictitious default sequence."""
    n = len(assets)
    nominal = [sum(debts[i], Fraction(0)) + external[i] for i in range(n)]
    share = [
        [debts[i][j] / nominal[i] if nominal[i] else Fraction(0) for j in range(n)]
        for i in range(n)
    ]
    paid, down = list(nominal), set[int]()
    waves: list[list[int]] = []
    while True:
        total = [assets[i] + sum(share[j][i] * paid[j] for j in range(n)) for i in range(n)]
        newly = [i for i in range(n) if i not in down and total[i] < nominal[i]]
        if not newly:
            return paid, waves
        waves.append(newly)
        down |= set(newly)
        at = sorted(down)
        system = [[Fraction(i == j) - beta * share[j][i] for j in at] for i in at]
        right = [
            alpha * assets[i]
            + beta * sum((share[j][i] * nominal[j] for j in range(n) if j not in down), Fraction(0))
            for i in at
        ]
        for i, value in zip(at, solve(system, right), strict=True):
            paid[i] = value
