#include "unix/places.h"

#include <unistd.h>

#define MOST_PATH_BYTES 4096

int places_init(struct places *places, const struct variables *variables)
{
	*places = (struct places){.turn = 0};
	text_init(&places->path, MOST_PATH_BYTES);
	for (size_t index = 0; index < PLACES; index++)
		if (start_init(&places->places[index].start) == -1 ||
		    variables_copy(&places->places[index].variables, variables) == -1)
			return -1;
	return 0;
}

void places_free(struct places *places)
{
	for (size_t index = 0; index < PLACES; index++) {
		start_free(&places->places[index].start);
		variables_free(&places->places[index].variables);
	}
	text_free(&places->path);
}

struct place *places_take(struct places *places)
{
	struct place *place = &places->places[0];

	for (size_t index = 0; index < PLACES && !start_is_over(&place->start); index++)
		if (start_is_over(&places->places[index].start) ||
		    places->places[index].turn < place->turn)
			place = &places->places[index];
	start_wait(&place->start);
	place->turn = ++places->turn;
	return place;
}

struct place *places_of(struct places *places, pid_t process)
{
	for (size_t index = 0; index < PLACES; index++)
		if (places->places[index].start.process == process)
			return &places->places[index];
	return NULL;
}

pid_t places_start(struct places *places, struct place *place, const char *file, char *const argv[],
		   int descriptor, void (*say)(void *world, pid_t process), void *world)
{
	const struct spawn_move moves[] = {{descriptor, STDIN_FILENO}, {descriptor, STDOUT_FILENO}};
	char **environment = variables_array(&place->variables);

	if (!environment || (!places->path.length && spawn_find(file, &places->path) == -1))
		return -1;
	return start_begin(&place->start, text_string(&places->path), argv, environment, moves, 2,
			   say, world);
}

void places_wait(struct places *places)
{
	for (size_t index = 0; index < PLACES; index++)
		start_wait(&places->places[index].start);
}

/* Others may still be on their way there. */
void places_forget_path(struct places *places)
{
	places_wait(places);
	text_clear(&places->path);
}
