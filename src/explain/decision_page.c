#include "explain/decision_page.h"

#include "base/item.h"
#include "base/json.h"
#include "rules/prefix.h"

#define INDENT	      18 /* columns */
#define LONGEST_WORDS (256 * 1024)

static void write_client(const struct page *page, const struct match_client *client)
{
	struct text words;

	text_init(&words, LONGEST_WORDS);
	text_add_string(&words, client->ip);
	if (client->host) {
		text_add_string(&words, ", name ");
		text_add_string(&words, client->host);
	}
	if (client->info) {
		text_add_string(&words, ", ident answer ");
		text_add_string(&words, client->info);
	}
	page_write(page, PAGE_STRONG, "client", INDENT, text_span(&words));
	text_free(&words);
}

static void write_question(const struct page *page, const struct decision *decision, size_t index)
{
	struct span key = record_key(&decision->record, index);
	bool is_found = decision->record.entries[index].verdict == VERDICT_YES;
	struct text lead, words;

	if (span_equal(key, SPAN(PREFIX_INDEX_KEY)))
		return; /* not about the client: it spares questions */
	text_init(&lead, LONGEST_WORDS);
	text_init(&words, LONGEST_WORDS);
	text_add_string(&lead, "  ");
	if (key.length == 0)
		text_add_string(&lead, "(everybody)");
	page_add(&lead, key);
	text_add_string(&words, is_found ? "this rule holds" : "no rule");
	if (is_found && decision->number) {
		text_add_string(&words, ": ");
		text_add_string(&words, decision->text);
		text_add_byte(&words, ':');
		text_add_number(&words, decision->number);
	}
	page_write(page, is_found ? PAGE_STRONG : PAGE_PLAIN, text_string(&lead), INDENT,
		   text_span(&words));
	text_free(&lead);
	text_free(&words);
}

static void write_rule(const struct page *page, const struct decision *decision)
{
	struct span rest = text_span(&decision->data), variable;

	if (decision->verdict != VERDICT_YES) {
		page_write(page, PAGE_PLAIN, "", INDENT,
			   decision->cdb || decision->text
				   ? SPAN("no rule matches: the connection is allowed, and nothing "
					  "is set")
				   : SPAN("none: the connection is allowed, and nothing is set"));
		return;
	}
	if (decision->number)
		page_line(page, PAGE_PLAIN, INDENT, decision->line);
	while (item_next_variable(&rest, &variable))
		page_write(page, PAGE_PLAIN, "  sets", INDENT, variable);
	if (decision->is_denied)
		page_write(page, PAGE_BAD, "  denies", INDENT,
			   SPAN("the connection is closed before a word of SMTP"));
	else
		page_write(page, PAGE_PLAIN, "  allows", INDENT, SPAN("the connection"));
}

void decision_page(const struct page *page, const struct decision *decision)
{
	struct span rest = text_span(&decision->warnings), warning;
	struct text words;

	text_init(&words, LONGEST_WORDS);
	text_add_string(&words, decision->cdb	 ? decision->cdb
				: decision->text ? decision->text
						 : "");
	if (decision->cdb && decision->text) {
		text_add_string(&words, ", compiled from ");
		text_add_string(&words, decision->text);
	}
	write_client(page, &decision->client);
	page_write(page, PAGE_STRONG, "rules", INDENT, text_span(&words));
	for (size_t index = 0; index < decision->record.count; index++)
		write_question(page, decision, index);
	write_rule(page, decision);
	while (span_next_line(&rest, &warning))
		page_write(page, PAGE_BAD, "warning", INDENT, warning);
	text_free(&words);
}

/* --- for programs --- */

static void write_lines_json(struct text *out, const char *name, struct span lines)
{
	struct span line;
	bool is_first = true;

	json_name(out, false, name);
	text_add_byte(out, '[');
	while (span_next_line(&lines, &line)) {
		if (!is_first)
			text_add_byte(out, ',');
		json_string(out, line);
		is_first = false;
	}
	text_add_byte(out, ']');
}

static void write_variables_json(struct text *out, struct span data)
{
	struct span variable;
	bool is_first = true;

	json_name(out, false, "variables");
	text_add_byte(out, '[');
	while (item_next_variable(&data, &variable)) {
		if (!is_first)
			text_add_byte(out, ',');
		json_string(out, variable);
		is_first = false;
	}
	text_add_byte(out, ']');
}

static void write_asked_json(struct text *out, const struct record *record)
{
	json_name(out, false, "asked");
	text_add_byte(out, '[');
	for (size_t index = 0; index < record->count; index++) {
		text_add_string(out, index ? ",{" : "{");
		json_member(out, true, "key", record_key(record, index));
		json_member_bool(out, false, "found",
				 record->entries[index].verdict == VERDICT_YES);
		text_add_byte(out, '}');
	}
	text_add_byte(out, ']');
}

void decision_page_json(struct text *out, const struct decision *decision)
{
	static const struct span none = {NULL, 0};

	json_name(out, true, "client");
	text_add_byte(out, '{');
	json_member(out, true, "ip", span_of(decision->client.ip));
	json_member(out, false, "name", span_of(decision->client.host));
	json_member(out, false, "info", span_of(decision->client.info));
	text_add_byte(out, '}');
	json_name(out, false, "rules");
	text_add_byte(out, '{');
	json_member(out, true, "cdb", span_of(decision->cdb));
	json_member(out, false, "text", span_of(decision->text));
	write_asked_json(out, &decision->record);
	json_member(out, false, "rule",
		    decision->verdict == VERDICT_YES ? text_span(&decision->match.key) : none);
	json_member_number(out, false, "line", decision->number);
	json_member(out, false, "source", decision->number ? decision->line : none);
	json_member_bool(out, false, "denied", decision->is_denied);
	write_variables_json(out, text_span(&decision->data));
	text_add_byte(out, '}');
	write_lines_json(out, "warnings", text_span(&decision->warnings));
}
