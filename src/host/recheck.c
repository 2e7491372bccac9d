#include "host/recheck.h"

#include "smtp/relay.h"

#define LONGEST_WHY 2048 /* bytes */

/* What one envelope is checked against, and room for one address. */
struct recheck {
	const struct smtp_settings *settings;
	const struct smtp_host *host;
	bool is_bad_sender, is_authenticated;
	struct smtp_path path;
	struct text why;
};

/* Whether the session could have read this address. */
static enum verdict read_address(struct recheck *recheck, struct span address)
{
	switch (path_read_queued(address, &recheck->path)) {
	case PATH_OK: return recheck->path.is_utf8 ? VERDICT_YES : VERDICT_NO;
	case PATH_NO_MEMORY: return VERDICT_LATER;
	default: return VERDICT_NO;
	}
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

static enum verdict check_recipient(struct recheck *recheck, struct span recipient)
{
	const struct smtp_settings *settings = recheck->settings;
	struct span read = recipient;
	enum verdict verdict;

	if (settings->may_relay) {
		if (!has_suffix(recipient, settings->relay_suffix))
			return VERDICT_NO;
		read = span_head(read, read.length - settings->relay_suffix.length);
	}
	verdict = read_address(recheck, read);
	if (verdict != VERDICT_YES)
		return verdict;
	if (read.length == 0 || path_is_double_bounce(&recheck->path))
		return VERDICT_NO;
	text_clear(&recheck->why);
	verdict = judge(relay_decide(settings, recheck->host, recheck->is_bad_sender,
				     recheck->is_authenticated ? SPAN("somebody") : SPAN(""),
				     &recheck->path, &recheck->why));
	/* It must be queued as it was decided on, without a dot at its end for example. */
	if (verdict == VERDICT_YES && !span_equal(text_span(&recheck->path.address), recipient))
		return VERDICT_NO;
	return verdict;
}

static enum verdict check_sender(struct recheck *recheck, struct span sender)
{
	const struct smtp_host *host = recheck->host;
	enum verdict verdict = read_address(recheck, sender), is_bad = VERDICT_NO;

	if (verdict == VERDICT_YES && sender.length)
		is_bad = host->bad_sender(host->world, sender);
	recheck->is_bad_sender = is_bad == VERDICT_YES;
	return is_bad == VERDICT_LATER ? VERDICT_LATER : verdict;
}

static enum verdict check_items(struct recheck *recheck, struct span envelope)
{
	size_t end = span_find(envelope, '\0');
	struct span rest = span_tail(envelope, end + 1);
	enum verdict verdict;
	uint32_t count = 0;

	if (span_byte(envelope, 0) != 'F' || end == envelope.length)
		return VERDICT_NO;
	verdict = check_sender(recheck, span_tail(span_head(envelope, end), 1));
	while (verdict == VERDICT_YES && span_byte(rest, 0) == 'T') {
		end = span_find(rest, '\0');
		if (end == rest.length || ++count > recheck->settings->most_recipients)
			return VERDICT_NO;
		verdict = check_recipient(recheck, span_tail(span_head(rest, end), 1));
		rest = span_tail(rest, end + 1);
	}
	if (verdict == VERDICT_YES &&
	    (count == 0 || rest.length != 1 || span_byte(rest, 0) != '\0'))
		return VERDICT_NO;
	return verdict;
}

enum verdict recheck_envelope(const struct smtp_settings *settings, const struct smtp_host *host,
			      bool is_authenticated, bool is_secured, struct span envelope)
{
	struct recheck recheck = {
		.settings = settings, .host = host, .is_authenticated = is_authenticated};
	enum verdict verdict;

	if ((settings->requires_tls && !is_secured) ||
	    (settings->requires_auth && !is_authenticated))
		return VERDICT_NO;
	text_init(&recheck.path.address, 2 * PATH_LARGEST + settings->relay_suffix.length);
	text_init(&recheck.why, LONGEST_WHY);
	verdict = check_items(&recheck, envelope);
	text_free(&recheck.path.address);
	text_free(&recheck.why);
	return verdict;
}
