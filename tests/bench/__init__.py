"""This version beside another checkout; `pricing-sync bench` measures one version."""
