"""Routes, with the role that may call each, and the OpenAPI document made from them."""
