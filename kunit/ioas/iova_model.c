// SPDX-License-Identifier: GPL-2.0-only
/*
 * A naive model of an IOVA space. See iova_model.h.
 */
#include "iova_model.h"

/** iova_model_is_mapped() - is one of the places mapped? */
bool iova_model_is_mapped(const struct iova_model *model, unsigned int first,
			  unsigned int last)
{
	for (unsigned int i = first; i <= last; i++) {
		if (model->place[i].mapped)
			return true;
	}
	return false;
}

/** iova_model_is_reserved() - is one of the places reserved? */
bool iova_model_is_reserved(const struct iova_model *model, unsigned int first,
			    unsigned int last)
{
	for (unsigned int i = first; i <= last; i++) {
		if (model->place[i].reserved)
			return true;
	}
	return false;
}

/** iova_model_is_allowed() - is one of the places in an allowed range? */
bool iova_model_is_allowed(const struct iova_model *model, unsigned int first,
			   unsigned int last)
{
	for (unsigned int i = first; i <= last; i++) {
		if (model->place[i].allowed)
			return true;
	}
	return false;
}

/** iova_model_set_mapped() - the places are mapped now, or no more */
void iova_model_set_mapped(struct iova_model *model, unsigned int first,
			   unsigned int last, bool mapped)
{
	for (unsigned int i = first; i <= last; i++)
		model->place[i].mapped = mapped;
}

/**
 * iova_model_can_alloc() - may an allocation be here?
 * @model: the model
 * @first: the place
 * @len: how many places
 * @align_bytes: as for iova_space_alloc()
 * @phase_bytes: as for iova_space_alloc()
 *
 * Return: true if it is free, and as asked for.
 */
bool iova_model_can_alloc(const struct iova_model *model, unsigned int first,
			  unsigned int len, unsigned long align_bytes,
			  unsigned long phase_bytes)
{
	unsigned int last = first + len - 1;

	if (last >= IOVA_MODEL_LEN || iova_model_is_mapped(model, first, last) ||
	    iova_model_is_reserved(model, first, last))
		return false;
	if (iova_model_first(model, first) % align_bytes != phase_bytes)
		return false;
	if (!iova_model_first(model, first))
		return false;
	if (!model->any_allowed)
		return true;
	/* All of it in one allowed range. */
	for (unsigned int i = first; i <= last; i++) {
		if (!model->place[i].allowed ||
		    model->place[i].allowed != model->place[first].allowed)
			return false;
	}
	return true;
}

/** iova_model_has_room() - may an allocation be anywhere? */
bool iova_model_has_room(const struct iova_model *model, unsigned int len,
			 unsigned long align_bytes, unsigned long phase_bytes)
{
	for (unsigned int i = 0; i + len <= IOVA_MODEL_LEN; i++) {
		if (iova_model_can_alloc(model, i, len, align_bytes,
					 phase_bytes))
			return true;
	}
	return false;
}
