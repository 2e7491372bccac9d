#include "host/recheck.h"

#include "smtp/relay.h"

#define LONGEST_WHY 2048 /* bytes */

/* The address as relay_decide wants it; it has been through smtp/path once, in the session. */
static bool make_path(struct span recipient, struct smtp_path *path)
{
	struct span local;

	text_clear(&path->address);
	text_add(&path->address, recipient);
	path->at = span_find_last(recipient, '@');
	local = span_head(recipient, path->at);
	path->is_odd = false;
	for (size_t index = 0; index < local.length; index++)
		if (strchr("@%!:", local.bytes[index]))
			path->is_odd = true;
	return !path->address.failed;
}

static enum verdict judge(enum smtp_reply reply)
{
	switch (reply) {
	case REPLY_RECIPIENT_OK: return VERDICT_YES;
	case REPLY_CANNOT_CHECK:
	case REPLY_NO_MEMORY: return VERDICT_LATER;
	default: return VERDICT_NO;
	}
}

/* Where RELAYCLIENT lets a client relay, each recipient has got its value. */
static bool has_suffix(struct span recipient, struct span suffix)
{
	return recipient.length >= suffix.length &&
	       span_equal(span_tail(recipient, recipient.length - suffix.length), suffix);
}

static enum verdict check_recipients(const struct smtp_settings *settings,
				     const struct smtp_host *host, bool is_bad_sender,
				     bool is_authenticated, struct span rest)
{
	enum verdict verdict = VERDICT_YES;
	struct smtp_path path;
	uint32_t count = 0;
	struct text why;

	text_init(&why, LONGEST_WHY);
	text_init(&path.address, 2 * (PATH_LARGEST + settings->relay_suffix.length));
	while (verdict == VERDICT_YES && span_byte(rest, 0) == 'T') {
		size_t end = span_find(rest, '\0');
		struct span recipient = span_tail(span_head(rest, end), 1);

		if (end < 2 || end == rest.length || ++count > settings->most_recipients) {
			verdict = VERDICT_NO;
		} else if (settings->may_relay && !has_suffix(recipient, settings->relay_suffix)) {
			verdict = VERDICT_NO;
		} else if (!make_path(recipient, &path)) {
			verdict = VERDICT_NO; /* longer than any that can be accepted */
		} else {
			text_clear(&why);
			verdict = judge(relay_decide(settings, host, is_bad_sender,
						     is_authenticated ? SPAN("somebody") : SPAN(""),
						     &path, &why));
		}
		rest = span_tail(rest, end + 1);
	}
	if (verdict == VERDICT_YES &&
	    (count == 0 || rest.length != 1 || span_byte(rest, 0) != '\0'))
		verdict = VERDICT_NO;
	text_free(&path.address);
	text_free(&why);
	return verdict;
}

enum verdict recheck_envelope(const struct smtp_settings *settings, const struct smtp_host *host,
			      bool is_authenticated, bool is_secured, struct span envelope)
{
	size_t end = span_find(envelope, '\0');
	struct span sender = span_tail(span_head(envelope, end), 1);
	enum verdict is_bad = VERDICT_NO;

	if (span_byte(envelope, 0) != 'F' || end == envelope.length ||
	    (settings->requires_tls && !is_secured) ||
	    (settings->requires_auth && !is_authenticated))
		return VERDICT_NO;
	if (sender.length)
		is_bad = host->bad_sender(host->world, sender);
	if (is_bad == VERDICT_LATER)
		return VERDICT_LATER;
	return check_recipients(settings, host, is_bad == VERDICT_YES, is_authenticated,
				span_tail(envelope, end + 1));
}
