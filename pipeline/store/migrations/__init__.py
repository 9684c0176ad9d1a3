"""One file per step of the schema, numbered, forward only, each run whole or not at all.

In charge of: how an older database becomes a newer one. Not in charge of: today's tables (``schema``);
a migration never imports them, because what it did must stay what it did.
"""
