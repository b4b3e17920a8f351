# SPDX-License-Identifier: GPL-2.0-only
"""The patch on a kernel of one's own: `make kernel KERNEL_SRC=path` builds, boots, measures and compares.

| module | what it does |
|---|---|
| `variants` | texts, configurations and boots; `series/` has the diffs that only a kernel needs, `config` the options |
| `needs` | what is missing, and the minutes and megabytes, before anything starts |
| `sources`, `build` | the posted patch and our diffs put on with patch(1), and a kernel compiled |
| `boot`, `init/` | QEMU, and the program in C that is the guest's only process |
| `log` | the log with its inlined functions, and what it says step by step |
| `blocks`, `evidence` | a log's figures in the form of `kernel-evidence.json` |
| `repeat` | the figures beside the stored ones, and beside the model |
"""
