"""Signal feed, ledger, brokers and the paper-trading loop."""
