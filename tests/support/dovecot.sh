# shellcheck shell=bash disable=SC2034,SC2154 # lib.sh, sourced before, has the others
# Dovecot on loopback ports of its own, for end-to-end scripts. It looks for its parts in fixed places,
# so it runs below a directory that is its root: ./jail. That needs root.
#
#     dovecot_lacks || dovecot_start extra.conf...
#
# Users log in with any name and the password "secret". The log is jail/dovecot.log.
#
#     dovecot_start_lmtp
#
# starts it with LMTP at a socket, $lmtp_socket: the user is what is before the @ of a recipient.

. "$TESTS/support/jail.sh"

dovecot_lacks() { jail_lacks dovecot/usr/sbin/dovecot "Dovecot's packages"; }

dovecot_make_jail() {
	jail_make dovecot root dovecot dovenull vmail relay
	mkdir -p jail/run/dovecot jail/mail jail/etc/dovecot
	chown "$(id_in_jail vmail)" jail/mail
}

# Sets $dovecot, $pop3_port and $imap_port. Configuration files are copied to conf.d.
dovecot_start() {
	local try
	[ -d jail ] || dovecot_make_jail
	mkdir -p jail/etc/dovecot/conf.d
	cp "$@" jail/etc/dovecot/conf.d/
	for try in 1 2 3 4 5; do # another process may take a port before Dovecot does
		read -r pop3_port imap_port < <(free_port 2)
		cat >jail/etc/dovecot/test.conf <<-END
			base_dir = /run/dovecot
			protocols = pop3 imap
			listen = 127.0.0.1
			default_vsz_limit = 0
			log_path = /dovecot.log
			ssl = no
			disable_plaintext_auth = no
			passdb {
			  driver = static
			  args = password=secret
			}
			userdb {
			  driver = static
			  args = uid=vmail gid=vmail home=/mail/%u
			}
			mail_location = maildir:~/Maildir
			service pop3-login {
			  chroot =
			  inet_listener pop3 {
			    port = $pop3_port
			  }
			}
			service imap-login {
			  chroot =
			  inet_listener imap {
			    port = $imap_port
			  }
			}
			!include conf.d/*.conf
		END
		: >jail/dovecot.log
		in_jail /usr/bin/env -i /usr/sbin/dovecot -F -c /etc/dovecot/test.conf >dovecot.out 2>&1 &
		dovecot=$!
		wait_line 'starting up|Fatal|Error' jail/dovecot.log
		grep -q 'starting up' jail/dovecot.log && return
		stop "$dovecot"
		grep -q 'already in use' jail/dovecot.log || break
	done
	cat dovecot.out jail/dovecot.log
	return 1
}
dovecot_start_lmtp() {
	cat >lmtp.conf <<-'END'
		protocols = $protocols lmtp
		auth_username_format = %Ln
		service lmtp {
		  chroot =
		}
		protocol lmtp {
		  postmaster_address = postmaster@example.org
		}
	END
	dovecot_start lmtp.conf && lmtp_socket=$work/jail/run/dovecot/lmtp && wait_until test -S "$lmtp_socket"
}
# A message as POP3 has it, with CRLF, but for the dots that it doubles.
dovecot_fetch() { # user number
	curl -sS --max-time "$PATIENCE" --user "$1:secret" "pop3://127.0.0.1:$pop3_port/$2" 2>&1
}
