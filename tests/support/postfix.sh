# shellcheck shell=bash disable=SC2034,SC2154 # sourced behind lib.sh
# Postfix on loopback ports of its own, for end-to-end scripts. It looks for its parts in fixed places,
# so it runs below a directory that is its root: ./jail. That needs root.
#
#     postfix_lacks || postfix_start 'parameter = value'...
#
# It takes mail for example.org: what is for crowd-NUMBER comes to the Maildir jail/mail/crowd, for no it
# is refused, for later it is deferred, and for all others it comes to jail/mail/box. What is for other
# domains it hands to its relayhost. The log is jail/postfix.log; ./sendmail is its sendmail(1).

. "$TESTS/support/jail.sh"

postfix_lacks() { jail_lacks postfix-tree/usr/lib/postfix/sbin/master "Postfix's package"; }

postfix_make_jail() {
	local directory
	jail_make postfix-tree root postfix postdrop vmail nobody
	for directory in active bounce corrupt defer deferred flush hold incoming private public maildrop pid saved trace; do
		install -d -m 755 -o "$(id_of postfix)" "jail/var/spool/postfix/$directory"
	done
	chown "$(id_of postfix):$(id_of postdrop)" jail/var/spool/postfix/{maildrop,public}
	chmod 1730 jail/var/spool/postfix/maildrop
	chown 0:0 jail/var/spool/postfix/pid
	chown "$(id_of postfix)" jail/var/lib/postfix
	install -d -o "$(id_of vmail)" -g "$(id_of vmail)" jail/mail
	cat >jail/etc/postfix/boxes <<-'END'
		/^crowd-[0-9]+@example\.org$/ crowd/
		/^nobody@/ nowhere
		/@example\.org$/ box/
	END
	cat >sendmail <<-END
		#!/bin/sh
		exec chroot '$work/jail' /usr/sbin/sendmail "\$@"
	END
	chmod +x sendmail
}
id_of() { id_in_jail "$1" | cut -d: -f1; }

# Sets $postfix, and $smtp_port and $qmqp_port.
postfix_start() {
	local try service
	[ -d jail ] || postfix_make_jail
	for try in 1 2 3 4 5; do # another process may take a port before Postfix does
		read -r smtp_port qmqp_port < <(free_port 2)
		cat >jail/etc/postfix/main.cf <<-END
			compatibility_level = 3.6
			maillog_file = /postfix.log
			maillog_file_prefixes = /
			myhostname = postfix.example.org
			mydestination =
			inet_interfaces = loopback-only
			inet_protocols = ipv4
			mynetworks = 127.0.0.1
			cleanup_replace_stray_cr_lf = no
			qmqpd_authorized_clients = 127.0.0.1
			smtpd_peername_lookup = no
			disable_dns_lookups = yes
			alias_maps =
			local_transport = error:there are no local users
			relayhost = [127.0.0.1]:1
			virtual_mailbox_domains = example.org
			virtual_mailbox_base = /mail
			virtual_mailbox_maps = regexp:/etc/postfix/boxes
			virtual_uid_maps = static:$(id_of vmail)
			virtual_gid_maps = static:$(id_of vmail)
			smtpd_recipient_restrictions = check_recipient_access inline:{
			    { no@example.org = 550 5.1.1 nobody of that name }
			    { later@example.org = 450 4.2.1 come again } }
			$(printf '%s\n' "$@")
		END
		{
			echo "127.0.0.1:$smtp_port inet n - n - - smtpd"
			echo "127.0.0.1:$qmqp_port inet n - n - - qmqpd"
			echo 'postlog unix-dgram n - n - 1 postlogd'
			echo 'pickup unix n - n 60 1 pickup'
			echo 'qmgr unix n - n 300 1 qmgr'
			echo 'cleanup unix n - n - 0 cleanup'
			echo 'showq unix n - n - - showq'
			echo 'flush unix n - n 1000 0 flush'
			echo 'rewrite unix - - n - - trivial-rewrite'
			for service in bounce defer trace; do echo "$service unix - - n - 0 bounce"; done
			for service in smtp proxymap virtual error retry discard anvil verify; do
				echo "$service unix - $([ $service = virtual ] && echo n || echo -) n - - $service"
			done | sed 's/ retry$/ error/'
		} >jail/etc/postfix/master.cf
		: >jail/postfix.log
		setsid chroot jail /usr/bin/env -i /usr/lib/postfix/sbin/master -d -c /etc/postfix >postfix.out 2>&1 &
		postfix=$!
		wait_until postfix_is_decided
		grep -q 'daemon started' jail/postfix.log && return
		stop "$postfix"
		cat postfix.out jail/postfix.log | grep -q 'already in use' || break
	done
	cat postfix.out jail/postfix.log
	return 1
}
postfix_is_decided() { grep -qE 'daemon started|fatal' postfix.out jail/postfix.log; }
postfix_is_empty() { # nothing is in its queue
	[ -z "$(find jail/var/spool/postfix/{maildrop,incoming,active,deferred} -type f)" ]
}
