"""Mail APIs: one file each, all answering in ``delivery.outcome``."""
