"""Words and pure rules about supplies, hotlines and medical access: values in, values out."""
