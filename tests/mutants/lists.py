"""All mutants in one list."""

from __future__ import annotations

from tests.mutants.adapters import ADAPTERS
from tests.mutants.bills import BILLS
from tests.mutants.counting import COUNTING
from tests.mutants.decisions import DECISIONS
from tests.mutants.drawn import DRAWN
from tests.mutants.guards import GUARDS
from tests.mutants.prices import PRICES

MUTANTS = (*PRICES, *BILLS, *ADAPTERS, *GUARDS, *DECISIONS, *COUNTING, *DRAWN)
