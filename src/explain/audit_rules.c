#include "explain/audit_rules.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/item.h"
#include "explain/audit_rule.h"
#include "explain/duplicates.h"
#include "explain/queue_value.h"
#include "host/settings.h"
#include "rules/prefix.h"
#include "rules/rule.h"
#include "unix/cdb_file.h"
#include "unix/file.h"
#include "unix/line_reader.h"
#include "unix/reason.h"

#define LARGEST_DATA (1024 * 1024) /* bytes */

struct rules {
	struct findings *findings;
	struct audit_seen *seen;
	const char *file;
	struct duplicates duplicates;
	size_t late;	 /* rules that are duplicates */
	size_t unusable; /* variables of rules */
	int trouble;	 /* errno, or 0 */
};

/* Memory was short where something is not good. */
static void note(struct rules *rules, bool is_good)
{
	if (!is_good)
		rules->trouble = ENOMEM;
}

/* --- what smtpd cannot use --- */

static bool is_set_again(struct span rest, struct span name)
{
	struct span variable;

	while (item_next_variable(&rest, &variable))
		if (span_starts(variable, name) && span_byte(variable, name.length) == '=')
			return true;
	return false;
}

static void judge_values(struct rules *rules, const struct audit_rule *rule)
{
	struct span rest = rule->data, variable;
	struct text why;

	text_init(&why, LARGEST_DATA);
	while (item_next_variable(&rest, &variable)) {
		struct span name = span_head(variable, span_find(variable, '='));
		struct span value = span_tail(variable, name.length + 1);

		bool is_read;

		text_clear(&why);
		is_read = settings_variable_is_usable(name, value, &why);
		if ((is_read && queue_value_can_run(name, value, &why)) || is_set_again(rest, name))
			continue;
		if (findings_may_name(&rules->unusable))
			note(rules,
			     audit_rule_tell(rules->findings, rule, FINDING_ERROR,
					     "variable-unusable", text_string(&why),
					     is_read ? "every message of such a client is "
						       "answered 451"
						     : "smtpd answers 421 to every client of "
						       "this rule",
					     "correct the rule"));
		note(rules, !why.failed);
	}
	text_free(&why);
}

static void judge(struct rules *rules, const struct audit_rule *rule)
{
	bool is_for_strangers;
	size_t directory;

	if (item_denies(rule->data) || span_equal(rule->address, SPAN(PREFIX_INDEX_KEY)))
		return;
	note(rules, audit_rule(rules->findings, rule));
	judge_values(rules, rule);
	is_for_strangers = !item_find_value(rule->data, "RELAYCLIENT");
	directory = audit_directories_take(&rules->seen->directories, rule->data, is_for_strangers);
	if (is_for_strangers)
		note(rules, audit_classes_keep(&rules->seen->classes, rule, directory));
}

/* --- a rule that comes too late --- */

static void tell_useless(struct rules *rules, const struct audit_rule *rule, const char *what)
{
	note(rules, audit_rule_tell(rules->findings, rule, FINDING_WARNING, "rule-useless", what,
				    "the rule does not say what it seems to say",
				    "correct it or take it out"));
}

/* The lines of the rules that hold in place of the one that is being read. */
struct firsts {
	uint64_t lines[PATTERN_MOST_KEYS];
	size_t count;
};

/* Once for each line that holds, as tcprules does. */
static void tell_late(struct rules *rules, const struct audit_rule *rule, uint64_t line,
		      struct firsts *firsts)
{
	struct text what;

	for (size_t index = 0; index < firsts->count; index++)
		if (firsts->lines[index] == line)
			return;
	firsts->lines[firsts->count++] = line;
	if (!findings_may_name(&rules->late))
		return;
	text_init(&what, 100);
	text_add_string(&what, "duplicate address, and ");
	text_add_string(&what, line ? "the rule in line " : "an earlier rule");
	if (line)
		text_add_number(&what, line);
	text_add_string(&what, " holds");
	tell_useless(rules, rule, text_string(&what));
	text_free(&what);
}

static void tell_others(struct rules *rules)
{
	findings_add_others(rules->findings,
			    &(struct finding){FINDING_WARNING, "rule-useless", rules->file, 0,
					      SPAN("# more duplicate addresses"),
					      "the rule does not say what it seems to say",
					      "correct it or take it out"},
			    rules->late);
	findings_add_others(rules->findings,
			    &(struct finding){FINDING_ERROR, "variable-unusable", rules->file, 0,
					      SPAN("# more variables that smtpd cannot use"),
					      "smtpd answers 421 to such clients, or 451 to each "
					      "message of theirs",
					      "correct the rules"},
			    rules->unusable);
}

/* Whether the next key, which is the rule's address, is that of an earlier rule. Then it says
 * nothing, and that is told. */
static bool is_late(struct rules *rules, const struct audit_rule *rule, struct firsts *firsts)
{
	uint64_t line = 0;
	int result = duplicates_next(&rules->duplicates, &line);

	if (result == -1)
		rules->trouble = errno;
	if (result == 1)
		tell_late(rules, rule, line, firsts);
	return result == 1;
}

static void add_key(struct rules *rules, struct span key, uint64_t line)
{
	if (!rules->trouble && duplicates_add(&rules->duplicates, key, line) == -1)
		rules->trouble = errno;
}

/* --- the text --- */

/* A rule that was read, with all its keys that hold. Those of a range are judged together: what the
 * rule opens is all of them. */
static void judge_keys(struct rules *rules, struct rule *read, struct audit_rule *rule)
{
	struct span range = rule->address;
	struct network_count covered = {.all = 0};
	bool is_range = read->pattern.has_number, has_keys = false;
	struct firsts firsts = {.count = 0};

	while (rule_next_key(read, &rule->address)) {
		if (is_late(rules, rule, &firsts))
			continue;
		has_keys = true;
		if (is_range)
			network_count_add(&covered, rule->address);
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
		if (!strstr(read->warnings[index], "RELAYCLIENT for ")) /* judged by themselves */
			tell_useless(rules, &rule, read->warnings[index]);
	rule.address = span_head(line, span_find(line, ':')); /* in a range there is no colon */
	rule.data = text_span(&read->data);
	if (kind == RULE_GOOD)
		judge_keys(rules, read, &rule);
	note(rules, !why.failed);
	text_free(&why);
}

/* What is wrong with the line is told when it is judged. */
static void add_line(struct rules *rules, struct rule *read, struct span line, uint64_t number)
{
	struct text why;
	struct span key;

	text_init(&why, 1000);
	if (rule_read(read, line, &why) == RULE_GOOD)
		while (rule_next_key(read, &key))
			add_key(rules, key, number);
	text_free(&why);
}

/* Hand all lines to one of the two. Returns 0, or -1 with errno. */
static int walk_text(struct rules *rules, int descriptor,
		     void (*take)(struct rules *rules, struct rule *read, struct span line,
				  uint64_t number))
{
	struct line_reader reader;
	struct rule rule;
	struct span line;
	int result = -1;

	if (lseek(descriptor, 0, SEEK_SET) == -1)
		return -1;
	errno = ENOMEM;
	if (!rule_init(&rule))
		return -1;
	if (line_reader_init(&reader, descriptor, RULE_LONGEST_LINE) == 0) {
		while ((result = line_reader_next(&reader, &line)) == 1 && !rules->trouble)
			take(rules, &rule, line, reader.number);
		line_reader_free(&reader);
	}
	rule_free(&rule);
	if (result != -1 && rules->trouble)
		errno = rules->trouble;
	return result == -1 || rules->trouble ? -1 : 0;
}

/* The text is read twice: which rule is the first one of its address must be known before any is
 * judged. */
static int judge_text(struct rules *rules)
{
	int descriptor = open(rules->file, O_RDONLY | O_CLOEXEC | O_NOCTTY), result = -1, kept;
	struct stat before, after;

	if (descriptor == -1)
		return -1;
	if (fstat(descriptor, &before) == 0 && walk_text(rules, descriptor, add_line) == 0 &&
	    duplicates_finish(&rules->duplicates) == 0 &&
	    walk_text(rules, descriptor, judge_line) == 0)
		result = fstat(descriptor, &after);
	if (result == 0 && !file_is_unchanged(&before, &after)) {
		errno = EBUSY; /* the two readings may have been of different texts */
		result = -1;
	}
	kept = errno;
	close(descriptor);
	errno = kept;
	return result;
}

/* --- the database --- */

static void judge_record(struct rules *rules, struct span key, struct span data)
{
	struct audit_rule rule = {.file = rules->file, .address = key, .data = data};
	struct firsts firsts = {.count = 0};

	if (!is_late(rules, &rule, &firsts))
		judge(rules, &rule);
}

/* Hand all records to one of the two. NO: these were all. LATER: what is behind them cannot
 * be read. */
static enum verdict walk_cdb(struct rules *rules, struct cdb_file *file,
			     void (*take)(struct rules *rules, struct span key, struct span data))
{
	unsigned position = CDB_FILE_FIRST_RECORD;
	enum verdict verdict;
	struct span key, data;

	while ((verdict = cdb_file_next(file, &position, &key, &data)) == VERDICT_YES &&
	       !rules->trouble)
		take(rules, key, data);
	return verdict;
}

static void add_record(struct rules *rules, struct span key, struct span data)
{
	(void)data;
	add_key(rules, key, 0);
}

/* A database that cannot be opened is told by whoever asks it. */
static int judge_cdb(struct rules *rules)
{
	struct cdb_file file;
	int result = 0;

	if (cdb_file_open(&file, rules->file) == -1)
		return 0;
	walk_cdb(rules, &file, add_record);
	if (!rules->trouble)
		result = duplicates_finish(&rules->duplicates);
	if (result == 0 && walk_cdb(rules, &file, judge_record) == VERDICT_LATER)
		findings_add(rules->findings,
			     &(struct finding){FINDING_ERROR, "rules-unreadable", rules->file, 0,
					       SPAN("it is damaged, or is being overwritten"),
					       "not all of its rules could be looked at",
					       "compile the rules anew"});
	cdb_file_close(&file);
	return result;
}

void audit_seen_init(struct audit_seen *seen)
{
	audit_directories_init(&seen->directories);
	audit_classes_init(&seen->classes);
}

void audit_seen_free(struct audit_seen *seen)
{
	audit_directories_free(&seen->directories);
	audit_classes_free(&seen->classes);
}

bool audit_rules(struct findings *findings, const char *file, bool is_compiled,
		 struct audit_seen *seen, struct text *why)
{
	struct rules rules = {findings, seen, file, .late = 0};
	int result = duplicates_init(&rules.duplicates);

	if (result == 0)
		result = is_compiled ? judge_cdb(&rules) : judge_text(&rules);
	if (result == 0)
		tell_others(&rules);
	if (result == 0 && rules.trouble) {
		errno = rules.trouble;
		result = -1;
	}
	if (result == -1)
		reason_add(why, "read", file);
	duplicates_free(&rules.duplicates);
	return result == 0;
}
