# make, make try, make check, make install. Edit conf-cc and conf-home, not this file.
# Needs GNU make. make SANITIZE=1 builds and checks under ASan and UBSan, make STATIC=1 links
# statically, make fuzz looks for inputs that break something (needs clang), each in a build
# directory of its own.
, := ,
CC       := $(shell head -n 1 conf-cc)
HOMEDIR  := $(strip $(shell head -n 1 conf-home))
BUILD    := build$(if $(SANITIZE),-sanitize)$(if $(STATIC),-static)
WARNINGS := -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wstrict-prototypes \
	-Wmissing-prototypes -Wformat=2 -Wvla -Wundef
HARDEN   := $(if $(SANITIZE),-fsanitize=address$(,)undefined -fno-sanitize-recover=all,\
	-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2 -fstack-protector-strong) -fPIE
# What programs are made for, which -m32 has a say in: "8 1" is amd64.
MACHINE  := $(shell echo __SIZEOF_LONG__ __x86_64__ | $(CC) $(CFLAGS) -E -P -)
# Where a long has 32 bits, files of more than 2 GiB and years after 2038 have to be asked for.
# Elsewhere that does nothing but give calls other names, which tests put their own in the place of.
LARGE    := $(if $(filter 4,$(MACHINE)),-D_FILE_OFFSET_BITS=64 -D_TIME_BITS=64)
FLAGS    := -std=c17 -O2 -g -D_GNU_SOURCE $(LARGE) -Isrc -Itests -MMD -MP $(WARNINGS) $(HARDEN)
LINK     := $(if $(SANITIZE),-fsanitize=address$(,)undefined) -Wl,-z,relro,-z,now
# Of programs; tests are never static. Not every libc has rcrt1.o, by which -static-pie starts.
FORM     := $(if $(STATIC),-static$(if $(findstring /,$(shell $(CC) -print-file-name=rcrt1.o)),-pie),-pie)
PROGRAMS := $(patsubst src/programs/%.c,%,$(wildcard src/programs/*.c))
MODULES  := $(filter-out src/programs/%,$(wildcard src/*/*.c))
UNITS    := $(patsubst tests/unit/%.c,$(BUILD)/unit/%,$(wildcard tests/unit/*.c))
FUZZERS  := $(patsubst tests/fuzz/%.c,$(BUILD)/fuzz/%,$(wildcard tests/fuzz/*.c))
SUPPORT  := $(patsubst %.c,$(BUILD)/%.o,$(filter-out %/replay.c %/fail.c %/taken_over.c,$(wildcard tests/support/*.c)))
# To be preloaded, which neither a sanitizer nor a static program lets be.
SHIM     := $(if $(SANITIZE)$(STATIC),,$(BUILD)/fail.so)
BENCH    := $(patsubst tests/%.c,$(BUILD)/%,$(wildcard tests/bench/*.c))
REPLAY   := $(BUILD)/tests/support/replay.o
TAKEN    := $(BUILD)/taken-over/smtpd
PORT     := 2525
ROUNDS      := 5
CONNECTIONS := 3000
PARTS       :=
LIBRARY  := $(BUILD)/tidewaiter.a

# These are started for each connection or message, and need no more than libcdb. They are linked
# statically with musl where that can be had, because they start several times as fast: see
# doc/performance.md. make MUSL= does without, and so does a sanitizer.
QUICK    := smtpd fixcrio proxy-env queue-maildir queue-sendmail relay-check
MUSL     := $(if $(SANITIZE),,$(patsubst %/rcrt1.o,%,$(wildcard /usr/lib/x86_64-linux-musl/rcrt1.o)))
ifneq ($(and $(MUSL),$(findstring 8 1,$(MACHINE)),$(findstring /,$(shell $(CC) -print-file-name=libcdb.a))),)
QUICKLY  := $(QUICK)
SHIM     += $(if $(SHIM),$(QUICK:%=$(BUILD)/plain/%))
endif
part       = $(shell $(CC) -print-file-name=$(1))
objects_of = $(if $(QUICKLY),$(1:%=$(BUILD)/musl/%.o) $(BUILD)/musl/src/unix/relro.o $(BUILD)/musl/tidewaiter.a,$(1:%=$(BUILD)/%.o) $(LIBRARY))
objects    = $(filter %.o %.a,$^)
link_one   = $(if $(QUICKLY),$(link_quickly),$(CC) $(FORM) $(LINK) $(LDFLAGS) -o $@ $(objects) $(LIBS_$(1)))

# Whatever needs more than libc says so here, and nowhere else.
LIBS_smtpd          := -lcdb
LIBS_tcpserver      := -lcdb
LIBS_tcprules       := -lcdb
LIBS_tcprulescheck  := -lcdb
LIBS_tcpaccess      := -lcdb -lcares
LIBS_relay-explain  := -lcdb
LIBS_relay-audit    := -lcdb
LIBS_tcp-env        := -lcares
LIBS_tcpclient      := -lcares
LIBS_checkpassword-cdb := -lcdb -lcrypt
LIBS_controlcdb := -lcrypt
LIBS_rblsmtpd       := -lcares
LIBS_test_session_trouble := -Wl$(,)--wrap=malloc$(,)--wrap=realloc
LIBS_test_password  := -lcrypt -Wl$(,)--wrap=crypt_rn
LIBS_test_control_list := -lcrypt
LIBS_test_routes    := -lcrypt -Wl$(,)--wrap=realloc
LIBS_test_listener  := -Wl$(,)--wrap=getaddrinfo
LIBS_test_client    := -Wl$(,)--wrap=tls_request_make
LIBS_test_monitor_serve := -Wl$(,)--wrap=deadline_in
LIBS_test_pump      := -Wl$(,)--wrap=deadline_in
LIBS_test_cdb_file  := -Wl$(,)--wrap=realloc
LIBS_test_settings  := -Wl$(,)--wrap=realloc
LIBS_test_control   := -Wl$(,)--wrap=file_read_all
LIBS_test_file      := -Wl$(,)--wrap=fsync$(,)--wrap=close_range
LIBS_test_maildir   := -Wl$(,)--wrap=renameat2$(,)--wrap=link
LIBS_test_temporary := $(foreach call,flock open open64 ftruncate ftruncate64 geteuid unlink,-Wl$(,)--wrap=$(call))
LIBS_test_check_password := -Wl$(,)--wrap=kill
LIBS_test_queue_program := -Wl$(,)--wrap=kill
LIBS_test_marks_races := -pthread $(foreach call,openat futimens fstatat renameat linkat unlinkat,-Wl$(,)--wrap=$(call))
LIBS_tlsd           := -ltls$(if $(STATIC), -lssl -lcrypto)
LIBS_queue-forward  := -lcdb $(LIBS_tlsd)
LIBS_fuzz_client    := -Wl$(,)--wrap=connect$(,)--wrap=smtp_talk_is_quiet$(,)--wrap=stream_has_arrived $(LIBS_tlsd)
LIBS_fuzz_dns       := -lcares $(foreach call,query gethostbyaddr gethostbyname,-Wl$(,)--wrap=ares_$(call))
LIBS_fuzz_list      := -lcrypt
LIBS_test_tls_credentials := $(LIBS_tlsd)
LIBS_test_smtp_client := $(LIBS_tlsd)
LIBS_test_smtp_greeting := $(LIBS_tlsd)
LIBS_test_smtp_login := $(LIBS_tlsd)
LIBS_test_tls_client := $(LIBS_tlsd)
LIBS_test_tls_pump  := $(LIBS_tlsd) -Wl$(,)--wrap=deadline_in
LIBS_test_tls_variables := $(LIBS_tlsd)

# A static program needs each library as an archive. What cannot be had that way on this machine is
# left out, and said.
ifdef STATIC
has_archive = $(findstring /,$(shell $(CC) -print-file-name=$(1:-l%=lib%.a)))
lacks_of    = $(strip $(foreach library,$(filter -l%,$(LIBS_$(1))),\
	$(if $(call has_archive,$(library)),,$(library:-l%=lib%.a))))
LEFT_OUT := $(foreach program,$(PROGRAMS),$(if $(call lacks_of,$(program)),$(program)))
$(foreach program,$(LEFT_OUT),$(info left out: $(program) cannot be linked statically here, for want of $(call lacks_of,$(program))))
PROGRAMS := $(filter-out $(LEFT_OUT),$(PROGRAMS))
endif

.PHONY: always all bench soak check check-built fuzz fuzz-built try install clean deb units-built
.SECONDARY:
all: $(PROGRAMS:%=$(BUILD)/bin/%)

$(BUILD)/bin/%: $(BUILD)/src/programs/%.o $(LIBRARY)
	@mkdir -p $(@D)
	$(CC) $(FORM) $(LINK) $(LDFLAGS) -o $@ $(objects) $(LIBS_$*)
# With another C library than before, when that has come or is not wanted any more.
$(BUILD)/libc: always
	@mkdir -p $(@D)
	@echo '$(if $(QUICKLY),musl)' | cmp -s - $@ || echo '$(if $(QUICKLY),musl)' >$@
$(QUICK:%=$(BUILD)/bin/%): $(BUILD)/libc
ifdef QUICKLY
# Headers that musl does not have, cdb.h and the kernel's, are the system's.
HEADERS  := -nostdinc -isystem $(subst /lib/,/include/,$(MUSL)) -isystem $(call part,include) \
	-idirafter /usr/include -idirafter /usr/include/$(shell $(CC) -print-multiarch)
$(BUILD)/musl/%.o: %.c conf-cc Makefile
	@mkdir -p $(@D)
	$(CC) $(FLAGS) $(HEADERS) -U_FORTIFY_SOURCE $(CFLAGS) -c -o $@ $<
$(BUILD)/musl/tidewaiter.a: $(patsubst %.c,$(BUILD)/musl/%.o,$(shell grep -LE '<(ares|tls|crypt)\.h>' $(MODULES)))
	rm -f $@ && $(AR) rcs $@ $^
link_quickly = $(CC) -static-pie -nostartfiles -nodefaultlibs $(LINK) $(LDFLAGS) -o $@ $(MUSL)/rcrt1.o $(MUSL)/crti.o \
	$(call part,crtbeginS.o) $(objects) $(call part,libcdb.a) $(MUSL)/libc.a -lgcc -lgcc_eh $(call part,crtendS.o) $(MUSL)/crtn.o
$(BUILD)/bench/%: $(BUILD)/musl/tests/bench/%.o # else they would not be a limit
	@mkdir -p $(@D)
	$(link_quickly)
$(QUICKLY:%=$(BUILD)/bin/%): $(BUILD)/bin/%: $(BUILD)/musl/src/programs/%.o $(BUILD)/musl/src/unix/relro.o $(BUILD)/musl/tidewaiter.a
	@mkdir -p $(@D)
	$(link_quickly)
endif
$(BUILD)/unit/%: $(BUILD)/tests/unit/%.o $(SUPPORT) $(LIBRARY)
	@mkdir -p $(@D)
	$(CC) -pie $(LINK) $(LDFLAGS) -o $@ $^ -lcmocka -lcdb $(LIBS_$*)
$(BUILD)/fuzz/%: $(BUILD)/tests/fuzz/%.o $(REPLAY) $(SUPPORT) $(LIBRARY)
	@mkdir -p $(@D)
	$(CC) -pie $(LINK) $(LDFLAGS) -o $@ $^ -lcmocka -lcdb $(LIBS_$*)
# smtpd with a session that obeys a stranger: what it can do then is tested.
$(TAKEN): LDFLAGS += -Wl,--wrap=smtp_session_feed,--wrap=sandbox_enter
$(TAKEN): $(call objects_of,src/programs/smtpd tests/support/taken_over)
	@mkdir -p $(@D)
	$(call link_one,smtpd)
# As they are linked without musl, so that something can be preloaded.
$(BUILD)/plain/%: $(BUILD)/src/programs/%.o $(LIBRARY)
	@mkdir -p $(@D)
	$(CC) -pie $(LINK) $(LDFLAGS) -o $@ $^ $(LIBS_$*)
ifndef QUICKLY
$(BUILD)/bench/%: tests/bench/%.c conf-cc Makefile
	@mkdir -p $(@D)
	$(CC) $(FLAGS) $(CFLAGS) -fno-sanitize=all -static -o $@ $<
endif
$(BUILD)/fail.so: tests/support/fail.c conf-cc Makefile
	@mkdir -p $(@D)
	$(CC) $(FLAGS) $(CFLAGS) -fPIC -shared -o $@ $< -ldl
$(LIBRARY): $(MODULES:%.c=$(BUILD)/%.o)
	rm -f $@ && $(AR) rcs $@ $^
$(BUILD)/%.o: %.c conf-cc Makefile
	@mkdir -p $(@D)
	$(CC) $(FLAGS) $(CFLAGS) -c -o $@ $<
# What tests do themselves, and growing texts, is not what fuzzing is to explore.
$(BUILD)/tests/support/%.o $(BUILD)/src/base/text.o: FLAGS += $(UNWATCHED)
$(BUILD)/src/unix/home.o $(BUILD)/musl/src/unix/home.o: conf-home
$(BUILD)/src/unix/home.o $(BUILD)/musl/src/unix/home.o: FLAGS += -DHOME_DIRECTORY='"$(HOMEDIR)"'

check:
	./install.sh deps test
	$(MAKE) all
	$(MAKE) check-built
check-built: all $(UNITS) $(FUZZERS) $(SHIM) $(TAKEN)
	tests/run.sh $(BUILD)
units-built: $(UNITS) $(FUZZERS)
# make bench ROUNDS=7 CONNECTIONS=2000 PARTS="greeting session" measures these only.
bench: all $(BENCH) $(QUICKLY:%=$(BUILD)/plain/%)
	tests/bench/bench.py $(BUILD) $(ROUNDS) $(CONNECTIONS) $(PARTS)
soak: all
	tests/bench/soak.py $(BUILD)
# Every target for FUZZ_SECONDS; make fuzz FUZZ="session cdb" takes these only.
fuzz:
	$(MAKE) fuzz-built BUILD=build-fuzz SANITIZE=1 REPLAY= CC='clang -fsanitize=fuzzer-no-link' \
		LDFLAGS=-fsanitize=fuzzer UNWATCHED=-fno-sanitize=fuzzer-no-link
	tests/fuzz/run.sh build-fuzz $(FUZZ)
fuzz-built: $(FUZZERS)
# The Debian package, in build/deb.
deb:
	./install.sh deps deb
	doc/packaging/deb.sh build/deb
try:
	./install.sh deps try
	$(MAKE) all
	tests/try.sh $(BUILD) $(PORT)
install: all
	@case '$(HOMEDIR)' in /*) ;; *) echo 'the home must be an absolute path: $(HOMEDIR)' >&2; exit 1 ;; esac
	./install.sh $(BUILD)/bin '$(HOMEDIR)'
clean:
	rm -rf build build-sanitize build-static build-fuzz

-include $(shell find $(BUILD)/src $(BUILD)/musl $(BUILD)/tests -name '*.d' 2>/dev/null)
