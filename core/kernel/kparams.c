/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The kernel's parameters, by number. */
#include "config.h"
#include "kernel/kparams.h"

#define PLAIN false
#define SECRET true

static const struct kparam kparams[ISCSI_PARAM_MAX] = {
#define PARAM(number, name, form, secrecy) [number] = { #name, KPARAM_##form, secrecy },
#include <miscsi/kparams.def>
#undef PARAM
};

const struct kparam *kparams_get(uint32_t number)
{
	return number < ISCSI_PARAM_MAX ? &kparams[number] : NULL;
}
