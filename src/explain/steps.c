#include "explain/steps.h"

#include <string.h>

#include "base/item.h"
#include "unix/control.h"

#define LONGEST_TEXT (64 * 1024) /* bytes */

/* The order of the decision. */
enum place {
	PLACE_SENDER,
	PLACE_SYNTAX,
	PLACE_BAD_SENDER,
	PLACE_RELAYCLIENT,
	PLACE_ODD,
	PLACE_LOCAL,
	PLACE_RCPTHOSTS,
	PLACE_RECIPIENTS,
	PLACE_UNKNOWN,
	PLACE_REFUSAL,
};

static const char *const names[] = {
	[PLACE_SENDER] = "sender",	    [PLACE_SYNTAX] = "syntax",
	[PLACE_BAD_SENDER] = "badmailfrom", [PLACE_RELAYCLIENT] = "relayclient",
	[PLACE_ODD] = "odd-form",	    [PLACE_LOCAL] = "local",
	[PLACE_RCPTHOSTS] = "rcpthosts",    [PLACE_RECIPIENTS] = "recipients",
	[PLACE_UNKNOWN] = "relayunknown",   [PLACE_REFUSAL] = "refusal",
};

void steps_init(struct steps *steps, struct trial *trial, const struct steps_rule *rule)
{
	*steps = (struct steps){.trial = trial, .rule = *rule};
	for (size_t index = 0; index < STEPS_MOST; index++) {
		text_init(&steps->list[index].says, LONGEST_TEXT);
		text_init(&steps->list[index].file, LONGEST_TEXT);
	}
}

void steps_free(struct steps *steps)
{
	for (size_t index = 0; index < STEPS_MOST; index++) {
		text_free(&steps->list[index].says);
		text_free(&steps->list[index].file);
	}
	if (steps->is_read) {
		entries_free(&steps->morercpthosts);
		entries_free(&steps->recipients);
	}
}

/* --- what a step says --- */

static bool why_is(const struct trial *trial, const char *word)
{
	return span_equal(text_span(&trial->why), span_of(word));
}

static enum place place_of_acceptance(const struct trial *trial)
{
	if (trial->was_mailbox_asked && trial->settings->recipients.is_open)
		return PLACE_RECIPIENTS;
	if (trial->was_hosted_asked)
		return PLACE_RCPTHOSTS;
	return why_is(trial, "local") ? PLACE_LOCAL : PLACE_RELAYCLIENT;
}

static enum place decider(const struct trial *trial)
{
	if (trial->mail_said != REPLY_SENDER_OK)
		return PLACE_SENDER;
	switch (trial->said) {
	case REPLY_RECIPIENT_OK: return place_of_acceptance(trial);
	case REPLY_BAD_SENDER: return PLACE_BAD_SENDER;
	case REPLY_ODD_ADDRESS: return PLACE_ODD;
	case REPLY_NO_MAILBOX: return PLACE_RECIPIENTS;
	case REPLY_CANNOT_CHECK:
		return trial->was_mailbox_asked ? PLACE_RECIPIENTS : PLACE_RCPTHOSTS;
	case REPLY_RELAY_UNKNOWN: return PLACE_UNKNOWN;
	case REPLY_NOT_HOSTED: return PLACE_REFUSAL;
	default: return PLACE_SYNTAX;
	}
}

static void set_file(struct step *step, const char *name, uint64_t line)
{
	text_clear(&step->file);
	control_path(name, &step->file);
	step->line = line;
}

/* The keys that a list was asked for, with blanks between. Sets *hit to the one that it has. */
static void add_keys(const struct record *record, const char *list, struct text *keys,
		     struct span *hit)
{
	for (size_t index = 0; index < record->count; index++) {
		if (strcmp(record->entries[index].list, list) != 0)
			continue;
		if (keys->length)
			text_add_string(keys, ", ");
		text_add(keys, record_key(record, index));
		if (record->entries[index].verdict == VERDICT_YES)
			*hit = record_key(record, index);
	}
}

/* Name the entry of a list that was found, or those that were not. */
static struct span say_list(const struct trial *trial, struct step *step, const char *list)
{
	struct span hit = {NULL, 0};
	struct text keys;

	text_init(&keys, LONGEST_TEXT);
	add_keys(&trial->record, list, &keys, &hit);
	if (hit.bytes) {
		text_add_string(&step->says, "the entry ");
		text_add(&step->says, hit);
	} else if (keys.length) {
		text_add_string(&step->says, "no entry ");
		text_add(&step->says, text_span(&keys));
	} else {
		text_add_string(&step->says, "nothing to ask for");
	}
	text_free(&keys);
	return hit;
}

/* Whether a rule's data sets a variable; then the step says where the rule stands. */
static bool is_of_rule(const struct steps *steps, struct step *step, const char *name)
{
	bool is_set = item_find_value(steps->rule.data, name) != NULL;

	if (is_set && steps->rule.file) {
		text_clear(&step->file);
		text_add_string(&step->file, steps->rule.file);
		step->line = steps->rule.line;
	}
	return is_set;
}

static const char *set_by(const struct steps *steps, struct step *step, const char *name)
{
	return is_of_rule(steps, step, name) ? "set by the rule" : "set in the environment";
}

/* --- the steps --- */

static void say_sender(const struct steps *steps, struct step *step)
{
	text_add_string(&step->says, "MAIL is refused, so no recipient can follow: ");
	text_add(&step->says, text_span(&steps->trial->mail_reply));
}

static void say_syntax(const struct steps *steps, struct step *step)
{
	if (step->decides) {
		text_add_string(&step->says, "no recipient can be read from this");
		return;
	}
	text_add_string(&step->says, "right; decided on is ");
	text_add(&step->says, text_span(&steps->trial->address));
}

static void say_bad_sender(const struct steps *steps, struct step *step)
{
	struct settings *settings = steps->trial->settings;
	struct span hit;

	if (!settings->badmailfrom.exists) {
		text_add_string(&step->says, "there is no such file");
		return;
	}
	if (steps->trial->record.count == 0 ||
	    strcmp(steps->trial->record.entries[0].list, "badmailfrom") != 0) {
		text_add_string(&step->says, "nobody asks about the null sender");
		return;
	}
	hit = say_list(steps->trial, step, "badmailfrom");
	set_file(step, "badmailfrom", hit.bytes ? entries_line(&settings->badmailfrom, hit) : 0);
	if (step->decides)
		text_add_string(&step->says,
				": mail from this sender is refused, whoever sends it");
}

static void say_relayclient(const struct steps *steps, struct step *step)
{
	const struct smtp_settings *smtp = &steps->trial->settings->smtp;

	if (!smtp->may_relay) {
		text_add_string(&step->says, "not set: the client is a stranger");
		return;
	}
	text_add_string(&step->says, set_by(steps, step, "RELAYCLIENT"));
	text_add_string(&step->says, ": the client may send to anywhere");
	if (smtp->relay_suffix.length) {
		text_add_string(&step->says, "; its value is appended: ");
		text_add(&step->says, text_span(&steps->trial->address));
	}
}

static void say_odd(const struct steps *steps, struct step *step, bool is_odd)
{
	if (is_odd)
		text_add_string(&step->says,
				"an odd form (a route, or one of @ % ! : before the last @), which "
				"what stands behind this host might send on: for customers only");
	else if (steps->trial->settings->smtp.takes_odd_addresses) {
		text_add_string(&step->says, "not looked at: ODDADDRESS=1 is ");
		text_add_string(&step->says, set_by(steps, step, "ODDADDRESS"));
	} else
		text_add_string(&step->says, "no");
}

static void say_local(const struct steps *steps, struct step *step)
{
	(void)steps;
	text_add_string(&step->says, step->decides ? "no domain: taken for a mailbox of this host"
						   : "no, there is a domain");
}

/* A cdb has no lines; the list that it was compiled from has. */
static void set_cdb_file(struct step *step, const char *cdb, const char *name,
			 struct entries *entries, struct span hit)
{
	unsigned line = hit.bytes && entries->exists ? entries_line(entries, hit) : 0;

	set_file(step, line ? name : cdb, line);
}

static void read_texts(struct steps *steps)
{
	struct text why;

	if (steps->is_read)
		return;
	text_init(&why, LONGEST_TEXT); /* they only lend their line numbers */
	entries_read(&steps->morercpthosts, "morercpthosts", &why);
	entries_read(&steps->recipients, "recipients", &why);
	text_free(&why);
	steps->is_read = true;
}

static void say_rcpthosts(struct steps *steps, struct step *step)
{
	struct trial *trial = steps->trial;
	struct settings *settings = trial->settings;
	struct span hit;

	if (!settings->rcpthosts.exists) {
		text_add_string(&step->says, "there is no such file, so every domain counts as "
					     "hosted here: this is an open relay");
		set_file(step, "rcpthosts", 0);
		return;
	}
	hit = say_list(trial, step, "rcpthosts");
	set_file(step, "rcpthosts", hit.bytes ? entries_line(&settings->rcpthosts, hit) : 0);
	if (!hit.bytes && settings->morercpthosts.is_open) {
		text_add_string(&step->says, "; in morercpthosts.cdb: ");
		hit = say_list(trial, step, "morercpthosts.cdb");
		read_texts(steps);
		if (hit.bytes)
			set_cdb_file(step, "morercpthosts.cdb", "morercpthosts",
				     &steps->morercpthosts, hit);
	}
	text_add_string(&step->says,
			trial->hosted == VERDICT_YES
				? ": the domain is hosted here"
				: (trial->hosted == VERDICT_NO ? ": the domain is not hosted here"
							       : ": it cannot be read now"));
}

static void say_recipients(struct steps *steps, struct step *step)
{
	struct trial *trial = steps->trial;
	struct span hit;

	if (!trial->settings->recipients.is_open) {
		text_add_string(&step->says, "there is no recipients.cdb: every mailbox is there");
		return;
	}
	hit = say_list(trial, step, "recipients.cdb");
	read_texts(steps);
	set_cdb_file(step, "recipients.cdb", "recipients", &steps->recipients, hit);
	text_add_string(&step->says,
			trial->mailbox == VERDICT_YES
				? ": there is such a mailbox"
				: (trial->mailbox == VERDICT_NO ? ": there is no such mailbox"
								: ": it cannot be read now"));
}

static void say_unknown(const struct steps *steps, struct step *step)
{
	if (!steps->trial->settings->smtp.relay_unknown) {
		text_add_string(&step->says, "not set");
		return;
	}
	text_add_string(&step->says, set_by(steps, step, "RELAYUNKNOWN"));
	text_add_string(&step->says, ": it could not be found out whether the client may relay, so "
				     "it shall try again");
}

static void say(struct steps *steps, enum place place, bool decides, bool is_odd)
{
	struct step *step = &steps->list[steps->count++];

	step->name = names[place];
	step->decides = decides;
	step->line = 0;
	text_clear(&step->says);
	text_clear(&step->file);
	switch (place) {
	case PLACE_SENDER: say_sender(steps, step); break;
	case PLACE_SYNTAX: say_syntax(steps, step); break;
	case PLACE_BAD_SENDER: say_bad_sender(steps, step); break;
	case PLACE_RELAYCLIENT: say_relayclient(steps, step); break;
	case PLACE_ODD: say_odd(steps, step, is_odd); break;
	case PLACE_LOCAL: say_local(steps, step); break;
	case PLACE_RCPTHOSTS: say_rcpthosts(steps, step); break;
	case PLACE_RECIPIENTS: say_recipients(steps, step); break;
	case PLACE_UNKNOWN: say_unknown(steps, step); break;
	case PLACE_REFUSAL:
		text_add_string(&step->says, "not hosted here, and the client may not relay");
		break;
	}
	steps->failed |= step->says.failed || step->file.failed;
}

void steps_tell(struct steps *steps)
{
	const struct trial *trial = steps->trial;
	enum place last = decider(trial);

	steps->count = 0;
	for (enum place place = last == PLACE_SENDER ? PLACE_SENDER : PLACE_SYNTAX; place <= last;
	     place++) {
		if (place == PLACE_RECIPIENTS && !trial->was_mailbox_asked)
			continue;
		say(steps, place, place == last, last == PLACE_ODD);
	}
}

const struct step *steps_decision(const struct steps *steps)
{
	return &steps->list[steps->count - 1];
}
