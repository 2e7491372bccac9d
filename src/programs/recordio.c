/*
 * recordio: run a program, and write what it reads and says on descriptor 2.
 *
 *     recordio program [argument ...]
 *
 * Each line of the log starts with the process id of the program, and '<' for input or '>' for
 * output. A process of its own stands between the program and descriptors 0 and 1; the program
 * itself takes the place of this one. Exit 100: wrong usage. Exit 111: the program cannot be run.
 */
#include <unistd.h>

#include "base/packet.h"
#include "unix/chain.h"
#include "unix/file.h"
#include "unix/options.h"
#include "unix/pump.h"
#include "unix/report.h"

#define USAGE "program [argument ...]"

/* A log that cannot be written is no reason to stop the program. */
static void record(void *world, struct span bytes)
{
	struct packet *packet = world;
	char lines[PACKET_LINES];
	size_t length;

	packet->rest = bytes;
	if (bytes.length == 0)
		file_write(STDERR_FILENO, (struct span){lines, packet_end(packet, lines)});
	while ((length = packet_next(packet, lines)) > 0)
		file_write(STDERR_FILENO, (struct span){lines, length});
}

int main(int argc, char **argv)
{
	struct packet input = {(uint64_t)getpid(), '<', {NULL, 0}};
	struct packet output = {input.process, '>', {NULL, 0}};
	struct pump_way forth = {.from = STDIN_FILENO, .record = record, .world = &input};
	struct pump_way back = {.to = STDOUT_FILENO, .record = record, .world = &output};
	int program;

	report_begin("recordio");
	options_next(argc, argv, "", USAGE);
	if (argc - optind < 1)
		die_usage(USAGE, "a program is required");
	switch (pump_insert(&forth.to, &back.from, &program)) {
	case -1: die_errno(EXIT_TEMPORARY, "unable to start another process");
	case 0: chain_exec(argv + optind);
	default: pump_serve(&forth, &back, program);
	}
}
