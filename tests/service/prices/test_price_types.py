"""The type checker refuses to mix raw and canonical prices."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]

# Each line that ends in a comment is wrong; the comment is mypy's name for the error.
MIXED_UP = """\
from decimal import Decimal

from service.prices.units import Axis, CanonicalPrice, RawPrice, Unit, Usd, to_canonical, usd_text

raw = RawPrice(Axis.INPUT, Decimal("0.26"), Unit.USD_PER_1M_TOKENS, "0.26", "input")
canonical = to_canonical(raw)
usd_text(canonical.usd)
usd: Usd = canonical.usd

to_canonical(canonical)  # arg-type
usd_text(raw.amount)  # arg-type
usd_text(raw)  # arg-type
CanonicalPrice(Axis.INPUT, raw.amount)  # arg-type
CanonicalPrice(Axis.INPUT, Decimal("0.00000026"))  # arg-type
again: CanonicalPrice = raw  # assignment
back: RawPrice = canonical  # assignment
amount: Usd = raw.amount  # assignment
RawPrice(Axis.INPUT, Decimal("0.26"), "usd_per_token", "0.26", "input")  # arg-type
RawPrice(Axis.INPUT, Decimal("0.26"), text="0.26", key="input")  # call-arg
RawPrice(Axis.INPUT, 0.26, Unit.USD_PER_1M_TOKENS, "0.26", "input")  # arg-type
"""


def test_the_type_checker_refuses_every_way_to_mix_them_up(tmp_path: Path) -> None:
    file = tmp_path / "mixed_up.py"
    file.write_text(MIXED_UP)
    wrong = {
        number: line.rsplit("# ")[1]
        for number, line in enumerate(MIXED_UP.splitlines(), start=1)
        if "  # " in line
    }

    checked = subprocess.run(
        [
            *(sys.executable, "-m", "mypy", "--strict", "--no-incremental", "--no-error-summary"),
            *("--config-file", "/dev/null", "--follow-imports", "silent", str(file)),
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=50,
    )

    errors = [line for line in checked.stdout.splitlines() if ": error: " in line]
    found = {int(line.split(":")[1]): line.rsplit("[")[-1].rstrip("]") for line in errors}
    assert found == wrong, checked.stdout + checked.stderr
