# SPDX-License-Identifier: GPL-2.0-only
"""The machine: it turns a C tree into Python code objects whose file and line numbers are the C's.

It is not a C implementation. It takes the subset of C that the tree and a reader's edits need, and names, with file and
line, whatever is outside of it (limit: subset). Where C leaves the order of evaluation open, it goes from left to right
(limit: left to right). What the C stands on (allocator, references, files) is `kvmplanes.model.floor`.
"""
