"""What the models cost, beside other ways to compute them and beside the machine."""
