/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A naive model of an IOVA space: one entry for every place in it.
 *
 * It knows a window of places, each as long as the alignment; whatever lies
 * outside is reserved in the space that it is a model of.
 */
#ifndef KUNIT_IOVA_MODEL_H
#define KUNIT_IOVA_MODEL_H

#include "portable_suite.h"

#define IOVA_MODEL_LEN		160
#define IOVA_MODEL_NR_OWNERS	3

/**
 * struct iova_place - a place of the window
 * @reserved: by whom, one bit an owner
 * @mapped: it is
 * @allowed: the allowed range that it is in, counted from 1; 0 for none
 */
struct iova_place {
	u8 reserved;
	bool mapped;
	u8 allowed;
};

/**
 * struct iova_model - a model
 * @base: the first IOVA of the window
 * @unit_bytes: how long a place is
 * @place: the places
 * @any_allowed: there are allowed ranges
 */
struct iova_model {
	unsigned long base;
	unsigned long unit_bytes;
	struct iova_place place[IOVA_MODEL_LEN];
	bool any_allowed;
};

/** iova_model_first() - the first IOVA of place number @i */
static inline unsigned long iova_model_first(const struct iova_model *model,
					     unsigned int i)
{
	return model->base + i * model->unit_bytes;
}

/** iova_model_last() - the last IOVA of place number @i */
static inline unsigned long iova_model_last(const struct iova_model *model,
					    unsigned int i)
{
	return iova_model_first(model, i) + model->unit_bytes - 1;
}

/** iova_model_index() - the number of the place where @iova is */
static inline unsigned int iova_model_index(const struct iova_model *model,
					    unsigned long iova)
{
	return (iova - model->base) / model->unit_bytes;
}

/* Places @first to @last, both included */
bool iova_model_is_mapped(const struct iova_model *model, unsigned int first,
			  unsigned int last);
bool iova_model_is_reserved(const struct iova_model *model, unsigned int first,
			    unsigned int last);
bool iova_model_is_allowed(const struct iova_model *model, unsigned int first,
			   unsigned int last);
void iova_model_set_mapped(struct iova_model *model, unsigned int first,
			   unsigned int last, bool mapped);
bool iova_model_can_alloc(const struct iova_model *model, unsigned int first,
			  unsigned int len, unsigned long align_bytes,
			  unsigned long phase_bytes);
bool iova_model_has_room(const struct iova_model *model, unsigned int len,
			 unsigned long align_bytes, unsigned long phase_bytes);

#endif
