/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MODEL_H
#define MODEL_H

/*
 * What must be true. The model knows which memory there is, which pages it has and what is in
 * them; what each IOAS has mapped, with which rights; where domains and accesses have it pinned,
 * and which pages these are, when the memory has changed since. So it says of a call what it may
 * answer, and of a read which bytes.
 *
 * It belongs to a thread, as a world does. Of an iommufd that other threads use, too, and of one
 * on which a call was made that the model does not understand, it says nothing any more until the
 * iommufd is closed.
 */

#include "prog.h"

void model_init(void);
void model_reset(void);

/* Threads meet: until the next reset only what is in memory is followed, and no answer judged. */
void model_give_up(void);

/* Before a call: what it names. Returns false for one that would harm the caller. */
bool model_before(const struct call *call);

/*
 * After it: NULL, or what is wrong with the answer. fired: an error was injected, so it may have
 * failed.
 */
const char *model_after(const struct call *call, long ret, bool fired);

#endif
