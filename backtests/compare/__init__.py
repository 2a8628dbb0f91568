"""Compare variants with each other and with yardsticks, on the same days."""
