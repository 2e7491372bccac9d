#include "explain/gateways.h"

#include <fcntl.h>
#include <ifaddrs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "unix/line_reader.h"
#include "unix/socket_address.h"

#define LONGEST_LINE 1000 /* bytes of a table's line */

static void add(struct gateways *gateways, const struct address *address, const char *what)
{
	for (size_t index = 0; index < gateways->count; index++)
		if (address_equal(&gateways->list[index].address, address))
			return;
	if (gateways->count == gateways->capacity) {
		size_t capacity = gateways->capacity * 2 + 16;
		struct gateway *list =
			reallocarray(gateways->list, capacity, sizeof(*gateways->list));

		gateways->failed |= !list;
		if (!list)
			return;
		gateways->list = list;
		gateways->capacity = capacity;
	}
	gateways->list[gateways->count++] = (struct gateway){*address, what};
}

/* --- routes --- */

static struct span cut_field(struct span *line)
{
	struct span field;
	size_t length = 0;

	*line = span_trim_start(*line);
	while (length < line->length && line->bytes[length] != ' ' && line->bytes[length] != '\t')
		length++;
	field = span_head(*line, length);
	*line = span_tail(*line, length);
	return field;
}

/* Read hexadecimal digits, two for each of so many bytes. */
static bool read_hex(struct span digits, uint8_t *bytes, size_t count)
{
	static const char alphabet[] = "0123456789abcdef";

	if (digits.length != 2 * count)
		return false;
	for (size_t index = 0; index < digits.length; index++) {
		const char *digit = memchr(alphabet, byte_fold(digits.bytes[index]), 16);

		if (!digit)
			return false;
		bytes[index / 2] = (uint8_t)(bytes[index / 2] << 4 | (digit - alphabet));
	}
	return true;
}

static bool is_zero(const uint8_t *bytes, size_t count)
{
	while (count > 0 && bytes[count - 1] == 0)
		count--;
	return count == 0;
}

/* The kernel writes an address as one number, in the machine's order. */
void gateways_read_4(struct gateways *gateways, struct span table)
{
	struct span line;

	while (span_next_line(&table, &line)) {
		uint8_t destination[4] = {0}, gateway[4] = {0};
		struct address address;
		uint32_t number = 0;

		cut_field(&line);
		if (!read_hex(cut_field(&line), destination, 4) ||
		    !read_hex(cut_field(&line), gateway, 4) || !is_zero(destination, 4) ||
		    is_zero(gateway, 4))
			continue;
		for (size_t index = 0; index < 4; index++)
			number = number << 8 | gateway[index];
		address = address_from_4(&number);
		add(gateways, &address, "the default gateway");
	}
}

void gateways_read_6(struct gateways *gateways, struct span table)
{
	struct span line;

	while (span_next_line(&table, &line)) {
		uint8_t destination[16] = {0}, length[1] = {0}, gateway[16] = {0};
		struct address address;
		bool is_default = read_hex(cut_field(&line), destination, 16) &&
				  read_hex(cut_field(&line), length, 1) &&
				  is_zero(destination, 16) && length[0] == 0;

		cut_field(&line); /* source, and its length */
		cut_field(&line);
		if (!is_default || !read_hex(cut_field(&line), gateway, 16) || is_zero(gateway, 16))
			continue;
		address = address_from_16(gateway);
		add(gateways, &address, "the default gateway");
	}
}

/* That of a router may have a million lines. */
static void read_table(struct gateways *gateways, const char *path,
		       void (*take)(struct gateways *gateways, struct span table))
{
	int descriptor = open(path, O_RDONLY | O_CLOEXEC);
	struct line_reader reader;
	struct span line;
	int result;

	if (descriptor == -1)
		return;
	if (line_reader_init(&reader, descriptor, LONGEST_LINE) == 0) {
		while ((result = line_reader_next(&reader, &line)) == 1)
			take(gateways, line);
		gateways->failed |= result == -1;
		line_reader_free(&reader);
	} else {
		gateways->failed = true;
	}
	close(descriptor);
}

/* --- bridges --- */

static bool is_bridge(const char *interface)
{
	char path[300];

	snprintf(path, sizeof(path), "/sys/class/net/%s/bridge", interface);
	return access(path, F_OK) == 0;
}

static void add_bridges(struct gateways *gateways)
{
	struct ifaddrs *list;

	if (getifaddrs(&list) == -1)
		return;
	for (const struct ifaddrs *item = list; item; item = item->ifa_next) {
		struct address address;

		if (item->ifa_addr && is_bridge(item->ifa_name) &&
		    socket_address_read(item->ifa_addr, &address, NULL))
			add(gateways, &address, "a bridge of this machine");
	}
	freeifaddrs(list);
}

void gateways_find(struct gateways *gateways)
{
	read_table(gateways, "/proc/net/route", gateways_read_4);
	read_table(gateways, "/proc/net/ipv6_route", gateways_read_6);
	add_bridges(gateways);
}

void gateways_free(struct gateways *gateways)
{
	free(gateways->list);
	*gateways = (struct gateways){.count = 0};
}
