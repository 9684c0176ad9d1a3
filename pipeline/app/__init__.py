"""The only wiring: ``authoring`` (no store, no provider) and ``clinic`` (everything)."""
