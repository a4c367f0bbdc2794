# SPDX-License-Identifier: GPL-2.0-or-later
#
# make              the programs, in build/bin
# make SAN=a,b      the same with sanitizers, in build/san-a,b (COV=1: with coverage, in build/cov)
# make deps         installs what the build needs (deps-demo, deps-test: what demo and check need as well; deps-desktop: a
#                   NetworkManager, masked, for the tests that have one read its profile)
# make demo         two gateways, one tunnel, traffic
# make check        the tests of every change (needs root); check-unit, check-net, check-sim, check-fuzz: one kind, at length
# make check-filters
#                   what each process may do, as it is installed (of check-trixie, too); CC=clang B=DIR: of another compiler (needs root)
# make check-kernel the kernel path (needs root): a guest runs the tests where this machine's kernel has not all of IPsec;
# make check-newer  the same of IP-TFS, SAs for each CPU and devices that seal packets, under a newer kernel of Debian's,
#                   for which modules are built
# make check-kernel-net
#                   all cases of check-net that a data path of the kernel can carry, by the kernel's (needs root; hours in a guest);
#                   PART='8 9': only these of its 30 parts
# make check-threads what threads of the userspace path share, with the thread sanitizer (needs root)
# make check-trixie unit and pair tests and the cases of ML-DSA and ML-KEM with Debian 13's OpenSSL, its strongSwan and that
#                   of sid, in a root of it in TRIXIE=DIR (needs root)
# make sim          lives of two peers on a lossy link, SEEDS=a-b (of check-sim, too: these alone); make soak: a million
#                   whose key exchanges cost nothing
# make mutants      breaks one rule of the core at a time and says which tests see it; MUTANTS='NAME...': only these
# make scale        a hundred rekeyings of a child and of the IKE_SA in a row, ten thousand connections, a thousand users who
#                   come by EAP, with traffic of each, a thousand SAs whose process ike is killed, and a thousand SAs in
#                   the kernel, beside strongSwan (needs root)
# make records      the lives and clients in tests/replay recorded anew, after a change of what the core does that was meant
# make imports      what becomes of the files in tests/import, after a change of the importer that was meant
# make options      conf/OPTIONS.md, after a change of the table of options
# make fuzz         the fuzzers, in build/san-fuzzer-no-link,address,undefined/tests/fuzz
# make load         floods and thousands of callers, beside strongSwan (needs root); LOAD='--count 1000 --flood 40000'
# make bench        our daemon measured beside strongSwan's, then the userspace path with ten thousand SAs (needs root);
#                   and with threads that share one, a table and a plot (build/bench.svg); BENCH=--quick, BENCH=--path
# make man          the manual pages, in build/man
# make install      to DESTDIR and PREFIX (uninstall takes it away again); make deps install: on an empty machine
#
# V=1 shows the commands, B=DIR builds in another folder, WARN=-Wall lets warnings pass.

VERSION := 0.1.0
PREFIX ?= /usr/local
B ?= build

# Package (Debian's name), and what it is needed for. A question mark: taken only where the distribution has it
# (Ubuntu 22.04 keeps the sanitizers' run time in a package that clang depends on).
define DEPENDENCIES
gcc                             build
make                            build
libc6-dev                       build
libcrypt-dev                    build
pkg-config                      build
libssl-dev                      build
libevent-dev                    build
libmnl-dev                      build
libnftables-dev                 build
libipsec-mb-dev                 build?
libqrencode-dev                 build?
libseccomp-dev                  build
libsystemd-dev                  build
iproute2                        demo
iperf3                          demo
iputils-ping                    demo
nftables                        demo
procps                          demo
tcpdump                         demo
binutils                        test
clang                           test
libclang-rt-dev                 test?
libcmocka-dev                   test
python3                         test
python3-jsonschema              test
charon-systemd                  test
eapoltest                       test
freeradius                      test
freeradius-utils                test
libcharon-extauth-plugins       test
libcharon-extra-plugins         test
libstrongswan-extra-plugins     test
libstrongswan-standard-plugins  test
strongswan-pki                  test
strongswan-swanctl              test
pkcs11-provider                 test?
softhsm2                        test?
tmux                            test
tshark                          test
zsh                             test
kmod                            kernel
qemu-system-x86                 kernel
xz-utils                        kernel
zstd                            kernel
libcurl3-nss                    kernel?
libldns3                        kernel?
libnss3-tools                   kernel?
libunbound8                     kernel?
debootstrap                     trixie
network-manager                 desktop
strongswan-nm                   desktop
endef
export DEPENDENCIES

# What is built from what. Folders are listed here, files are found.

FOLDERS := $(addprefix ikev2d/,base model crypto wire eap radius ike creds vici vici/codec daemon) \
	xfrm xfrm/kernel xfrm/user pki conf tools/profile tools/ipsec
MAINS := ikev2d/main.c tools/ipsec/main.c
SOURCES := $(filter-out $(MAINS),$(wildcard $(addsuffix /*.c,$(FOLDERS))))
TESTS := $(basename $(wildcard tests/unit/test_*.c tests/pair/test_*.c))
KERNEL_TESTS := $(basename $(wildcard tests/kernel/test_*.c))
HELPERS := $(filter-out $(addsuffix .c,$(TESTS) $(KERNEL_TESTS)), \
	$(wildcard tests/unit/*.c tests/pair/*.c tests/kernel/*.c tests/replay/player.c))
SIM := $(wildcard tests/sim/*.c)
RECORDED := $(patsubst %-moon.log,%,$(wildcard tests/replay/[0-9]*-moon.log))
NET := $(wildcard tests/net/run)
FUZZERS := $(basename $(wildcard tests/fuzz/fuzz_*.c))
BENCHES := $(wildcard tests/bench/*.c)

, := ,

# Every variant has a folder of its own for its objects; another compiler or other flags build it anew.
VARIANT := $(or $(addprefix san-,$(SAN)),$(if $(COV),cov),plain)
O := $(B)/$(VARIANT)
BIN := $(if $(filter plain,$(VARIANT)),$(B),$(O))/bin
BENCH_BINS := $(BENCHES:tests/bench/%.c=$(BIN)/%)
object = $(patsubst %.c,$(O)/%.o,$(1))

ifeq ($(origin CC),default)
CC := gcc
endif
WARN ?= -Wall -Wextra -Werror
CFLAGS ?= $(if $(COV),-O0,-O2) -g $(if $(SAN)$(COV),,-D_FORTIFY_SOURCE=2)

PACKAGES := "libssl >= 3.0" "libcrypto >= 3.0" libevent_core libevent_extra libmnl libnftables libseccomp libsystemd
PACKAGE_CFLAGS := $(shell pkg-config --cflags $(PACKAGES) 2>/dev/null)
PACKAGE_LIBS := $(shell pkg-config --libs $(PACKAGES) 2>/dev/null)

INSTRUMENT := $(if $(SAN),-fsanitize=$(SAN) -fno-sanitize-recover=all -fno-omit-frame-pointer) $(if $(COV),--coverage)
COMPILE = $(CC) -std=c11 -D_GNU_SOURCE -DIKEV2D_VERSION=\"$(VERSION)\" -Iikev2d -I. $(PACKAGE_CFLAGS) $(WARN) \
	-fPIE -fstack-protector-strong -U_FORTIFY_SOURCE $(INSTRUMENT) $(CPPFLAGS) $(CFLAGS)
LINK = $(CC) $(INSTRUMENT) $(CFLAGS) -pie -Wl,-z,relro,-z,now,--as-needed $(LDFLAGS)
# A sanitizer has functions of libcrypt's name, behind which it wants the real ones.
LIBS = $(PACKAGE_LIBS) -Wl,--push-state,--no-as-needed -lcrypt -Wl,--pop-state -lpthread

SHOW = $(if $(V),,@echo "  $@" &&)

.DELETE_ON_ERROR:
.SECONDARY:
.PHONY: all tests deps deps-demo deps-test deps-desktop demo root check check-unit check-net check-filters check-kernel check-kernel-net check-newer check-sim check-fuzz check-threads check-trixie sim soak mutants scale records imports options \
	fuzz fuzzers bench load man install uninstall clean format FORCE

all: $(BIN)/ikev2d $(BIN)/ipsec
tests: $(addprefix $(O)/,$(TESTS) $(KERNEL_TESTS)) $(if $(SIM),$(BIN)/sim) $(BIN)/replay $(BIN)/ikev2d-hostile $(BIN)/eap-server $(BENCH_BINS)
fuzzers: $(addprefix $(O)/,$(FUZZERS))

$(O)/%.o: %.c $(O)/flags
	@mkdir -p $(@D)
	$(SHOW) $(COMPILE) -MMD -MP -c -o $@ $<

# Archives are made anew: base names repeat in them, and a source that is gone must not stay.
$(O)/ikev2d.a: $(call object,$(SOURCES)) $(O)/sources
$(O)/tests.a: $(call object,$(HELPERS)) $(O)/sources
$(O)/%.a:
	@rm -f $@
	$(SHOW) ar qcs $@ $(filter %.o,$^)

$(BIN)/ikev2d: $(O)/ikev2d/main.o $(O)/ikev2d.a
$(BIN)/ipsec: $(O)/tools/ipsec/main.o $(O)/ikev2d.a
# The daemon with processes ike, eap and esp that somebody has taken over.
$(BIN)/ikev2d-hostile: $(O)/ikev2d/main.o $(O)/tests/net/hostile.o $(O)/ikev2d.a
$(BIN)/ikev2d-hostile: LIBS += -Wl,--wrap=speaker_take_inquiry -Wl,--wrap=carrier_take_order
# EAP on TLS behind RADIUS, for others' clients.
$(BIN)/eap-server: $(O)/tests/net/eap_server.o $(O)/tests.a $(O)/ikev2d.a
$(BIN)/sim: $(call object,$(SIM)) $(O)/tests.a $(O)/ikev2d.a
$(BIN)/replay: $(O)/tests/replay/main.o $(O)/tests.a $(O)/ikev2d.a
$(BENCH_BINS): $(BIN)/%: $(O)/tests/bench/%.o $(O)/tests.a $(O)/ikev2d.a
$(addprefix $(O)/,$(TESTS) $(KERNEL_TESTS) $(FUZZERS)): %: %.o $(O)/tests.a $(O)/ikev2d.a
$(addprefix $(O)/,$(TESTS) $(KERNEL_TESTS)) $(BIN)/sim $(BIN)/replay: LIBS += -lcmocka
# What is compared is counted.
$(O)/tests/pair/test_found: LIBS += $(addprefix -Wl$(,)--wrap=,tss_eq id_eq)
# What the explorer allocates can be put back as it was (tests/sim/memory.h).
$(BIN)/sim: LIBS += $(addprefix -Wl$(,)--wrap=,malloc calloc realloc reallocarray free)
# What the kernel is asked for, and what it refuses, can be counted.
$(O)/tests/unit/test_ipsec: LIBS += -Wl,--wrap=poll
$(O)/tests/unit/test_guard: LIBS += -Wl,--wrap=pairs_add,--wrap=nft_open
$(O)/tests/unit/test_guarded: LIBS += -Wl,--wrap=answers_ask
$(O)/tests/unit/test_kernel_caps: LIBS += -Wl,--wrap=xfrm_encap
$(addprefix $(O)/,$(FUZZERS)): LIBS += -fsanitize=fuzzer
$(BIN)/ikev2d $(BIN)/ipsec $(BIN)/sim $(BIN)/replay $(BIN)/ikev2d-hostile $(BIN)/eap-server $(BENCH_BINS) \
	$(addprefix $(O)/,$(TESTS) $(KERNEL_TESTS) $(FUZZERS)):
	@mkdir -p $(@D)
	$(SHOW) $(LINK) -o $@ $^ $(LIBS)

# $(call remember,TEXT): a file that changes only when the text does.
remember = mkdir -p $(@D); echo '$(1)' | cmp -s - $@ || echo '$(1)' >$@

$(O)/flags: FORCE
	$(if $(PACKAGE_LIBS),,$(error OpenSSL 3, libevent, libmnl, libnftables, libseccomp or libsystemd is missing: run "make deps" (as root) first))
	@$(call remember,$(COMPILE) $(LINK))
$(O)/sources: FORCE
	@$(call remember,$(SOURCES) $(HELPERS))

-include $(patsubst %.o,%.d,$(call object,$(MAINS) $(SOURCES) $(HELPERS) $(SIM) $(BENCHES) tests/replay/main.c tests/net/hostile.c tests/net/eap_server.c \
	$(addsuffix .c,$(TESTS) $(KERNEL_TESTS) $(FUZZERS))))

# What is run. These start make again, so that packages installed on the way are seen.

AGAIN = $(MAKE) --no-print-directory $(if $(findstring -j,$(MAKEFLAGS)),,-j$$(nproc))
CHECKED := address,undefined
FUZZED := fuzzer-no-link,address,undefined
C := $(B)/san-$(CHECKED)
F := $(B)/san-$(FUZZED)

deps:
	@tools/deps build
deps-demo:
	@tools/deps build demo
deps-test:
	@tools/deps build demo test
deps-desktop:
	@tools/deps desktop

demo: deps-demo
	+@$(AGAIN) all
	@BIN=$(BIN) tools/demo

root:
	@[ "$$(id -u)" = 0 ] || { echo "The tests make network namespaces: run this as root." >&2; exit 1; }

# $(call suites_fuzz,HOW LONG): the command of every fuzzer; what it finds on its way is kept out of our corpus.
suite_fuzz = '$(F)/tests/fuzz/fuzz_$(1) -seed=1 $(2) -artifact_prefix=$(B)/ $(F)/corpus/$(1) \
	$(wildcard tests/fuzz/corpus/$(1))'
suites_fuzz = $(foreach f,$(FUZZERS),$(call suite_fuzz,$(patsubst tests/fuzz/fuzz_%,%,$(f)),$(1)))

check: root
	+@$(AGAIN) deps-test
	+@$(AGAIN) all
	+@$(AGAIN) SAN=$(CHECKED) all tests
	+@$(AGAIN) fuzz
	@B=$(B) BIN=$(C)/bin tests/run -j 2 -t 60 tools/floors tools/pure tools/carried 'tests/sim/mutants --check' $(addprefix $(C)/,$(TESTS)) \
		'$(C)/bin/replay tests/replay/*.log' \
		-t 240 $(if $(SIM),'$(C)/bin/sim --seeds 1-2000') $(call suites_fuzz,-runs=10000 -max_total_time=15) \
		-j 1 -t 400 $(NET:%='% --quick')
check-unit:
	+@$(AGAIN) SAN=$(CHECKED) tests
	@tests/run -j 2 -t 60 $(addprefix $(C)/,$(TESTS))
check-net: root
	+@$(AGAIN) SAN=$(CHECKED) all $(C)/bin/replay $(C)/bin/ikev2d-hostile $(C)/bin/eap-server $(BENCHES:tests/bench/%.c=$(C)/bin/%)
	@BIN=$(C)/bin tests/run -t 1750 '$(NET) --workers 3'
# Each process with work to do, as it is installed: a sanitizer wants system calls of its own, and the list of those that are
# admitted is longer then. What a compiler makes of the same sources may want others: CC=clang B=DIR. And one that somebody has
# taken over ends over what it must not do.
export FILTERED := $(addsuffix -process-has-no-rights,ike ctl esp eap) $(addsuffix -has-no-rights,keeper certs) \
	guard-keeps-few-rights $(addsuffix -killed,ike ctl esp certs) keeper-killed-psk eap-process-is-killed eap-of-ours \
	eap-on-tls-of-ours-eap-tls-ecdsa-256 ocsp-good pki-with-mldsa-mldsa65 mlkem-by-default token-of-pkcs11 ike-taken-over \
	radius-lives-on-without
check-filters: root
	+@$(AGAIN) deps-test
	+@$(AGAIN) all $(O)/tests/unit/test_sandbox $(BIN)/ikev2d-hostile
	@BIN=$(BIN) tests/run -t 60 $(O)/tests/unit/test_sandbox -t 400 '$(NET) $(FILTERED)'
# Whole daemons go without sanitizers: in an emulated machine these cost more than all the rest. Of the cases that either data
# path can carry some are run by the kernel's.
EITHER_PATH := inside-outside-6-in-4 initiator-behind-nat route-based-tunnel-ipv4 shunt-drops-ipv4 orderly-stop-trap-by-command \
	trap-goes-with-its-connection trap-changes-its-networks trap-after-ike-was-lost kill-switch-after-a-crash kill-switch-for-all \
	roaming-to-a-better-link full-tunnel lan-bypass-ipv4 virtual-address-by-a-trap trap-without-a-peer main-table-ipv4 \
	cleanup-after-a-crash-own-device outer-tos-no-dscp-but-ecn outer-tos-both-of-ipv6
check-kernel: root
	+@$(AGAIN) deps-test
	+@$(AGAIN) all
	+@$(AGAIN) SAN=$(CHECKED) tests
	@GUEST_LIMIT=2900 BIN=$(B)/bin tests/kernel/run tests/run -t 300 $(addprefix $(C)/,$(KERNEL_TESTS) tests/unit/test_device) \
		-t 1900 '$(NET) --kernel' -t 500 '$(NET) --path kernel $(EITHER_PATH)'
# What only a newer kernel of Debian's has; its packages and sources are some 400 MB.
check-newer: root
	+@$(AGAIN) deps-test
	+@$(AGAIN) all
	+@$(AGAIN) SAN=$(CHECKED) tests
	@GUEST_KERNEL=backports GUEST_CACHE=$(abspath $(B))/guest BIN=$(B)/bin tests/kernel/run tests/run \
		-t 500 $(C)/tests/kernel/test_backend -t 900 '$(NET) --kernel --newer' '$(NET) --kernel kernel-cpus'
# Each part has a guest of its own: one that hangs costs no other. By its own clock nothing is late there, so that it may take
# as long as a busy machine needs; four cases at a time, since while it has nothing to do it goes by the machine's clock.
check-kernel-net: PARTS ?= 30
check-kernel-net: PART ?= $(shell seq $(PARTS))
check-kernel-net: root
	+@$(AGAIN) deps-test
	+@$(AGAIN) all tests
	@BIN=$(B)/bin tests/kernel/run true
	@GUEST_CLOCK=own GUEST_CPUS=1 GUEST_MEMORY=3072 GUEST_LIMIT=7200 BIN=$(B)/bin tests/run -t 7300 \
		$(foreach i,$(PART),'tests/kernel/run $(NET) --path kernel --workers 4 --part $(i)/$(PARTS)')
# Sanitizers double what a life costs: part of the lives, those of the soak that failed once and small worlds go with them, all
# others without. With SEEDS there are those lives alone, with them.
check-sim: LIVES := 1-20000
check-sim: SANITIZED := 2001-4000
check-sim: BESIDE := 1-4000
check-sim: BESIDE_SANITIZED := 4001-4300
check-sim: FAILED := 417465 475733 675397 963357 2009693
check-sim: WORLDS := ike-delete-both reauth child-create-both
check-sim:
	+@$(AGAIN) SAN=$(CHECKED) tests
	+@$(AGAIN) SAN= COV= $(B)/bin/sim
	@tests/run -t 900 $(if $(SEEDS),'$(C)/bin/sim --seeds $(SEEDS)','$(B)/bin/sim --seeds $(LIVES)' \
		'$(C)/bin/sim --seeds $(SANITIZED)' '$(B)/bin/sim --beside --seeds $(BESIDE)' \
		'$(C)/bin/sim --beside --seeds $(BESIDE_SANITIZED)' $(foreach s,$(FAILED),'$(C)/bin/sim --light --seeds $(s)-$(s)') \
		'$(B)/bin/sim --explore' $(foreach w,$(WORLDS),'$(C)/bin/sim --explore $(w)') \
		'$(C)/bin/replay tests/replay/*.log')
check-fuzz: fuzz
	@tests/run -j 2 -t 200 $(call suites_fuzz,-runs=100000 -max_total_time=20)

# What threads share: packet threads and who gives them orders, and threads that only wait.
THREADED := $(addprefix tests/unit/test_,lanes meter outer plane snapshot user user_cpus worker)
check-threads: root
	+@$(AGAIN) SAN=thread $(addprefix $(B)/san-thread/,$(THREADED))
	@$$(setarch -R true 2>/dev/null && echo setarch -R) tests/run -j 2 -t 60 $(addprefix $(B)/san-thread/,$(THREADED)) # it knows no randomized addresses

check-trixie: TRIXIE ?= $(B)/trixie
check-trixie: root
	@tools/deps trixie
	@tests/run -t 4500 'tests/trixie/run $(TRIXIE)'

soak: SEEDS ?= 1-1000000
soak:
	+@$(AGAIN) tests
	@$(BIN)/sim --light --seeds $(SEEDS)

mutants:
	@tests/sim/mutants $(MUTANTS)

sim: SEEDS ?= 1-10000
sim: $(BIN)/sim
	@$(BIN)/sim --seeds $(SEEDS)
# The name of a life: its seed, and "secrets" where keys are in its record.
records: $(BIN)/sim $(O)/tests/pair/test_clients
	@for life in $(RECORDED); do \
		set -- $$(basename $$life | tr - ' '); \
		$(BIN)/sim --record$${2:+-$$2} $$1 $$life || exit 1; \
	done
	@$(O)/tests/pair/test_clients --record tests/replay
imports: $(O)/tests/unit/test_import
	@$< --write
options: $(BIN)/ikev2d
	@$(BIN)/ikev2d --options >conf/OPTIONS.md
fuzz:
	+@$(AGAIN) CC=clang SAN=$(FUZZED) fuzzers
	@rm -rf $(F)/corpus
	@mkdir -p $(F)/corpus $(patsubst tests/fuzz/fuzz_%,$(F)/corpus/%,$(FUZZERS))

scale: root
	+@$(AGAIN) deps-test
	+@$(AGAIN) SAN= COV= all $(addprefix $(B)/bin/,callers flood)
	+@$(AGAIN) SAN=$(CHECKED) all
	@BIN=$(C)/bin tests/run -t 600 '$(NET) --scale'
	@BIN=$(B)/bin tests/bench/load --flood --kinds eap --count 5000
	@BIN=$(B)/bin tests/kernel/run tests/run -t 800 '$(NET) --scale --kernel' || [ $$? = 77 ]
bench: root
	+@$(AGAIN) deps-test
	+@$(AGAIN) SAN= COV= all tests
	@BIN=$(B)/bin tests/bench/run $(BENCH) --json $(B)/bench.json
	@$(B)/bin/many
	@$(B)/bin/lanes
	@echo; tests/bench/plot $(B)/bench.json --svg $(B)/bench.svg
load: root
	+@$(AGAIN) deps-test
	+@$(AGAIN) SAN= COV= all tests
	@BIN=$(B)/bin tests/bench/load $(LOAD)

# Manual pages come of the tables in the programs; only those of this machine can be asked for them.
MAN := $(addprefix $(B)/man/,ipsec.8 ikev2d.8 ikev2d.conf.5)
man: $(MAN)
$(B)/man/ipsec.8: $(BIN)/ipsec
	@mkdir -p $(@D)
	$(SHOW) $< help --man >$@
$(B)/man/ikev2d.8 $(B)/man/ikev2d.conf.5: $(BIN)/ikev2d
	@mkdir -p $(@D)
	$(SHOW) $< --man $(basename $(@F)) >$@

# "make deps install" on an empty machine: what deps brings is seen by a make that begins behind it.
ifneq ($(and $(filter deps,$(MAKECMDGOALS)),$(filter install,$(MAKECMDGOALS))),)
install: deps
	+@$(AGAIN) install
else
install: all man
	install -D -m 755 $(BIN)/ikev2d $(DESTDIR)$(PREFIX)/sbin/ikev2d
	install -D -m 755 $(BIN)/ipsec $(DESTDIR)$(PREFIX)/bin/ipsec
	install -D -m 644 -t $(DESTDIR)$(PREFIX)/share/man/man8 $(filter %.8,$(MAN))
	install -D -m 644 -t $(DESTDIR)$(PREFIX)/share/man/man5 $(filter %.5,$(MAN))
	install -D -m 644 tools/completion/ipsec.bash $(DESTDIR)$(PREFIX)/share/bash-completion/completions/ipsec
	install -D -m 644 tools/completion/_ipsec $(DESTDIR)$(PREFIX)/share/zsh/site-functions/_ipsec
	install -d $(DESTDIR)$(PREFIX)/share/doc/ikev2d
	cp -r conf/examples conf/OPTIONS.md tools/ipsec/schema.json $(DESTDIR)$(PREFIX)/share/doc/ikev2d/
	install -d -m 700 $(DESTDIR)/etc/ikev2d
endif
uninstall:
	rm -f $(DESTDIR)$(PREFIX)/sbin/ikev2d $(DESTDIR)$(PREFIX)/bin/ipsec
	rm -f $(addprefix $(DESTDIR)$(PREFIX)/share/,man/man8/ipsec.8 man/man8/ikev2d.8 man/man5/ikev2d.conf.5 \
		bash-completion/completions/ipsec zsh/site-functions/_ipsec)
	rm -rf $(DESTDIR)$(PREFIX)/share/doc/ikev2d

clean:
	rm -rf $(B)
format:
	find ikev2d xfrm pki conf tools tests -name '*.[ch]' | xargs clang-format -i
