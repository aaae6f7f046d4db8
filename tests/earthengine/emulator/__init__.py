"""An emulator of Earth Engine on loopback: its server, its faults, its answers."""
