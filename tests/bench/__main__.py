"""Compare this version with another checkout: ``python -m tests.bench --against DIR``."""

import sys

from tests.bench import speed

speed.main(sys.argv[1:])
