"""The claims speak of the data that are stored: data drawn with another seed make them fail."""

import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent


def passed_with(name, seed, claims):
    """Exit code and output of the claims of one page, with one data set drawn anew."""
    script, file = HERE / "with_another_seed.py", HERE / "claims" / f"test_{claims}.py"
    ran = subprocess.run(
        [sys.executable, str(script), name, seed, str(file)], capture_output=True, text=True, check=False
    )
    return ran.returncode, ran.stdout + ran.stderr


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "claims"),
    [
        ("groups20", "06_pooling"),
        ("herbivory", "10_fitting"),
        ("fields", "capstone_fields"),
        ("implants", "12_checking"),
        ("happiness", "05_random_slopes"),
    ],
)
def test_another_seed_makes_claims_fail(name, claims):
    code, said = passed_with(name, "1001", claims)
    assert code == pytest.ExitCode.TESTS_FAILED
    assert "assert" in said and "1 failed" in said
    assert (
        "DataError" not in said and " error" not in said.splitlines()[-1]
    )  # a claim is false, nothing broke


@pytest.mark.slow
def test_its_own_seed_makes_none_fail():
    code, said = passed_with("fields", "its own", "capstone_fields")
    assert code == pytest.ExitCode.OK, said
