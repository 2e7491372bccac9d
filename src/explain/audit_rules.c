#include "explain/audit_rules.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "explain/audit_rule.h"
#include "rules/match.h"
#include "rules/prefix.h"
#include "rules/rule.h"
#include "unix/cdb_file.h"
#include "unix/environment.h"
#include "unix/line_reader.h"
#include "unix/reason.h"

#define LARGEST_DATA (1024 * 1024) /* bytes */

struct rules {
	struct findings *findings;
	struct audit_classes *classes;
	const char *file;
	bool failed; /* memory was short */
};

/* What a stranger gets by this rule. */
static void keep_class(struct rules *rules, const struct audit_rule *rule)
{
	struct audit_classes *classes = rules->classes;
	size_t index = classes->count;

	for (size_t other = 0; other < classes->count; other++)
		if (span_equal(text_span(&classes->data[other]), rule->data))
			return;
	if (index == AUDIT_MOST_CLASSES) {
		classes->has_more = true;
		return;
	}
	text_init(&classes->data[index], LARGEST_DATA);
	text_init(&classes->key[index], LARGEST_DATA);
	text_add(&classes->data[index], rule->data);
	text_add(&classes->key[index], rule->address);
	rules->failed |= classes->data[index].failed || classes->key[index].failed;
	classes->line[index] = rule->line;
	classes->count++;
}

void audit_classes_free(struct audit_classes *classes)
{
	for (size_t index = 0; index < classes->count; index++) {
		text_free(&classes->data[index]);
		text_free(&classes->key[index]);
	}
	classes->count = 0;
}

static void judge(struct rules *rules, const struct audit_rule *rule)
{
	if (match_denies(rule->data) || span_equal(rule->address, SPAN(PREFIX_INDEX_KEY)))
		return;
	rules->failed |= !audit_rule(rules->findings, rule);
	if (!environment_find_item(rule->data, "RELAYCLIENT"))
		keep_class(rules, rule);
}

/* --- where they are --- */

static void tell_useless(struct rules *rules, const struct audit_rule *rule, const char *what)
{
	rules->failed |= !audit_rule_tell(rules->findings, rule, FINDING_WARNING, "rule-useless",
					  what, "the rule does not say what it seems to say",
					  "correct it or take it out");
}

/* A rule that was read, with all its keys. Those of a range are judged together: what the rule
 * opens is all of them. */
static void judge_keys(struct rules *rules, struct rule *read, struct audit_rule *rule)
{
	struct span range = rule->address, key;
	struct network_count covered = {.all = 0};
	bool is_range = read->pattern.has_number, has_keys = false;

	while (rule_next_key(read, &key)) {
		rule->address = key;
		has_keys = true;
		if (is_range)
			network_count_add(&covered, key);
		else
			judge(rules, rule);
	}
	if (!is_range || !has_keys)
		return;
	rule->address = range;
	rule->range = &covered;
	judge(rules, rule);
}

static void judge_line(struct rules *rules, struct rule *read, struct span line, uint64_t number)
{
	struct audit_rule rule = {.file = rules->file, .line = number};
	struct text why;
	enum rule_kind kind;

	text_init(&why, 1000);
	kind = rule_read(read, line, &why);
	if (kind == RULE_MALFORMED)
		findings_add(rules->findings,
			     &(struct finding){FINDING_ERROR, "rule-malformed", rules->file, number,
					       text_span(&why),
					       "the text cannot be compiled, so no change to it is "
					       "in force",
					       "correct this line"});
	rule.address = span_trim_end(line);
	for (size_t index = 0; index < read->warning_count && kind != RULE_MALFORMED; index++)
		if (!strstr(read->warnings[index], "RELAYCLIENT")) /* judged by themselves */
			tell_useless(rules, &rule, read->warnings[index]);
	rule.address = span_head(line, span_find(line, ':')); /* in a range there is no colon */
	rule.data = text_span(&read->data);
	if (kind == RULE_GOOD)
		judge_keys(rules, read, &rule);
	rules->failed |= why.failed;
	text_free(&why);
}

static bool fail(struct text *why, const char *name)
{
	reason_add(why, "read", name);
	return false;
}

static bool judge_text(struct rules *rules, struct text *why)
{
	int descriptor = open(rules->file, O_RDONLY | O_CLOEXEC | O_NOCTTY), result;
	struct line_reader reader;
	struct rule rule;
	struct span line;

	if (descriptor == -1)
		return fail(why, rules->file);
	errno = ENOMEM;
	if (!rule_init(&rule) || line_reader_init(&reader, descriptor, RULE_LONGEST_LINE) == -1)
		return fail(why, rules->file);
	while ((result = line_reader_next(&reader, &line)) == 1)
		judge_line(rules, &rule, line, reader.number);
	if (result == -1)
		fail(why, rules->file);
	line_reader_free(&reader);
	rule_free(&rule);
	close(descriptor);
	return result == 0;
}

/* A database that cannot be read is told by whoever asks it. */
static void judge_cdb(struct rules *rules)
{
	unsigned position = CDB_FILE_FIRST_RECORD;
	struct cdb_file file;
	struct span key, data;

	if (cdb_file_open(&file, rules->file) == -1)
		return;
	while (cdb_file_next(&file, &position, &key, &data) == VERDICT_YES)
		judge(rules,
		      &(struct audit_rule){.file = rules->file, .address = key, .data = data});
	cdb_file_close(&file);
}

bool audit_rules(struct findings *findings, const char *cdb, const char *text,
		 struct audit_classes *classes, struct text *why)
{
	struct rules rules = {findings, classes, text ? text : cdb, false};

	*classes = (struct audit_classes){.count = 0};
	keep_class(&rules, &(struct audit_rule){.line = 0}); /* the client that no rule knows */
	if (text && !judge_text(&rules, why))
		return false;
	if (!text && cdb)
		judge_cdb(&rules);
	if (rules.failed)
		text_add_string(why, "out of memory");
	return !rules.failed;
}
