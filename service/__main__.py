"""``python -m service``: the same as the ``pricing-sync`` command."""

from __future__ import annotations

from service.cli.main import main

if __name__ == "__main__":
    main()
