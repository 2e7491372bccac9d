/*
 * control_directory: a control directory of its own for one test program, in CONTROLDIR.
 */
#ifndef TESTS_SUPPORT_CONTROL_DIRECTORY_H
#define TESTS_SUPPORT_CONTROL_DIRECTORY_H

#include "base/span.h"

/* Group fixtures of cmocka. */
int control_directory_make(void **state);
int control_directory_remove(void **state);

/* Write a file in it; take all files away. */
void control_directory_put(const char *name, struct span contents);
void control_directory_clear(void);

/* Write a cdb with these NULL-ended keys and empty data. */
void control_directory_put_cdb(const char *name, const char *const *keys);

/* The path of a file in it. */
const char *control_directory_path(const char *name, char path[200]);

#endif
