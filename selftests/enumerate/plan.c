// SPDX-License-Identifier: GPL-2.0
/*
 * What the recorded workload does
 */
#include <string.h>

#include "plan.h"

#define TX_PREFIX	"enumerate tx"
#define RM_PREFIX	"enumerate rm"
#define PREFIX_SIZE	12

static uint32_t hash(uint32_t a, uint32_t b, uint32_t c)
{
	uint32_t x = a * 2654435761U ^ b * 2246822519U ^ c * 3266489917U;

	x ^= x >> 15;
	x *= 2246822519U;
	return x ^ x >> 13;
}

enum plan_kind plan_kind(unsigned int id)
{
	if (id >= PLAN_PROMISED)
		return id % 2 ? PLAN_ROLLS_BACK_IF_TOLD : PLAN_COMMITS_IF_TOLD;
	if (id >= PLAN_AFTER)
		return PLAN_COMMITS;
	if (id % 7 == 3)
		return PLAN_REFUSED;
	return id % 11 == 5 ? PLAN_TAKEN_BACK : PLAN_COMMITS;
}

bool plan_takes_part(unsigned int id, enum plan_rm rm)
{
	if (id >= PLAN_KEPT)
		return rm == PLAN_KEEPER;
	return rm == PLAN_FIRST || rm == PLAN_SECOND;
}

unsigned int plan_nr_redo(unsigned int id, enum plan_rm rm)
{
	if (rm == PLAN_KEEPER)
		return 3;
	return 1 + hash(id, rm, 0) % 4;
}

uint32_t plan_redo(unsigned int id, enum plan_rm rm, unsigned int index, void *data)
{
	uint32_t x = hash(id, rm, index + 1), length, i;
	uint32_t head[4] = { 0x4d554e45, id, rm, index };
	unsigned char *byte = data;

	length = sizeof(head) + (x % 8 ? x % 1500 : x % 15000);
	memcpy(data, head, sizeof(head));
	for (i = sizeof(head); i < length; i++) {
		/* some are full of what begins a buffer */
		if (id % 5 == 0) {
			byte[i] = "BMTK"[i % 4];
			continue;
		}
		x = x * 1664525U + 1013904223U;
		byte[i] = x >> 24;
	}
	return length;
}

static void make_uuid(const char *prefix, uint32_t number, unsigned char *uuid)
{
	memcpy(uuid, prefix, PREFIX_SIZE);
	memcpy(uuid + PREFIX_SIZE, &number, sizeof(number));
}

static uint32_t number_of(const char *prefix, const unsigned char *uuid, uint32_t none)
{
	uint32_t number;

	if (memcmp(uuid, prefix, PREFIX_SIZE))
		return none;
	memcpy(&number, uuid + PREFIX_SIZE, sizeof(number));
	return number;
}

void plan_tx_uuid(unsigned int id, unsigned char *uuid)
{
	make_uuid(TX_PREFIX, id, uuid);
}

void plan_rm_uuid(enum plan_rm rm, unsigned char *uuid)
{
	make_uuid(RM_PREFIX, rm, uuid);
}

unsigned int plan_tx_of(const unsigned char *uuid)
{
	uint32_t id = number_of(TX_PREFIX, uuid, 0);

	return id < PLAN_MAX_ID ? id : 0;
}

enum plan_rm plan_rm_of(const unsigned char *uuid)
{
	uint32_t rm = number_of(RM_PREFIX, uuid, PLAN_NR_RMS);

	return rm < PLAN_NR_RMS ? rm : PLAN_NR_RMS;
}
