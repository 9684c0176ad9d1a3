"""Pages over HTTP: previews, staff pages (loopback only) and patients' pages (may be public)."""
