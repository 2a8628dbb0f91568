"""Where figures and prices are fetched from: one file for each publisher, one for exchanges."""
