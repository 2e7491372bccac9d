#include "explain/audit_classes.h"

#include "explain/audit_directories.h"

#define LARGEST (1024 * 1024) /* bytes */

void audit_classes_init(struct audit_classes *classes)
{
	*classes = (struct audit_classes){.count = 0};
	audit_classes_keep(classes, &(struct audit_rule){.line = 0}, 0);
}

bool audit_classes_keep(struct audit_classes *classes, const struct audit_rule *rule,
			size_t directory)
{
	size_t index = classes->count;

	for (size_t other = 0; other < classes->count; other++)
		if (span_equal(text_span(&classes->data[other]), rule->data))
			return true;
	if (index == AUDIT_MOST_CLASSES || directory == AUDIT_MOST_DIRECTORIES) {
		classes->has_more = true;
		return true;
	}
	text_init(&classes->data[index], LARGEST);
	text_init(&classes->key[index], LARGEST);
	text_add(&classes->data[index], rule->data);
	text_add(&classes->key[index], rule->address);
	classes->file[index] = rule->file;
	classes->line[index] = rule->line;
	classes->directory[index] = directory;
	classes->count++;
	return !classes->data[index].failed && !classes->key[index].failed;
}

void audit_classes_free(struct audit_classes *classes)
{
	for (size_t index = 0; index < classes->count; index++) {
		text_free(&classes->data[index]);
		text_free(&classes->key[index]);
	}
	classes->count = 0;
}
