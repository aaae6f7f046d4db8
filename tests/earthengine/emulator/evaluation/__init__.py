"""What an expression comes to: images, arrays and reducers, pixel by pixel."""
