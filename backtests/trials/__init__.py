"""The trial ledger: every configuration ever evaluated, and the sealed holdout."""
