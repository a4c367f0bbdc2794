# SPDX-License-Identifier: GPL-2.0-or-later
"""Hosts made of network namespaces, and what runs on them."""
