#include "unix/children.h"

#include <assert.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#define NONE UINT32_MAX

/* Each child is in two chains: one of the processes, one of the clients, whose numbers hash to the
 * same place. Places free for the next child are a chain by next_process. */
struct child {
	struct address client;
	pid_t process;
	uint32_t next_process, next_client;
};

struct children {
	uint64_t seed; /* so that nobody can choose addresses that hash alike */
	unsigned shift;
	uint32_t *by_process, *by_client, free;
	size_t count;
	struct child child[];
};

struct children *children_new(size_t limit)
{
	struct children *children;
	size_t chains = 2;
	unsigned shift = 63;

	if (limit == 0 || limit >= NONE / 2) {
		errno = EINVAL;
		return NULL;
	}
	for (; chains < limit; chains *= 2)
		shift--;
	children = malloc(sizeof(*children) + limit * sizeof(struct child));
	if (!children)
		return NULL;
	children->by_process = malloc(2 * chains * sizeof(uint32_t));
	if (!children->by_process) {
		free(children);
		return NULL;
	}
	children->by_client = children->by_process + chains;
	memset(children->by_process, 0xff, 2 * chains * sizeof(uint32_t)); /* NONE */
	for (uint32_t index = 0; index < limit; index++)
		children->child[index].next_process = index + 1 < limit ? index + 1 : NONE;
	children->free = 0;
	children->count = 0;
	children->shift = shift;
	if (getrandom(&children->seed, sizeof(children->seed), GRND_NONBLOCK) < 0)
		children->seed = (uint64_t)(uintptr_t)children;
	return children;
}

void children_free(struct children *children)
{
	if (!children)
		return;
	free(children->by_process);
	free(children);
}

size_t children_count(const struct children *children)
{
	return children->count;
}

static uint64_t mix(uint64_t number)
{
	number *= 0x9e3779b97f4a7c15; /* 2^64 by the golden ratio: spreads whatever differs */
	return number ^ number >> 32;
}

static size_t hash(const struct children *children, uint64_t number)
{
	return (size_t)((mix(number ^ children->seed) * 0x9e3779b97f4a7c15) >> children->shift);
}

static size_t hash_client(const struct children *children, const struct address *client)
{
	uint64_t halves[2];

	memcpy(halves, client->bytes, sizeof(halves));
	return hash(children, halves[1] ? halves[0] ^ mix(halves[1] + children->seed) : halves[0]);
}

size_t children_of(const struct children *children, const struct address *address)
{
	struct address client = address_owner(address);
	uint32_t index = children->by_client[hash_client(children, &client)];
	size_t count = 0;

	for (; index != NONE; index = children->child[index].next_client)
		count += address_equal(&children->child[index].client, &client);
	return count;
}

void children_add(struct children *children, pid_t process, const struct address *address)
{
	uint32_t *first_process, *first_client, index = children->free;
	struct child *child = &children->child[index];

	assert(index != NONE);
	children->free = child->next_process;
	children->count++;
	child->process = process;
	child->client = address_owner(address);
	first_process = &children->by_process[hash(children, (uint64_t)process)];
	first_client = &children->by_client[hash_client(children, &child->client)];
	child->next_process = *first_process;
	child->next_client = *first_client;
	*first_process = *first_client = index;
}

bool children_remove(struct children *children, pid_t process)
{
	uint32_t *link = &children->by_process[hash(children, (uint64_t)process)], index;
	struct child *child;

	while (*link != NONE && children->child[*link].process != process)
		link = &children->child[*link].next_process;
	if (*link == NONE)
		return false;
	index = *link;
	child = &children->child[index];
	*link = child->next_process;
	link = &children->by_client[hash_client(children, &child->client)];
	while (*link != index)
		link = &children->child[*link].next_client;
	*link = child->next_client;
	child->next_process = children->free;
	children->free = index;
	children->count--;
	return true;
}
