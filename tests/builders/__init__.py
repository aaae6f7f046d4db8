"""Small valid inputs and finished results that many tests share."""
