"""The engine for many processes and machines, on Ray Core; an extra, imported only when asked for."""
