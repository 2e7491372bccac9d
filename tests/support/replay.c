/*
 * replay: run a fuzz target over its corpus, each file and each of its prefixes once.
 *
 *     fuzz_<module> corpus-directory
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

#define LARGEST	  (1024 * 1024) /* bytes of a corpus file */
#define MOST_CUTS 64		/* prefixes tried of one file */

static int replay(const char *directory, const char *name)
{
	static uint8_t bytes[LARGEST];
	char path[4096];
	size_t size;
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	file = fopen(path, "rb");
	if (!file) {
		perror(path);
		return -1;
	}
	size = fread(bytes, 1, sizeof(bytes), file);
	fclose(file);
	for (size_t cut = 0; cut < MOST_CUTS; cut++) {
		/* A block of its own, so that a sanitizer sees a read past the end. */
		size_t length = size * cut / MOST_CUTS;
		uint8_t *copy = malloc(length ? length : 1);

		for (size_t index = 0; copy && index < length; index++)
			copy[index] = bytes[index];
		if (copy)
			LLVMFuzzerTestOneInput(copy, length);
		free(copy);
	}
	LLVMFuzzerTestOneInput(bytes, size);
	return 0;
}

int main(int argc, char **argv)
{
	DIR *directory = argc == 2 ? opendir(argv[1]) : NULL;
	unsigned passed = 0, failed = 0;
	struct dirent *entry;

	if (!directory) {
		fprintf(stderr, "usage: %s corpus-directory\n", argv[0]);
		return 100;
	}
	while ((entry = readdir(directory)))
		if (entry->d_name[0] != '.') {
			if (replay(argv[1], entry->d_name) == 0)
				passed++;
			else
				failed++;
		}
	closedir(directory);
	printf("%u passed, %u failed, 0 skipped\n", passed, failed);
	return failed || !passed;
}
