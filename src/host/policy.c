#include "host/policy.h"

#define LONGEST_KEY 8192 /* bytes */

static enum verdict ask(const struct lookup *lookup, struct span key)
{
	struct span data;

	return lookup->find(lookup->world, key, &data);
}

static enum verdict ask_for_domain(const struct lookup *lookup, struct span domain)
{
	for (size_t index = 0; index < domain.length; index++)
		if (index == 0 || domain.bytes[index] == '.') {
			enum verdict verdict = ask(lookup, span_tail(domain, index));

			if (verdict != VERDICT_NO)
				return verdict;
		}
	return VERDICT_NO;
}

enum verdict policy_hosted(const struct lookup *rcpthosts, const struct lookup *morercpthosts,
			   struct span domain, struct text *why)
{
	enum verdict verdict;

	if (!rcpthosts) {
		text_add_string(why, "norcpthosts");
		return VERDICT_YES;
	}
	verdict = ask_for_domain(rcpthosts, domain);
	if (verdict == VERDICT_YES)
		text_add_string(why, "rcpthosts");
	if (verdict != VERDICT_NO || !morercpthosts)
		return verdict;
	verdict = ask_for_domain(morercpthosts, domain);
	if (verdict == VERDICT_YES)
		text_add_string(why, "morercpthosts");
	return verdict;
}

/* Ask for the head of a local part, a wildcard or nothing behind it, in a domain. */
static enum verdict ask_for_mailbox(const struct lookup *recipients, struct text *key,
				    struct span head, const char *wildcard, struct span at_domain)
{
	text_clear(key);
	text_add(key, head);
	text_add_string(key, wildcard);
	text_add(key, at_domain);
	return key->failed ? VERDICT_LATER : ask(recipients, text_span(key));
}

static enum verdict ask_for_local(const struct lookup *recipients, struct text *key,
				  struct span local, struct span at_domain)
{
	enum verdict verdict = ask_for_mailbox(recipients, key, local, "", at_domain);

	for (size_t index = local.length; index > 0 && verdict == VERDICT_NO; index--)
		if (local.bytes[index - 1] == '-' || local.bytes[index - 1] == '+')
			verdict = ask_for_mailbox(recipients, key, span_head(local, index), "*",
						  at_domain);
	return verdict;
}

enum verdict policy_mailbox(const struct lookup *recipients, struct span address)
{
	size_t at = span_find_last(address, '@');
	struct span local = span_head(address, at), folded_local, at_domain;
	struct text folded, key;
	enum verdict verdict = VERDICT_LATER;

	if (!recipients)
		return VERDICT_YES;
	text_init(&folded, LONGEST_KEY);
	text_init(&key, LONGEST_KEY);
	text_add_folded(&folded, address);
	if (folded.failed)
		goto done;
	folded_local = span_head(text_span(&folded), at);
	at_domain = span_tail(text_span(&folded), at);
	verdict = ask_for_local(recipients, &key, folded_local, at_domain);
	if (verdict == VERDICT_NO && !span_equal(local, folded_local))
		verdict = ask_for_local(recipients, &key, local, at_domain);
	if (verdict == VERDICT_NO)
		verdict = ask(recipients, at_domain);
done:
	text_free(&folded);
	text_free(&key);
	return verdict;
}

static bool is_dotted(struct span address)
{
	return address.bytes[address.length - 1] == '.';
}

enum verdict policy_bad_sender(const struct lookup *badmailfrom, struct span address)
{
	size_t at = span_find_last(address, '@');
	enum verdict verdict = ask(badmailfrom, address);

	if (verdict == VERDICT_NO && at < address.length)
		verdict = ask(badmailfrom, span_tail(address, at));
	/* With a dot at its end it is the same domain. */
	if (verdict == VERDICT_NO && at < address.length && is_dotted(address))
		verdict = policy_bad_sender(badmailfrom, span_head(address, address.length - 1));
	return verdict;
}
