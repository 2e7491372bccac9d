#include "queue/sendmail.h"

#include <stdlib.h>

#include "queue/mailbox.h"

static bool end_address(struct text *bytes, struct span address, bool is_written,
			struct text *wrong)
{
	if (is_written) {
		text_add_byte(bytes, '\0');
		return true;
	}
	text_add_printable(wrong, address, (struct span){NULL, 0});
	return false;
}

/* The arguments one after the other, each with a NUL behind it. Returns how many, or 0 when an
 * address cannot be written. */
static size_t write_arguments(struct text *bytes, const char *program,
			      const struct envelope *envelope, struct text *wrong)
{
	struct span sender = envelope_sender(envelope), recipient;
	size_t position = 0, count = 5;

	text_add(bytes, span_of(program));
	text_add(bytes, (struct span){"\0-i\0-f\0", 7});
	if (sender.length == 0)
		text_add(bytes, (struct span){"<>\0", 3});
	else if (!end_address(bytes, sender, mailbox_write(sender, bytes), wrong))
		return 0;
	text_add(bytes, (struct span){"--\0", 3});
	for (; envelope_recipient(envelope, &position, &recipient); count++)
		if (recipient.length == 0 ||
		    !end_address(bytes, recipient, mailbox_write_argument(recipient, bytes), wrong))
			return 0;
	return count;
}

enum sendmail_step sendmail_init(struct sendmail *sendmail, const char *program,
				 const struct envelope *envelope, struct text *text)
{
	size_t count, offset = 0;

	*sendmail = (struct sendmail){.arguments = NULL};
	text_init(&sendmail->bytes, 3 * ENVELOPE_LARGEST);
	count = write_arguments(&sendmail->bytes, program, envelope, text);
	if (count == 0)
		return SENDMAIL_NO_ADDRESS;
	sendmail->arguments = calloc(count + 1, sizeof(*sendmail->arguments));
	if (sendmail->bytes.failed || !sendmail->arguments)
		return SENDMAIL_NO_MEMORY;
	for (size_t index = 0; index < count; index++) {
		sendmail->arguments[index] = sendmail->bytes.bytes + offset;
		offset += span_find(span_tail(text_span(&sendmail->bytes), offset), '\0') + 1;
	}
	return SENDMAIL_READY;
}

void sendmail_free(struct sendmail *sendmail)
{
	free(sendmail->arguments);
	sendmail->arguments = NULL;
	text_free(&sendmail->bytes);
}

enum queue_status sendmail_status(int code)
{
	switch (code) {
	case 0: return QUEUE_OK;
	case 65: /* EX_DATAERR */
	case 67: /* EX_NOUSER */
	case 68: /* EX_NOHOST */
	case 100: /* qmail's */ return QUEUE_REFUSED;
	case 64: /* EX_USAGE */
	case 66: /* EX_NOINPUT */
	case 70: /* EX_SOFTWARE */
	case 78: /* EX_CONFIG */ return QUEUE_BUG;
	case 73: /* EX_CANTCREAT */
	case 74: /* EX_IOERR */ return QUEUE_WRITE_ERROR;
	default: /* EX_TEMPFAIL, EX_UNAVAILABLE, EX_NOPERM and all that is not known */
		return QUEUE_REFUSED_NOW;
	}
}
