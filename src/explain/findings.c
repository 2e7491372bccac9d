#include "explain/findings.h"

#include "base/json.h"
#include "base/page.h"
#include "unix/control.h"

#define LONGEST_PATH 8192		 /* bytes */
#define LARGEST	     (256 * 1024 * 1024) /* bytes */
#define MOST_NAMED   10			 /* entries of a list, with one mistake */

void findings_init(struct findings *findings, bool is_json)
{
	*findings = (struct findings){.is_json = is_json};
	text_init(&findings->out, LARGEST);
	if (is_json)
		text_add_string(&findings->out, "{\"findings\":[");
}

void findings_free(struct findings *findings)
{
	text_free(&findings->out);
}

static void write_json(struct text *out, const struct finding *finding, bool is_first)
{
	text_add_string(out, is_first ? "{" : ",\n{");
	json_member(out, true, "grade",
		    finding->grade == FINDING_ERROR ? SPAN("error") : SPAN("warning"));
	json_member(out, false, "kind", span_of(finding->kind));
	json_member(out, false, "file", span_of(finding->file));
	json_member_number(out, false, "line", finding->line);
	json_member(out, false, "what", finding->what);
	json_member(out, false, "why", span_of(finding->why));
	json_member(out, false, "do", span_of(finding->remedy));
	text_add_byte(out, '}');
}

void findings_add(struct findings *findings, const struct finding *finding)
{
	struct text *out = &findings->out;
	bool is_first = findings->errors + findings->warnings == 0;

	if (finding->grade == FINDING_ERROR)
		findings->errors++;
	else
		findings->warnings++;
	if (findings->is_json) {
		write_json(out, finding, is_first);
		return;
	}
	text_add_string(out, finding->grade == FINDING_ERROR ? "error: " : "warning: ");
	page_add(out, span_of(finding->file));
	if (finding->line) {
		text_add_byte(out, ':');
		text_add_number(out, finding->line);
	}
	text_add_string(out, ": ");
	page_add(out, finding->what);
	text_add_string(out, ": ");
	text_add_string(out, finding->why);
	text_add_string(out, ": ");
	text_add_string(out, finding->remedy);
	text_add_byte(out, '\n');
}

bool findings_may_name(size_t *count)
{
	return (*count)++ < MOST_NAMED;
}

void findings_add_others(struct findings *findings, const struct finding *others, size_t count)
{
	struct finding finding = *others;
	size_t before = span_find(others->what, '#');
	struct text what;

	if (count <= MOST_NAMED)
		return;
	text_init(&what, LARGEST);
	text_add(&what, span_head(others->what, before));
	text_add_number(&what, count - MOST_NAMED);
	text_add(&what, span_tail(others->what, before + 1));
	finding.what = text_span(&what);
	findings_add(findings, &finding);
	findings->out.failed |= what.failed;
	text_free(&what);
}

bool findings_add_of_control(struct findings *findings, struct finding finding, size_t count)
{
	struct text path;
	bool has_room;

	text_init(&path, LONGEST_PATH);
	control_path(finding.file, &path);
	finding.file = text_string(&path);
	if (count)
		findings_add_others(findings, &finding, count);
	else
		findings_add(findings, &finding);
	has_room = !path.failed;
	text_free(&path);
	return has_room;
}

void findings_finish(struct findings *findings, size_t probes)
{
	struct text *out = &findings->out;

	if (!findings->is_json)
		return;
	text_add_byte(out, ']');
	json_member_number(out, false, "errors", findings->errors);
	json_member_number(out, false, "warnings", findings->warnings);
	json_member_number(out, false, "probes", probes);
	text_add_string(out, "}\n");
}
