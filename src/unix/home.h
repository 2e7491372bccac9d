/*
 * home: where tidewaiter is installed.
 */
#ifndef UNIX_HOME_H
#define UNIX_HOME_H

/* The home directory, from the first line of conf-home. */
extern const char home_directory[];

/* Write the path of one of tidewaiter's own programs: beside the running one where it is there
 * (a build directory, an unpacked copy), else in the home's bin. */
void home_program(const char *name, char *path, unsigned long size);

#endif
