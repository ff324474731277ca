"""Nothing outlasts a verdict's time budget, whatever it does."""

import subprocess
import sys
import time
import weakref

import pytest
import sympy

import symgrad as sg
from symgrad.verification.budget import Budget, OutOfTime


def forever():
    while True:
        time.sleep(0.001)


def stubborn():
    while True:
        try:
            forever()
        except Exception:
            continue


@pytest.mark.parametrize("work", [forever, stubborn, lambda: sympy.expand(sum(sympy.symbols("a:j")) ** 60)])
def test_work_is_interrupted_when_the_budget_is_spent(work):
    start = time.monotonic()
    with pytest.raises(OutOfTime):
        Budget(0.2).run(work)
    assert time.monotonic() - start < 60  # not "never": how late it is on a busy machine is nobody's promise


def test_no_interruption_is_lost_in_a_callback_of_a_weak_reference(monkeypatch):
    class Key:
        pass

    def dying_keys():
        numbers = weakref.WeakKeyDictionary()
        while True:
            numbers[Key()] = 1

    lost = []
    monkeypatch.setattr("sys.unraisablehook", lost.append)
    for _ in range(10):
        with pytest.raises(OutOfTime):
            Budget(0.05).run(dying_keys)
    assert not lost


def test_work_within_the_budget_is_left_alone():
    budget = Budget(30.0)
    assert [budget.run(lambda number=number: number) for number in range(50)] == list(range(50))


TRACED = """
import sys
from symgrad.verification.budget import Budget, OutOfTime

Budget(30).run(lambda: None)
try:
    Budget(0.01).run(lambda: [0 for _ in iter(int, 1)])
except OutOfTime:
    pass
sys.settrace(lambda *event: None)
print(sum((lambda: 1)() for _ in range(10)))
"""


def test_what_follows_may_be_traced_as_debuggers_do():
    ran = subprocess.run([sys.executable, "-c", TRACED], capture_output=True, text=True, timeout=120, check=True)
    assert ran.stdout == "10\n"


def test_a_claim_that_cannot_be_read_in_time_is_undecided():
    @sg.model
    def line(x, w):
        L = w * x
        return L

    def endless(x):
        while True:
            x = x + 0

    verdict = sg.derive(line).verify("w", endless, seconds=0.5)
    assert verdict.status == "undecided"
    assert "0.5 s" in verdict.reason
