"""Reports: what the ledger and the logs say, as text, HTML and CSV.  They read and decide nothing."""
