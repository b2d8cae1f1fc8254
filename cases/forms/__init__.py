"""The shape of what the pages of the register take in; nothing here writes anything."""
