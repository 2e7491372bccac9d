#include "smtp/relay.h"

static const struct span no_list = {"norcpthosts", 11};

/* Is the domain ours? Decides on the address as it will be queued: without the trailing dot. */
static enum verdict ask_hosted(const struct smtp_host *host, struct smtp_path *recipient,
			       struct text *why)
{
	char room[PATH_LARGEST + 1];
	struct text domain;

	if (recipient->address.bytes[recipient->address.length - 1] == '.')
		text_cut(&recipient->address, recipient->address.length - 1);
	text_init_in(&domain, room, sizeof(room));
	text_add_folded(&domain, path_domain(recipient));
	return domain.failed ? VERDICT_LATER : host->hosted(host->world, text_span(&domain), why);
}

enum smtp_reply relay_decide(const struct smtp_settings *settings, const struct smtp_host *host,
			     bool is_bad_sender, struct span user, struct smtp_path *recipient,
			     struct text *why)
{
	if (is_bad_sender)
		return REPLY_BAD_SENDER;
	if (settings->may_relay) {
		text_add_string(why, "relayclient");
		text_add(&recipient->address, settings->relay_suffix);
		return recipient->address.failed ? REPLY_NO_MEMORY : REPLY_RECIPIENT_OK;
	}
	if (user.length) {
		text_add_string(why, "auth:");
		text_add(why, user);
		return REPLY_RECIPIENT_OK;
	}
	if (recipient->is_odd && !settings->takes_odd_addresses)
		return REPLY_ODD_ADDRESS;
	if (recipient->at == recipient->address.length) {
		text_add_string(why, "local");
		return REPLY_RECIPIENT_OK;
	}
	switch (ask_hosted(host, recipient, why)) {
	case VERDICT_NO: /* for good only where it is known that this is no customer */
		return settings->relay_unknown ? REPLY_RELAY_UNKNOWN : REPLY_NOT_HOSTED;
	case VERDICT_LATER: return REPLY_CANNOT_CHECK;
	case VERDICT_YES: break;
	}
	if (span_equal(text_span(why), no_list))
		return REPLY_RECIPIENT_OK; /* then no domain is known to be ours */
	switch (host->mailbox(host->world, text_span(&recipient->address))) {
	case VERDICT_NO: return REPLY_NO_MAILBOX;
	case VERDICT_LATER: return REPLY_CANNOT_CHECK;
	case VERDICT_YES: break;
	}
	return REPLY_RECIPIENT_OK;
}
