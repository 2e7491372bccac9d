#!/usr/bin/env bash
# Starts Postfix in a root of its own, where it holds all that it takes, and prints its port, its
# process and its directory. It ends when standard input has a line or ends.
. "$(dirname "$0")/../support/lib.sh" >&2
. "$TESTS/support/jail.sh"
. "$TESTS/support/postfix.sh"
exec 3>&1 >&2
! postfix_lacks || exit 1
postfix_start 'default_process_limit = 200' 'smtpd_client_connection_count_limit = 0' \
	'smtpd_client_connection_rate_limit = 0' \
	'smtpd_recipient_restrictions = check_client_access static:HOLD, permit' || exit 1
echo "$smtp_port $postfix $work/jail" >&3
read -r _
stop "$postfix"
