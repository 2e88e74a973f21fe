"""What every Greenroom function shares: domain, adapters, runtime, host."""
