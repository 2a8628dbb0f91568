"""Walk forward: parameters chosen on the past, judged on what came after."""
