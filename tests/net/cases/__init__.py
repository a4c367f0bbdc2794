# SPDX-License-Identifier: GPL-2.0-or-later
"""The cases, by theme; every module here is read."""
