/*
 * verdict: the three answers that a question about the world can have.
 *
 * LATER means that it could not be found out now. It never opens the relay and never causes a
 * permanent refusal.
 */
#ifndef BASE_VERDICT_H
#define BASE_VERDICT_H

enum verdict { VERDICT_NO, VERDICT_YES, VERDICT_LATER };

#endif
