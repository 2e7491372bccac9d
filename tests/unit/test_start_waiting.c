/* What other processors have: each program has been executed when start_begin returns. */
#define START_WAITS

#include "unix/start.c" /* NOLINT */

#include "test_start.c" /* NOLINT */
