# SPDX-License-Identifier: GPL-2.0-only
"""What a kernel did, and all it can do: traces, certificates, orders, mutation, unwinding."""
