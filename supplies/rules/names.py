"""How a name is shown behind the link of a household: enough to tell one from the other, no more."""


def masked_name(name: str) -> str:
    """林*满 of 林小满, 林* of 林满; of a name with blanks the initials: J. S. of John Smith."""
    name = name.strip()
    words = name.split()
    if len(words) > 1:
        return " ".join(f"{word[0]}." for word in words)
    if len(name) <= 1:
        return "*" if name else ""
    if len(name) == 2:
        return f"{name[0]}*"
    return f"{name[0]}{'*' * (len(name) - 2)}{name[-1]}"
