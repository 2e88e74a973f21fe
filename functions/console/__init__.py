"""HR's pages, and the read API behind them."""
