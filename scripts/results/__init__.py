# SPDX-License-Identifier: GPL-2.0-only
"""What is made from what was measured: main.py says what there is."""
