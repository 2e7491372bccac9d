#include "explain/steps_page.h"

#include "base/json.h"

#define INDENT 18 /* columns before what a step says */

void steps_page_advice(const struct page *page, struct span advice)
{
	struct span line;

	while (span_next_line(&advice, &line)) {
		if (span_byte(line, 0) == ' ')
			page_line(page, PAGE_STRONG, 2, line);
		else
			page_write(page, PAGE_PLAIN, " ", 2, line);
	}
}

void steps_page_advice_json(struct text *out, struct span advice)
{
	struct span line;
	bool is_first = true;

	text_add_byte(out, '[');
	while (span_next_line(&advice, &line)) {
		if (!is_first)
			text_add_byte(out, ',');
		json_string(out, line);
		is_first = false;
	}
	text_add_byte(out, ']');
}

static void write_step(const struct page *page, const struct step *step, size_t number)
{
	struct text lead, words;

	text_init(&lead, 100);
	text_init(&words, 256 * 1024);
	text_add_string(&lead, "  ");
	text_add_number(&lead, number);
	text_add_byte(&lead, ' ');
	text_add_string(&lead, step->name);
	text_add(&words, text_span(&step->says));
	if (step->file.length) {
		text_add_string(&words, " (");
		text_add(&words, text_span(&step->file));
		if (step->line) {
			text_add_byte(&words, ':');
			text_add_number(&words, step->line);
		}
		text_add_byte(&words, ')');
	}
	page_write(page, step->decides ? PAGE_STRONG : PAGE_PLAIN, text_string(&lead), INDENT,
		   text_span(&words));
	text_free(&lead);
	text_free(&words);
}

void steps_page(const struct page *page, const struct steps *steps, struct span recipient,
		struct span advice)
{
	const struct trial *trial = steps->trial;
	enum verdict verdict = trial_verdict(trial);

	text_add_byte(page->out, '\n');
	page_write(page, PAGE_STRONG, "recipient", INDENT, recipient);
	for (size_t index = 0; index < steps->count; index++)
		write_step(page, &steps->list[index], index + 1);
	text_add_string(page->out, verdict == VERDICT_YES  ? "  accepted:\n"
				   : verdict == VERDICT_NO ? "  refused:\n"
							   : "  cannot be told now:\n");
	page_line(page, verdict == VERDICT_YES ? PAGE_GOOD : PAGE_BAD, 2, text_span(&trial->reply));
	if (advice.length)
		text_add_byte(page->out, '\n');
	steps_page_advice(page, advice);
}

static void write_steps_json(struct text *out, const struct steps *steps)
{
	json_name(out, false, "steps");
	text_add_byte(out, '[');
	for (size_t index = 0; index < steps->count; index++) {
		const struct step *step = &steps->list[index];

		text_add_string(out, index ? ",{" : "{");
		json_member(out, true, "step", span_of(step->name));
		json_member_bool(out, false, "decides", step->decides);
		json_member(out, false, "says", text_span(&step->says));
		json_member(out, false, "file",
			    step->file.length ? text_span(&step->file) : (struct span){NULL, 0});
		json_member_number(out, false, "line", step->line);
		text_add_byte(out, '}');
	}
	text_add_byte(out, ']');
}

static void write_questions_json(struct text *out, const struct record *record)
{
	json_name(out, false, "asked");
	text_add_byte(out, '[');
	for (size_t index = 0; index < record->count; index++) {
		text_add_string(out, index ? ",{" : "{");
		json_member(out, true, "list", span_of(record->entries[index].list));
		json_member(out, false, "key", record_key(record, index));
		json_member_bool(out, false, "found",
				 record->entries[index].verdict == VERDICT_YES);
		text_add_byte(out, '}');
	}
	text_add_byte(out, ']');
}

void steps_page_json(struct text *out, const struct steps *steps, struct span recipient,
		     struct span advice)
{
	const struct trial *trial = steps->trial;
	enum verdict verdict = trial_verdict(trial);

	text_add_byte(out, '{');
	json_member(out, true, "recipient", recipient);
	json_member(out, false, "result",
		    verdict == VERDICT_YES  ? SPAN("accepted")
		    : verdict == VERDICT_NO ? SPAN("refused")
					    : SPAN("unknown"));
	json_member(out, false, "reply", text_span(&trial->reply));
	json_member(out, false, "mail_reply", text_span(&trial->mail_reply));
	json_member(out, false, "decided_by", span_of(steps_decision(steps)->name));
	json_member(out, false, "address",
		    trial->address.length ? text_span(&trial->address) : (struct span){NULL, 0});
	write_steps_json(out, steps);
	write_questions_json(out, &trial->record);
	json_name(out, false, "advice");
	steps_page_advice_json(out, advice);
	text_add_byte(out, '}');
}
