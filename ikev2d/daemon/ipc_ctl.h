/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Messages between ctl, which hears the clients of VICI, and guard, which has the server of VICI: what a
 * front (vici/front.h) hands on, and what the server has for the client. Clients have numbers that count
 * upwards as long as a ctl lives; what is said of one that has gone means nothing. */
#pragma once

#include "base/bytes.h"

enum {
	IPC_REQUEST_MAX =
		2 << 20, /* octets of a request: what VICI allows, and as papers certificates take more */
	IPC_REQUEST_PART = 96 * 1024, /* of it in one message */
	IPC_OUTPUT_MAX = 64 * 1024,   /* of output in one message */
	IPC_COMMANDS_MAX = 255,       /* numbers of commands are not above */
};

/* Who may connect, and what he may do (rights.h). */
struct ipc_admit {
	uint32_t owner, group, readers;
	bool reads;
};

/* A client that asks for something for the first time. Its connection goes along, since what it may do guard
 * believes nobody but the kernel. */
struct ipc_client {
	uint32_t number;
};

/* A command. TEXT is the part of its elements that stands AT in all of them, TOTAL octets; parts follow one
 * another, and no other one's come between. */
struct ipc_request {
	uint32_t client, total, at;
	uint8_t command;
	struct bytes text;
};

struct ipc_register {
	uint32_t client;
	uint8_t event;
	bool on;
};

/* For the client. */
struct ipc_output {
	uint32_t client;
	uint8_t answered; /* bits 1 << enum vici_asked_kind */
	bool ends;        /* it is to be closed at once */
	struct bytes octets;
};

struct ipc_taken {
	uint32_t client;
	uint32_t octets; /* of the output */
	bool full;       /* it does not read: no more until it does */
};

/* A secret for keeper, under a number: that is what guard gets to see of it, as octets, and what keeper is
 * told by guard to keep (IPC_SECRET, IPC_FILE). */
struct ipc_offer {
	uint64_t number;
	struct bytes data;
};

enum { IPC_OFFER_NUMBER = 8 /* octets, the highest first */ };

/* The part of ALL that stands at AT. */
static inline struct bytes ipc_request_part(struct bytes all, uint32_t at)
{
	const size_t left = all.n - at;

	return bytes_of(all.p + at, left < IPC_REQUEST_PART ? left : IPC_REQUEST_PART);
}
