/*
 * home: where tidewaiter is installed.
 */
#ifndef UNIX_HOME_H
#define UNIX_HOME_H

#include <stdbool.h>

/* The home directory, from the first line of conf-home. */
extern const char home_directory[];

/* Write the path of the running program, which is absolute; /proc need not be there. False when it
 * cannot be found out, or is longer than size allows. */
bool home_self(char *path, unsigned long size);

/* Write the path of one of tidewaiter's own programs: beside the running one where it is there
 * (a build directory, an unpacked copy), else in the home's bin. */
void home_program(const char *name, char *path, unsigned long size);

#endif
