#!/usr/bin/env python3
"""Says what an SMTP server decides about a client, in one line.

    decide.py FROM-ADDRESS ADDRESS PORT

The line has the replies to a foreign recipient and to one at example.org, or is "closed" when the
server hangs up without a word.
"""
import smtplib
import sys

source, address, port = sys.argv[1:]
try:
    client = smtplib.SMTP(address, int(port), "client.example", timeout=60, source_address=(source, 0))
except (smtplib.SMTPServerDisconnected, ConnectionResetError):
    print("closed")
    sys.exit(0)
client.ehlo()
client.mail("someone@example.net")
replies = [client.rcpt(recipient)[0] for recipient in ("a@elsewhere.example", "b@example.org")]
client.rset()
client.quit()
print(*replies)
