#!/usr/bin/env bash
# SMTP-after-POP with Dovecot: the example's post-login script opens the window, and never a login
# fails for it.
. "$(dirname "$0")/../support/lib.sh"
. "$TESTS/support/dovecot.sh"

if lacking=$(dovecot_lacks); then
	skip "a login by way of Dovecot" "$lacking"
	exit
fi
log_in() { # protocol: what the client sees
	timeout "$PATIENCE" python3 - "$1" "$pop3_port" "$imap_port" 2>&1 <<-'END'
		import imaplib, poplib, sys
		if sys.argv[1] == "pop3":
		    client = poplib.POP3("127.0.0.1", int(sys.argv[2]), timeout=30)
		    client.user("joe")
		    print(client.pass_("secret").decode())
		    print(client.stat(), client.quit().decode())
		else:
		    client = imaplib.IMAP4("127.0.0.1", int(sys.argv[3]), timeout=30)
		    print(client.login("joe", "secret")[0])
		    print(client.select()[0], client.logout()[0])
	END
}
check_as() { # address option...
	local client=$1
	shift
	TCPREMOTEIP=$client relay-check "$@" "$store" sh -c 'echo "${RELAYCLIENT-closed}${RELAYUNKNOWN:+ unknown}"' 2>>check.log
}
pop3_works=$'+OK Logged in.\n(0, 0) +OK Logging out.'
imap_works=$'OK\nOK BYE'

dovecot_make_jail
jail_install relay-allow
store=jail/usr/local/tidewaiter/relay
install -m 755 "$SOURCE/doc/examples/dovecot-post-login" jail/etc/dovecot/relay-post-login
chown "$(id_in_jail relay)" $store
dovecot_start "$SOURCE/doc/examples/dovecot-relay.conf" || exit 1

same "nobody may relay yet" closed "$(check_as 127.0.0.1)"
same "a login by POP3" "$pop3_works" "$(log_in pop3)"
same "opens the window" "" "$(check_as 127.0.0.1)"
same "for that address" closed "$(check_as 127.0.0.2)"
same "the mark is the script's user's" "127.0.0.1 $(id_in_jail relay)" "$(cd $store && stat -c '%n %u:%g' -- *)"
touch -d '-100 seconds' $store/127.0.0.1
same "it closes after a short while where that is wanted" closed "$(check_as 127.0.0.1 -t 60)"
same "a login by IMAP" "$imap_works" "$(log_in imap)"
same "opens it again" "" "$(check_as 127.0.0.1 -t 60)"
same "nothing is said of it" "" "$(grep relay-allow jail/dovecot.log)"

rm $store/127.0.0.1
chmod 555 $store
same "a login goes on without the right to make a mark" "$pop3_works" "$(log_in pop3)"
matches "and Dovecot's log has the reason" 'pop3-relay: .*relay-allow: warning: no mark for 127\.0\.0\.1 in .*: Permission denied' "$(cat jail/dovecot.log)"
same "the window stays closed" closed "$(check_as 127.0.0.1)"
mv $store $store.away
same "a login goes on without the directory" "$imap_works" "$(log_in imap)"
matches "and this is said, too" 'relay-allow: warning: no mark for 127\.0\.0\.1 in .*: No such file' "$(cat jail/dovecot.log)"
same "smtpd must defer then" "closed unknown" "$(check_as 127.0.0.1)"
mv $store.away $store && chmod 755 $store
same "all is well again" "$pop3_works" "$(log_in pop3)"
same "with the window" "" "$(check_as 127.0.0.1)"
stop "$dovecot"

# Not even /dev/null is needed for a login to go on.
rm -r jail/dev $store/127.0.0.1
same "relay-allow below a root without /dev" welcome \
	"$(export IP=127.0.0.1; in_jail /usr/local/tidewaiter/bin/relay-allow /usr/local/tidewaiter/relay /bin/sh -c 'echo welcome' 2>&1)"
same "opens the window" "" "$(check_as 127.0.0.1)"
