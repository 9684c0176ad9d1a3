"""The sections and keys of config.toml: types, defaults and meaning of each."""
