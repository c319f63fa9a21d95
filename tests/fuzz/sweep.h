/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SWEEP_H
#define SWEEP_H

/*
 * Programs that are run again and again, one call of them changed in one way after the other: what
 * is asked in it with yes or no is answered with the other, one question after the other; it stands
 * still at the first point that it passes while the next call runs, at the second, and so
 * on; and where that one waits for it, it stands still itself when it goes on, at each of its
 * points. The same where the call can not say what it has done, and while the next three run. And
 * then the first thing in it that can fail does, the second, and so on. Each until there is no
 * further one.
 */

#include "run.h"

/* Which of the corpus: the first, and every further one that is so many later, before the end. */
struct sweep {
	unsigned int first, step, end;
};

/*
 * The next program, by what the last one came to. Returns false when all have been through this.
 * Of one sweep in each process.
 */
bool sweep_next(const struct sweep *sweep, const struct outcome *last, struct prog *prog);

#endif
