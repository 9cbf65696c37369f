"""``pricing-sync bench``: measures this version beside its peers and judges it by ``goals.toml``.

``scenarios/`` says what is measured, ``ground/`` starts what a scenario needs, ``peers/`` has what
stands beside it.
"""
