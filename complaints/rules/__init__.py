"""Words and pure rules about complaints: values in, values out."""
