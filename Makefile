# SPDX-License-Identifier: GPL-2.0
#
# ktm: kernel modules, library and command line. `make help` lists the targets.
#
#   O=DIR         where everything is built (default: a folder in ~/.cache/ktm)
#   KERNEL=NAME   kernel to build the modules for: a release with headers installed, `stock` (the
#                 newest in /boot) or `debug` (scripts/kernel/build.sh); default: the running one
#                 if it has headers, else stock
#   DESTDIR, PREFIX  for install

O ?= $(shell scripts/builddir.sh)
override O := $(abspath $(O))
KERNEL ?= $(if $(wildcard /lib/modules/$(shell uname -r)/build),$(shell uname -r),stock)
PREFIX ?= /usr/local

MODULES := $(O)/modules-$(KERNEL)

# For scripts/check and what it calls.
export O

.PHONY: all modules userlib deps check check-debug crash-all enumerate-all fuzz-all model-all random-all bench bench-scale demo install uninstall clean help

all: modules userlib

modules:
	scripts/kernel/modules.sh $(KERNEL) $(MODULES)

userlib:
	$(MAKE) -C userlib O=$(O)/userlib PREFIX=$(PREFIX) all

deps:
	scripts/deps.sh

check: deps
	scripts/check

check-debug: deps
	scripts/kernel/build.sh
	scripts/check planted debug

crash-all: deps
	KTM_CRASH_POINTS=all scripts/check crash

enumerate-all: deps
	KTM_CHECK_SHOW='^#' scripts/check enumerate_all flips

fuzz-all: deps
	KTM_CHECK_SHOW='^#' scripts/check fuzz_all

model-all: deps
	MODEL_CUTS=2 MODEL_LOSSES=2 MODEL_LTL_ALL=1 scripts/check model model_mutations

random-all: deps
	scripts/kernel/build.sh
	KTM_CHECK_SHOW='^#' scripts/check random

bench:
	scripts/deps.sh bench
	KTM_CHECK_SHOW='^#' scripts/check bench

bench-scale: deps
	KTM_CHECK_SHOW='^#' scripts/check scale

demo:
	scripts/deps.sh demo
	scripts/demo/run

install: all
	scripts/kernel/modules.sh --install $(KERNEL) $(MODULES) "$(DESTDIR)"
	$(MAKE) -C userlib O=$(O)/userlib PREFIX=$(PREFIX) DESTDIR=$(DESTDIR) install

uninstall:
	scripts/kernel/modules.sh --uninstall $(KERNEL) $(MODULES) "$(DESTDIR)"
	$(MAKE) -C userlib O=$(O)/userlib PREFIX=$(PREFIX) DESTDIR=$(DESTDIR) uninstall

clean:
	rm -rf $(O)

help:
	@echo 'make              build the modules and the library and command line'
	@echo 'make check        every check: style, builds, unit tests, tests in a virtual machine'
	@echo 'make check-debug  every kselftest under the debug kernel (built when needed, minutes)'
	@echo 'make crash-all    a power cut at every point of the crash tests (hours)'
	@echo 'make enumerate-all  every image that power cuts leave of a log, very many (minutes)'
	@echo 'make fuzz-all     50 million executions of the fuzzers'
	@echo 'make model-all    the model of the commit protocol, larger and broken on purpose (minutes)'
	@echo 'make random-all   a million random calls, against a model and racing, debug kernel'
	@echo 'make bench        durable commits beside fio, recovery beside reading (minutes)'
	@echo 'make bench-scale  cost and memory with up to a million open transactions'
	@echo 'make demo         show what it is for, in a virtual machine'
	@echo 'make install      install modules, library and command line (DESTDIR, PREFIX)'
	@echo 'make uninstall    remove them again'
	@echo 'make deps         install the packages that the above need (Debian)'
	@echo 'make clean        remove $(O)'
	@echo 'Variables: O=$(O) KERNEL=$(KERNEL)'
	@echo 'Single checks: scripts/check --list'
