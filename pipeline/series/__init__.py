"""Article to series: cutting, wording, readability, and the ``series.toml`` a human edits. Pure."""
