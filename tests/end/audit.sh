#!/usr/bin/env bash
# relay-audit: it finds each mistake where somebody makes it, and nothing where nobody does.
. "$(dirname "$0")/../support/lib.sh"
. "$TESTS/support/audit.sh"

# Make a mistake in a copy of what is right, and look for the finding.
finds() { # name exit-code expected-line command: what makes the mistake
	local name=$1 code=$2 line=$3 said got
	rm -rf kept
	mkdir kept && cp -a control tcp.smtp tcp.smtp.cdb kept
	eval "$4"
	said=$(audit)
	got=$?
	printf '%s\n' "$said" >>all
	matches "$name" "$line" "$said"
	same "$name: exit code" "$code" "$got"
	chmod -R u+rwx control
	rm -rf control tcp.smtp tcp.smtp.cdb
	cp -a kept/* .
}
rule() { # line...: written before the rules, and compiled
	printf '%s\n' "$@" | cat - kept/tcp.smtp >tcp.smtp
	compile
}

compile || exit 1
same "where nothing is wrong nothing is found" "" "$(audit)"
same "and the exit code is 0" 0 "$(code_of audit)"

ln -s /dev/null control/badmailfrom
same "a file that is /dev/null can be changed by nobody" "" "$(audit)"
rm control/badmailfrom
finds "a pipe that everybody may write" 1 '^error: control/badmailfrom: everybody on this machine may write' \
	"mkfifo control/badmailfrom; chmod 666 control/badmailfrom"
same "a list of routes needs no database" "" "$(echo :localhost >control/smtproutes; audit; rm control/smtproutes)"

# --- files that were written elsewhere ---
finds "a byte order mark" 0 '^warning: control/rcpthosts:1: .*begins with a byte order mark and never matches' \
	"printf '\xef\xbb\xbfb.example\n' | cat - kept/control/rcpthosts >control/rcpthosts"
finds "CR behind a sender" 0 '^warning: control/badmailfrom:2: .*ends in a carriage return and never matches' \
	"printf 'a@b.example\n@spam.example\r\n' >control/badmailfrom"
finds "a pattern for senders" 0 '^warning: control/badmailfrom:1: \.\*@\.\*\\.spam\\.example\$ is no sender and never matches: it refuses hardly anybody' \
	"printf '%s\n' '.*@.*\.spam\.example\$' @spam.example >control/badmailfrom"
finds "a domain in the place of a sender" 0 '^warning: control/badmailfrom:2: spam\.example has no @ ' \
	"printf '%s\n' ann@spam.example spam.example >control/badmailfrom"
finds "users who were never compiled" 0 '^warning: control/users: it was never compiled: ' "echo 'joe:*' >control/users"
for mode in 604 640; do
	echo 'joe:*' >control/users && chmod $mode control/users
	CONTROLDIR=control controlcdb users 2>/dev/null
	same "users whom everybody may read: $mode" \
		"$([ $mode = 640 ] || echo 'warning: control/users: everybody on this machine may read this file: whoever has the hashes can try passwords on them unseen: chmod o-r')" "$(audit)"
	rm control/users control/users.cdb
done
finds "a database of users whom everybody may read" 0 '^warning: control/users\.cdb: everybody on this machine may read this file: ' \
	"printf '\n' | cdb -c -p 0644 control/users.cdb"
finds "routes that are older" 0 '^warning: control/smtproutes: it is newer than its .cdb: ' \
	"echo :localhost >control/smtproutes; CONTROLDIR=control controlcdb smtproutes; touch -d +1hour control/smtproutes"
finds "a damaged database beside its text" 1 '^error: tcp\.smtp\.cdb: it is damaged' \
	"printf '\xff\xff\xff\x7f' | dd of=tcp.smtp.cdb bs=1 seek=2052 conv=notrunc status=none"
echo '1.2.3.4:alow' | cat - tcp.smtp >wrong.smtp
said=$(relay-audit -r wrong.smtp -c control 2>&1)
matches "a text alone that cannot be compiled" '^error: wrong\.smtp:1: ' "$said"
lacks "drops nobody" 'drops every connection' "$said"

# --- the rules ---
finds "RELAYCLIENT for everybody" 1 '^error: tcp\.smtp:1: RELAYCLIENT for everybody: ' "rule ':allow,RELAYCLIENT=\"\"'"
finds "the same with a prefix of no bits" 1 '^error: tcp\.smtp:1: RELAYCLIENT for everybody' "rule '0.0.0.0/0:allow,RELAYCLIENT=\"\"'"
finds "for whoever has a name" 1 '^error: tcp\.smtp:1: RELAYCLIENT for whoever has a name' "rule '=:allow,RELAYCLIENT=\"\"'"
finds "for a short prefix" 1 '^error: tcp\.smtp:1: RELAYCLIENT for a network larger than /8' "rule '32.0.0.0/7:allow,RELAYCLIENT=\"\"'"
finds "for a short prefix of IPv6" 1 '^error: tcp\.smtp:1: RELAYCLIENT for a network larger' "rule '[2000::]/3:allow,RELAYCLIENT=\"\"'"
finds "for a provider's addresses" 1 "^error: tcp\\.smtp:1: RELAYCLIENT for a whole provider's addresses" "rule '32.:allow,RELAYCLIENT=\"\"'"
finds "for public addresses" 0 '^warning: tcp\.smtp:1: RELAYCLIENT for a block of public addresses \(203\.0\.113\.0/25\)' "rule '203.0.113.0/25:allow,RELAYCLIENT=\"\"'"
finds "by name" 0 '^warning: tcp\.smtp:1: RELAYCLIENT by host name .* run tcpserver with -p' "rule '=.office.example:allow,RELAYCLIENT=\"\"'"
finds "by ident answer" 0 '^warning: tcp\.smtp:1: RELAYCLIENT by ident answer' "rule 'joe@10.1.1.1:allow,RELAYCLIENT=\"\"'"
finds "a rule without its dot" 0 '^warning: tcp\.smtp:1: no dot at the end' "rule '192.168.0:allow,RELAYCLIENT=\"\"'"
finds "RELAYCLIENT that is a word" 0 '^warning: tcp\.smtp:1: this value is appended to each recipient.s domain: to append nothing write RELAYCLIENT=""' "rule '10.:allow,RELAYCLIENT=\"1\"'"
finds "odd addresses" 0 '^warning: tcp\.smtp:1: ODDADDRESS=1 for clients that may not relay' "rule '203.0.114.:allow,ODDADDRESS=\"1\"'"
finds "odd addresses on smtpd itself" 0 '^warning: tcp\.smtp:1: .*<u%relay-probe\.invalid@example\.org>.* are taken from a client of this rule: the program behind' "rule '203.0.114.:allow,ODDADDRESS=\"1\"'"
finds "logging in without TLS" 0 '^warning: tcp\.smtp:1: logging in is allowed without TLS' "rule '10.:allow,ALLOW_INSECURE_AUTH=\"1\"'"
finds "a rule that leads to an open control directory" 1 '^error: tcp\.smtp:1: <u@relay-probe\.invalid>.* are taken from a client of this rule: mail to them leaves' \
	"mkdir -p open; echo mail.example.org >open/me; rule '203.0.114.:allow,CONTROLDIR=\"open\"'"
finds "one behind which TLS is required" 1 '^error: tcp\.smtp:1: <u@relay-probe\.invalid>.* are taken from a client of this rule: mail to them leaves' \
	"mkdir -p open; echo mail.example.org >open/me; rule '203.0.114.:allow,CONTROLDIR=\"open\",UCSPITLS=\"!\"'"
lacks "where a password is required a stranger cannot get past" 'are taken from a client of this rule' \
	"$(echo ':allow,CONTROLDIR="open",SMTPAUTH="!"' >password.rules; relay-audit -r password.rules -c control 2>&1)"
matches "TLS that the servers' environment requires is no way out either" '^error: password\.rules:1: <u@relay-probe\.invalid>.* are taken' \
	"$(echo ':allow,CONTROLDIR="open"' >password.rules; UCSPITLS='!' relay-audit -r password.rules -c control 2>&1)"
finds "a malformed rule" 1 '^error: tcp\.smtp:7: neither allow nor deny' "echo '1.2.3.4:perhaps' >>tcp.smtp"
finds "a change that was not compiled" 1 '^error: tcp\.smtp:7: the compiled rules say something else' "echo '1.2.3.4:deny' >>tcp.smtp"
finds "a cdb that is older" 0 '^warning: tcp\.smtp\.cdb: it is older than' "touch -d '+1 hour' tcp.smtp"
finds "a cdb cut short" 1 '^error: tcp\.smtp\.cdb: unable to read tcp\.smtp\.cdb.*: tcpserver drops every connection' "truncate -s 2100 tcp.smtp.cdb"
finds "an empty cdb" 1 '^error: tcp\.smtp\.cdb: unable to read tcp\.smtp\.cdb' ": >tcp.smtp.cdb"
finds "no cdb" 1 '^error: tcp\.smtp\.cdb: unable to read tcp\.smtp\.cdb: No such file' "rm tcp.smtp.cdb"
if [ -n "$gateway" ]; then
	finds "RELAYCLIENT for the default gateway" 1 "^error: tcp\\.smtp:1: RELAYCLIENT for $gateway, the default gateway" "rule '$gateway:allow,RELAYCLIENT=\"\"'"
	finds "and for a network around it" 0 "^warning: tcp\\.smtp:1: RELAYCLIENT for a network with $gateway, the default gateway" "rule '${gateway%.*}.:allow,RELAYCLIENT=\"\"'"
else
	echo "this machine has no default gateway: audit-network.sh makes some"
fi

# --- the control files ---
finds "no rcpthosts" 1 '^error: control/rcpthosts: there is no such file: ' "rm control/rcpthosts"
finds "no rcpthosts, on smtpd itself" 1 '^error: control/rcpthosts: <u@relay-probe\.invalid>.* that no rule knows: mail to them leaves' "rm control/rcpthosts"
finds "an empty rcpthosts" 0 '^warning: control/rcpthosts: there is no domain in it' ": >control/rcpthosts"
finds "an entry that never matches" 0 '^warning: control/rcpthosts:4: \*\.x\.example is no domain' "echo '*.x.example' >>control/rcpthosts"
finds "a dot alone" 0 "^warning: control/rcpthosts:4: \\. never matches: smtpd takes the dot off .* original qmail-smtpd" "echo . >>control/rcpthosts"
finds "a dot at the end" 0 '^warning: control/rcpthosts:4: foo\.example\. ends in a dot and never matches' "echo foo.example. >>control/rcpthosts"
finds "and at both" 0 '^warning: control/rcpthosts:4: \.dot\.example\. ends in a dot and never matches' "echo .dot.example. >>control/rcpthosts"
finds "a list that was edited under Windows" 0 '^warning: control/rcpthosts:1: example\.org\\x0d ends in a carriage return and never matches' \
	"sed -i 's/\$/\r/' control/rcpthosts"
finds "of many such entries some are named" 0 '^warning: control/rcpthosts:13: 9\.\.example is no domain' "printf '%s..example\n' {0..29} >>control/rcpthosts"
finds "and the others counted" 0 '^warning: control/rcpthosts: 20 more entries never match' "printf '%s..example\n' {0..29} >>control/rcpthosts"
same "an entry with capitals is none of them" "" "$(cp -a control capitals; echo Other.Example >>capitals/rcpthosts; relay-audit -c capitals)"
same "nor is an address literal" "" "$(echo '[192.0.2.1]' >>capitals/rcpthosts; relay-audit -c capitals)"
same "but one of this host itself" "warning: capitals/rcpthosts:6: [127.0.0.1] is an address of this host and never matches
warning: capitals/rcpthosts:7: [0.0.0.0] is an address of this host and never matches" \
	"$(printf '%s\n' '[127.0.0.1]' '[0.0.0.0]' >>capitals/rcpthosts; relay-audit -c capitals | cut -d: -f1-4)"
finds "a domain in Unicode" 0 '^warning: control/rcpthosts:4: a domain in Unicode has no xn-- form beside it: clients without SMTPUTF8' "echo bücher.example >>control/rcpthosts"
finds "one of two" 0 '^warning: control/rcpthosts:5: a domain in Unicode' "printf '%s\n' mail.xn--bcher-kva.example bücher.example .öl.example >>control/rcpthosts"
finds "one in the database" 0 '^warning: control/morercpthosts\.cdb: a domain in Unicode' "echo bücher.example >control/morercpthosts; CONTROLDIR=control controlcdb morercpthosts"
same "with one form in each list nothing is found" "" "$(cp -a control both; echo xn--bcher-kva.example >>both/rcpthosts
	echo bücher.example >both/morercpthosts; CONTROLDIR=both controlcdb morercpthosts; relay-audit -c both)"
same "with both forms nothing is found" "" "$(cp -a control unicode; printf '%s\n' xn--bcher-kva.example bücher.example >>unicode/rcpthosts; relay-audit -c unicode)"
finds "an entry for a whole top-level domain" 1 '^error: control/rcpthosts:4: \.com hosts all' "echo .com >>control/rcpthosts"
finds "the probes, where the first entries never match" 0 '^warning: tcp\.smtp:1: .*<relay-probe\.invalid!u@example\.org>.* are taken from a client of this rule' \
	"printf 'cr.example\r\n.\nfoo.example.\n' | cat - kept/control/rcpthosts >control/rcpthosts; rule ':allow,ODDADDRESS=\"1\"'"
finds "the same in the database" 1 '^error: control/morercpthosts\.cdb: \.com hosts all' "echo .com >control/morercpthosts; CONTROLDIR=control controlcdb morercpthosts"
finds "a dot at the end there" 0 '^warning: control/morercpthosts\.cdb: foo\.example\. ends in a dot' \
	"echo foo.example. >control/morercpthosts; CONTROLDIR=control controlcdb morercpthosts"
finds "many there" 1 '^error: control/morercpthosts\.cdb: 990 more entries host all domains below them' \
	"printf '.%s\n' {1..1000} >control/morercpthosts; CONTROLDIR=control controlcdb morercpthosts"
finds "a key that was not made small" 0 '^warning: control/morercpthosts\.cdb: Foo\.example has capitals' "printf '+11,0:Foo.example->\n\n' | cdb -c control/morercpthosts.cdb -"
finds "an empty list with an empty database" 0 '^warning: control/rcpthosts: there is no domain in it' \
	": >control/rcpthosts; : >control/morercpthosts; CONTROLDIR=control controlcdb morercpthosts"
lacks "with one in the database it is not empty" 'there is no domain in it' \
	"$(cp -a control hosting; : >hosting/rcpthosts; echo mail.example.org >hosting/morercpthosts
	CONTROLDIR=hosting controlcdb morercpthosts; relay-audit -c hosting)"
finds "me is not hosted" 0 '^warning: control/me:1: mail\.example\.org is not in rcpthosts' "sed -i /mail/d control/rcpthosts"
for me in '# host' ' mail.example.org' http://mail '<mail.example.org>'; do
	finds "me is no host name: '$me'" 0 "^warning: control/me:1: $me is no host name: .*: write this host's name into its first line" "echo '$me' >control/me"
	lacks "and is not to be listed: '$me'" 'rcpthosts' "$(tail -n 1 all)"
done
finds "no me" 1 '^error: control/: .*me: there is no such file.*: smtpd answers 421' "rm control/me"
finds "a number that is none" 1 '^error: control/: databytes: not a number' "echo 12x >control/databytes"
finds "a database that is none" 1 '^error: control/: unable to read control/recipients\.cdb' "echo x >control/recipients.cdb"
finds "a list that was not compiled" 0 '^warning: control/recipients: it was never compiled' "echo a@example.org >control/recipients"
same "qmail: every host is localhost to itself" "" \
	"$(printf 'localhost\nLocalhost.localdomain\n' >control/locals; audit; rm control/locals)"
recipients_are() { printf '%s\n' "$@" >control/recipients && CONTROLDIR=control controlcdb recipients; }
finds "a hosted domain without a mailbox" 0 '^warning: control/rcpthosts:2: .* has no mailbox in recipients\.cdb: mail for it is refused for good' \
	"sed -i 2iUnserved.example control/rcpthosts; recipients_are a@example.org b@mail.example.org @example.org"
finds "one of the database" 0 '^warning: control/morercpthosts\.cdb: more\.example has no mailbox in recipients' \
	"echo more.example >control/morercpthosts; CONTROLDIR=control controlcdb morercpthosts; recipients_are a@example.org"
finds "of many some are named" 0 '^warning: control/recipients: 2[0-9] more hosted domains have no mailbox in it' \
	"printf 'd%s.example\n' {1..30} >>control/rcpthosts; recipients_are a@x.example"
same "where each domain has one nothing is found" "" \
	"$(cp -a control served; echo .below.example >>served/rcpthosts; sed '/^\./d; s/^/a@/' served/rcpthosts >served/recipients
	CONTROLDIR=served controlcdb recipients; relay-audit -c served)"
finds "qmail: a local domain" 0 '^warning: control/locals:2: other\.example is not in rcpthosts' "printf 'example.org\nother.example\n' >control/locals"
finds "qmail: a virtual domain" 0 '^warning: control/virtualdomains:3: other\.example is not in rcpthosts' \
	"printf '# of qmail\nexample.org:joe\nother.example:joe\n.wild.example:ann\n:all\nu@x.wild.example:u\n' >control/virtualdomains"
lacks "qmail: an exception to the virtual domains" 'virtualdomains' \
	"$(printf 'x.example:\n.y.example:\nz.example\n' >control/virtualdomains; audit; rm control/virtualdomains)"
finds "qmail: percenthack" 0 '^warning: control/percenthack:1: example\.org is in rcpthosts too' "echo example.org >control/percenthack"
finds "qmail: percenthack, open" 1 '^error: control/percenthack:1: example\.org is in rcpthosts too, and ODDADDRESS=1' \
	"echo example.org >control/percenthack; rule ':allow,ODDADDRESS=\"1\"'"
finds "qmail: percenthack of what it adds" 0 '^warning: control/percenthack:1: Host\.example is what qmail adds to addresses without a domain' \
	"echo Host.example >control/percenthack; echo host.example >control/envnoathost"
finds "qmail: percenthack of what it adds, open" 1 '^error: control/percenthack:1: mail\.example\.org is what qmail adds .*, and ODDADDRESS=1 is set: qmail sends user%elsewhere on' \
	"sed -i /mail/d control/rcpthosts; echo mail.example.org >control/percenthack; rule ':allow,ODDADDRESS=\"1\"'"
finds "qmail: percenthack of another domain" 0 '^warning: control/me:1: ' \
	"sed -i /mail/d control/rcpthosts; echo mail.example.org >control/percenthack; echo host.example >control/envnoathost"
lacks "is none that counts" percenthack "$(tail -n 1 all)"
for name in locals virtualdomains percenthack badmailfrom; do
	rm -rf many && cp -a control many && printf 'd%s.example\n' {1..30} >>many/rcpthosts
	case $name in
	percenthack) printf 'd%s.example\n' {1..30} ;;
	badmailfrom) printf 'd%s.example\r\n' {1..30} ;;
	*) printf 'v%s.example:joe\n' {1..30} ;;
	esac >"many/$name"
	said=$(relay-audit -c many)
	same "of many entries of $name ten are named" 10 "$(grep -c "^warning: many/$name:[0-9]" <<<"$said")"
	matches "and the others counted" "^warning: many/$name: 20 more " "$said"
	same "and that is all" 11 "$(wc -l <<<"$said")"
done
finds "a list that cannot be read" 1 '^error: control/percenthack: unable to read control/percenthack: Is a directory: it cannot be audited: ' "mkdir control/percenthack"
finds "nor what qmail adds" 1 '^error: control/envnoathost: unable to read control/envnoathost: Is a directory: it cannot' "mkdir control/envnoathost"
finds "a control file that everybody may write" 1 '^error: control/rcpthosts: everybody on this machine may write' "chmod o+w control/rcpthosts"
finds "a control directory that everybody may write" 1 '^error: control: everybody on this machine may put files' "chmod o+w control"
finds "one with a sticky bit" 1 '^error: control: everybody on this machine may put files' "chmod 1777 control"
finds "of many control files some are named" 1 '^error: control: everybody on this machine may write 20 more files in' \
	'touch control/{1..30}; chmod o+w control/{1..30}'
finds "rules that everybody may write" 1 '^error: tcp\.smtp: everybody on this machine' "chmod o+w tcp.smtp"
finds "compiled rules that everybody may write" 1 '^error: tcp\.smtp\.cdb: everybody on this machine' "chmod o+w tcp.smtp.cdb"
mkdir shared && cp tcp.smtp.cdb shared && chmod 777 shared
matches "a directory of compiled rules that everybody may write" '^error: shared: everybody on this machine may put files' \
	"$(relay-audit -x shared/tcp.smtp.cdb -c control)"
same "a sticky bit keeps them safe" "" "$(chmod 1777 shared; relay-audit -x shared/tcp.smtp.cdb -c control)"
same "no control directory" 1 "$(code_of relay-audit -c nowhere)"
matches "RELAYCLIENT in the environment of the servers" '^error: the environment: RELAYCLIENT is set' "$(RELAYCLIENT='' audit)"
matches "ODDADDRESS in it" '^warning: the environment: ODDADDRESS=1 is set' "$(ODDADDRESS=1 audit)"
matches "ALLOW_INSECURE_AUTH in it" '^warning: the environment: ALLOW_INSECURE_AUTH is set' "$(ALLOW_INSECURE_AUTH=1 audit)"

# --- an smtpd that cannot be tried ---
# Nothing is known of it then, and that must not look as if it were closed.
mkdir broken && cp "$BIN/relay-audit" broken
broken() { # what smtpd does instead of its work
	printf '#!/bin/sh\n%s\n' "$1" >broken/smtpd && chmod +x broken/smtpd
	(echo 'joe@10.1.1.1:allow,RELAYCLIENT=""'; echo '192.0.2.7:allow,DATABYTES="5"') >broken.rules
	broken/relay-audit -r broken.rules -c control 2>&1
	echo "$?"
}
# shellcheck disable=SC2016 # smtpd expands
same "an smtpd that will not begin" "warning: broken.rules:1: RELAYCLIENT by ident answer (joe@10.1.1.1)
error: control/: smtpd could not be tried as a client that no rule knows: smtpd: fatal: no luck today
error: broken.rules:2: smtpd could not be tried as a client of this rule (192.0.2.7): smtpd: fatal: no luck today
1" "$(broken 'echo smtpd: fatal: no luck today >&2; exit 111' | sed -E 's/: (the client.s own|whether it is open).*//')"
# shellcheck disable=SC2016 # smtpd expands
matches "one that crashes" '^error: broken\.rules:2: smtpd could not be tried .*: it was ended by signal 11: whether' "$(broken 'kill -SEGV $$')"
matches "one that says nothing" '^error: broken\.rules:2: smtpd could not be tried .*: it ended before its time: whether' "$(broken 'exit 0')"
matches "one that does not wait for the end" '^error: broken\.rules:2: smtpd could not be tried .*: it ended before its time: whether' \
	"$(broken 'echo 421 too busy; exit 0')"

# --- the guide ---
# Each mistake that it shows is one that was made above, in the same words.
plain() { sed -E 's/for [0-9]+\.[0-9]+\.[0-9]+\.[0-9]+, the default/for ADDRESS, the default/'; }
sed -nE 's/^    ((error|warning): )/\1/p' "$SOURCE/doc/guide.md" | plain >shown
[ -n "$gateway" ] || sed -i '/the default gateway/d' shown
plain <all | sort -u >all.plain
same "the mistakes that the guide shows are found in its words" "" "$(grep -vxFf all.plain shown)"
check "and there are ten of them" test "$(wc -l <shown)" -ge $((10 - (${#gateway} == 0)))

# --- for programs ---
rm control/rcpthosts
audit --json >out
python3 - >python.out 2>&1 <<'END'
import json
told = json.load(open('out'))
print(told['errors'], told['warnings'], told['probes'] > 60, sorted(one['kind'] for one in told['findings']),
      all(set(one) == {'grade', 'kind', 'file', 'line', 'what', 'why', 'do'} for one in told['findings']))
END
same "JSON" "3 0 True ['open-relay', 'open-relay', 'rcpthosts-missing'] True" "$(cat python.out)"
cp kept/control/rcpthosts control/
same "JSON with nothing" '{"findings":[],"errors":0,"warnings":0,"probes":140}' "$(audit --json)"
same "usage" 100 "$(code_of audit word)"
same "no place to write to" 111 "$(rm control/rcpthosts; audit >/dev/full 2>/dev/null; echo $?)"
same "none at all" "111 relay-audit: fatal: unable to write to standard output: Bad file descriptor" \
	"$(relay-audit -c control 2>said >&-; echo "$? $(cat said)")"
cp kept/control/rcpthosts control/
same "nothing is left in the temporary directory" "" "$(mkdir temporary; TMPDIR=$work/temporary audit >temporary.out 2>&1; ls temporary)"
said=$(ulimit -f 0 && TMPDIR=$work/temporary audit 2>&1)
same "nor is where no file may grow" "111 " "$? $(ls temporary)"
matches "which is told" '^relay-audit: fatal: .*: File too large' "$said"
same "no temporary directory: it is named" "111 relay-audit: fatal: unable to try smtpd: unable to create a file in $work/nowhere: No such file or directory" \
	"$(said=$(TMPDIR=$work/nowhere audit); echo "$? $said")"
# In a directory of somebody else's the record may be another file meanwhile.
mkdir attacked && cp "$BIN/relay-audit" attacked
printf '#!/bin/sh\nrm "$RELAY_AUDIT_RECORD"; $PLANT "$RELAY_AUDIT_RECORD"; exec "%s/smtpd" "$@"\n' "$BIN" >attacked/smtpd
chmod +x attacked/smtpd
: >target
for plant in "ln -s $work/target" "ln $work/target" mkfifo "cp target"; do
	matches "$plant: what was not recorded is not known" \
		'^1 error: .* could not be tried as a client that no rule knows: not all that it took came into .*/temporary/relay-audit\.' \
		"$(said=$(PLANT=$plant TMPDIR=$work/temporary PATH=$work/attacked:$PATH timeout "$PATIENCE" relay-audit -c control); echo "$? $said")"
	same "nothing of it comes into what is there" 0 "$(stat -c %s target)"
done
same "without a text, the cdb is looked at" 'error: tcp.smtp.cdb: RELAYCLIENT for everybody' \
	"$(cp tcp.smtp kept.smtp; (echo ':allow,RELAYCLIENT=""'; cat kept.smtp) | tcprules tcp.smtp.cdb t 2>/dev/null
	relay-audit -x tcp.smtp.cdb -c control | grep ^error | cut -d: -f1-3)"
compile

# --- a second opinion ---
if command -v nmap >/dev/null; then
	nmap_says() { # control-directory-change: what nmap finds on the running server
		CONTROLDIR=control QMAILQUEUE=$BIN/queue-maildir serve relay -H -R -l 0 -x strangers.cdb 127.0.0.1 0 smtpd || return 1
		nmap -Pn -n -p "$port" --script +smtp-open-relay --script-args 'smtp-open-relay.domain=client.example' \
			127.0.0.1 2>&1 | grep -i 'relay'
		stop "$server"
	}
	echo ':allow' | tcprules strangers.cdb t
	relay_audit_of_strangers() { relay-audit -x strangers.cdb -c control; }
	lacks "nmap finds no relay where relay-audit finds none" 'is an open relay' "$(nmap_says)"
	same "where relay-audit finds none" "" "$(relay_audit_of_strangers)"
	mv control/rcpthosts kept.rcpthosts
	matches "nmap finds the open relay" 'Server is an open relay' "$(nmap_says)"
	matches "and so does relay-audit" '^error: .*open relay' "$(relay_audit_of_strangers)"
	mv kept.rcpthosts control/rcpthosts
	echo ':allow,RELAYCLIENT=""' | tcprules strangers.cdb t 2>/dev/null
	matches "nmap finds the open rule" 'Server is an open relay' "$(nmap_says)"
	matches "and so does relay-audit" '^error: strangers\.cdb: RELAYCLIENT for everybody' "$(relay_audit_of_strangers)"
else
	skip "a second opinion" nmap
fi
