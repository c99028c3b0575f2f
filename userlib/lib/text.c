// SPDX-License-Identifier: GPL-2.0
/*
 * libktm - UUIDs and names as text
 */
#include <ctype.h>
#include <errno.h>
#include <string.h>

#include <ktm/ktm.h>
#include <ktm/ktm_txf.h>

#include "priv.h"

static const char *const tm_states[] = {
	[KTM_TM_S_ONLINE] = "online",
	[KTM_TM_S_OFFLINE] = "offline",
	[KTM_TM_S_DETACHED] = "detached",
	[KTM_TM_S_RECOVERING] = "recovering",
};

static const char *const tx_states[] = {
	[KTM_TX_S_NEW] = "new",
	[KTM_TX_S_ACTIVE] = "active",
	[KTM_TX_S_PREPARING] = "preparing",
	[KTM_TX_S_DECIDING] = "deciding",
	[KTM_TX_S_SINGLE_PHASE] = "single-phase",
	[KTM_TX_S_COMMITTING] = "committing",
	[KTM_TX_S_ABORTING] = "aborting",
	[KTM_TX_S_COMMITTED] = "committed",
	[KTM_TX_S_ABORTED] = "aborted",
	[KTM_TX_S_INDOUBT] = "in-doubt",
	[KTM_TX_S_PREPREPARING] = "prepreparing",
	[KTM_TX_S_PREPREPARED] = "preprepared",
	[KTM_TX_S_PROMISING] = "promising",
	[KTM_TX_S_PREPARED] = "prepared",
	[KTM_TX_S_ORPHANED] = "orphaned",
	[KTM_TX_S_SAVEPOINT] = "savepoint",
};

static const char *const rm_states[] = {
	[KTM_RM_S_OFFLINE] = "offline",
	[KTM_RM_S_ONLINE] = "online",
	[KTM_RM_S_GONE] = "gone",
};

static const char *const en_states[] = {
	[KTM_EN_S_NEW] = "new",
	[KTM_EN_S_ACTIVE] = "active",
	[KTM_EN_S_PREPARING] = "preparing",
	[KTM_EN_S_PREPARED] = "prepared",
	[KTM_EN_S_SINGLE_PHASE] = "single-phase",
	[KTM_EN_S_COMMITTING] = "committing",
	[KTM_EN_S_ABORTING] = "aborting",
	[KTM_EN_S_DONE] = "done",
	[KTM_EN_S_PREPREPARING] = "prepreparing",
	[KTM_EN_S_PREPREPARED] = "preprepared",
	[KTM_EN_S_PROMISING] = "promising",
	[KTM_EN_S_WATCHING] = "watching",
	[KTM_EN_S_SAVEPOINT] = "savepoint",
};

static const char *const txf_states[] = {
	[KTM_TXF_S_RECOVERING] = "recovering",
	[KTM_TXF_S_ONLINE] = "online",
	[KTM_TXF_S_FAILED] = "failed",
	[KTM_TXF_S_DISABLING] = "disabling",
};

static const char *const reasons[] = {
	[KTM_REASON_NONE] = "none",
	[KTM_REASON_CLIENT] = "the client asked for it",
	[KTM_REASON_RM] = "a resource manager refused",
	[KTM_REASON_TIMEOUT] = "its deadline passed",
	[KTM_REASON_CLOSED] = "its last file descriptor was closed",
	[KTM_REASON_OWNER_DIED] = "its owner died",
	[KTM_REASON_RM_GONE] = "a resource manager left before it had prepared",
	[KTM_REASON_CONFLICT] = "something it relied on was changed by others",
	[KTM_REASON_LOG_FULL] = "the log is full",
	[KTM_REASON_LOG_ERROR] = "the log failed",
	[KTM_REASON_ENLISTMENT_CLOSED] = "an enlistment was closed before it had prepared",
	[KTM_REASON_OUTCOME_WANTED] = "a resource manager could not wait for the others",
};

static const char *name_of(const char *const *names, size_t count,
			   uint32_t index)
{
	return index < count && names[index] ? names[index] : "unknown";
}

#define NAME_OF(names, index) \
	name_of(names, sizeof(names) / sizeof((names)[0]), index)

LIBKTM_EXPORT const char *ktm_tm_state_name(uint32_t state)
{
	return NAME_OF(tm_states, state);
}

LIBKTM_EXPORT const char *ktm_tx_state_name(uint32_t state)
{
	return NAME_OF(tx_states, state);
}

LIBKTM_EXPORT const char *ktm_rm_state_name(uint32_t state)
{
	return NAME_OF(rm_states, state);
}

LIBKTM_EXPORT const char *ktm_en_state_name(uint32_t state)
{
	return NAME_OF(en_states, state);
}

LIBKTM_EXPORT const char *ktm_txf_state_name(uint32_t state)
{
	return NAME_OF(txf_states, state);
}

LIBKTM_EXPORT const char *ktm_reason_name(uint32_t reason)
{
	return NAME_OF(reasons, reason);
}

static int is_dash_position(unsigned int position)
{
	return position == 8 || position == 13 || position == 18 ||
	       position == 23;
}

static int hex_value(char c)
{
	static const char digits[] = "0123456789abcdef";
	const char *digit = c ? strchr(digits, tolower((unsigned char)c)) : NULL;

	return digit ? (int)(digit - digits) : -1;
}

LIBKTM_EXPORT int ktm_uuid_parse(const char *text,
				 unsigned char uuid[KTM_UUID_SIZE])
{
	unsigned char out[KTM_UUID_SIZE] = { 0 };
	unsigned int i, nibble = 0;
	int value;

	if (strnlen(text, KTM_UUID_TEXT_SIZE) != KTM_UUID_TEXT_SIZE - 1)
		return -EINVAL;
	for (i = 0; i < KTM_UUID_TEXT_SIZE - 1; i++) {
		if (is_dash_position(i)) {
			if (text[i] != '-')
				return -EINVAL;
			continue;
		}
		value = hex_value(text[i]);
		if (value < 0)
			return -EINVAL;
		out[nibble / 2] |= nibble % 2 ? value : value << 4;
		nibble++;
	}
	memcpy(uuid, out, sizeof(out));
	return 0;
}

LIBKTM_EXPORT void ktm_uuid_format(const unsigned char uuid[KTM_UUID_SIZE],
				   char text[KTM_UUID_TEXT_SIZE])
{
	static const char digits[] = "0123456789abcdef";
	unsigned int i, nibble = 0;

	for (i = 0; i < KTM_UUID_TEXT_SIZE - 1; i++) {
		if (is_dash_position(i)) {
			text[i] = '-';
			continue;
		}
		text[i] = digits[nibble % 2 ? uuid[nibble / 2] & 15 :
					      uuid[nibble / 2] >> 4];
		nibble++;
	}
	text[i] = '\0';
}
