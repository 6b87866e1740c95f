"""The measures of the work, as in protocol.mjs."""

WINDOW, WINDOWS, CHECKED_STEPS = 32, 8, 50
ROWS = WINDOW * WINDOWS
