"""``python -m tests.service.web.few_descriptors 256 serve``: our program with few descriptors."""

from __future__ import annotations

import resource
import sys

from service.cli.main import main

if __name__ == "__main__":
    few = int(sys.argv.pop(1))
    resource.setrlimit(resource.RLIMIT_NOFILE, (few, few))
    main()
