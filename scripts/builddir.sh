#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Prints where this tree is built: $O, or a folder of its own in the cache. Never in the tree: what
# is found there is source.
set -eu

top=$(cd "$(dirname "$0")/.." && pwd)
echo "${O:-${KTM_CACHE:-$HOME/.cache/ktm}/build-$(echo "$top" | sha256sum | cut -c1-8)}"
