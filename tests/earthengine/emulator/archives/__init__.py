"""What the emulated archive holds: planets whose every pixel is known, and their catalogues."""
