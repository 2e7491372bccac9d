/*
 * audit_writable: whether everybody on this machine may change what decides who may relay.
 *
 * Much work and many lines are bounded: of each directory some files are named and the others
 * counted, and what is not looked at is told. A name that does not exist is passed over.
 */
#ifndef EXPLAIN_AUDIT_WRITABLE_H
#define EXPLAIN_AUDIT_WRITABLE_H

#include "explain/findings.h"

/* A file of rules, and the directory that holds it. There the sticky bit is enough: nobody can
 * replace another's file. */
void audit_writable(struct findings *findings, const char *path, bool with_directory);

/* The control directory with all that is in it. A sticky bit on it protects nothing, because a file
 * that is not there yet counts as soon as anybody makes it. */
void audit_writable_control(struct findings *findings);

/* The directory of windows, the directories in it and the files in these, which are windows:
 * whoever may write one may renew it. A sticky bit protects nothing here either. */
void audit_writable_windows(struct findings *findings, const char *directory);

#endif
