"""The pages of the register, a file a subject."""
