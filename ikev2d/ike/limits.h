/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Every constant of the core that is a decision, and why. Times in milliseconds. */
#pragma once

enum {
	/* A question to another part of the daemon. Key agreement takes microseconds; a person's token or a
	 * RADIUS server may take seconds; after this the answer "failed" comes by itself. */
	ASK_TIMEOUT = 10 * 1000,

	/* How long an SA that has ended still answers repetitions of the last request: its answer may have
	 * been lost, and the peer repeats over about this time before it gives up. */
	LINGER_TIME = 30 * 1000,

	/* How long the inbound SA of a child that was rekeyed and deleted is kept: packets that the peer sent
	 * on it may still be under way. */
	LATE_TIME = 5 * 1000,

	/* How long who answered an authentication anew goes on sending on the old CHILD_SA when nothing comes
	 * on the new one and the old one is not deleted: the peer may miss our answer twice until it can open
	 * the new one; but it may have forgotten the old one. */
	SWITCH_TIME = 15 * 1000,

	/* How long a replaced IKE_SA, or the redundant one of two, waits for the peer to delete it; then we
	   do. */
	REKEYED_TIME = 60 * 1000,

	/* How long who answered CREATE_CHILD_SA waits for the next of its additional key exchanges (RFC 9370,
	 * 2.2.4): less than REKEYED_TIME, since a replaced IKE_SA may wait for that too. */
	FOLLOWUP_TIME = 30 * 1000,

	/* Octets that link an exchange of IKE_FOLLOWUP_KE with the one before. */
	LINK_OCTETS = 8,

	/* How long the IKE_SA that a newer one of the same peer replaces goes on, when that looks like an
	 * authentication anew: the peer's other children are still to come, and it ends the old one itself
	 * then. */
	REPLACED_TIME = 10 * 1000,

	/* And how long at the most while children of it have not come yet: requests for them may be lost, or
	 * refused for now because something else is under way. */
	REPLACED_LONGEST = 60 * 1000,

	/* The data path answers at once when a child was last used; a peer that may be dead is asked itself
	 * after this. */
	USAGE_TIME = 1000,

	/* How soon a request is repeated for the first time, and then at growing intervals, when this machine
	 * has slept: whoever waits before it wants to go on, and the peer has most likely forgotten us if it
	 * does not answer within the 20 s that all of them take. */
	HASTY_TIME = 500,

	/* How soon a request is repeated once more than otherwise, and before all other times, while nothing
	 * has come along the path that an IKE_SA has just gone to: ESP waits for the peer to follow, and
	 * whoever has just come into a network loses its first datagrams easily (to ARP, to a NAT). */
	MOVED_TIME = 500,

	/* A child that is wanted up is tried again after about this, and after twice as long each time, up to
	 * a limit: a gateway that comes back is not met by all its peers in one second. */
	WANT_FIRST = 2 * 1000,
	WANT_LONGEST = 300 * 1000,

	/* A peer that is busy (TEMPORARY_FAILURE) is asked again after this and up to as long again (2.25); a
	 * rekeying that it refuses, after the longer time. */
	BUSY_TIME = 2 * 1000,
	REFUSED_TIME = 30 * 1000,

	/* The IKE_SA is closed when the peer has been busy for so long whenever it was asked for the same
	 * ("several minutes", 2.25). A new child that is put off for other reasons is not asked for any more
	 * then: somebody waits for it. Rekeyings go on until the hard end of what they replace. */
	PUT_OFF_TIME = 5 * 60 * 1000,

	/* Half-open SAs at once. Each takes some 3 KB; cookies are asked for long before. One more takes the
	 * place of the oldest whose peer has not gone on. */
	HALF_OPEN_MAX = 4096,

	/* Once cookies are asked for, that goes on for so long at least: a peer whose first request was
	 * answered with one must not get another answer when it repeats it. When as many were asked for one
	 * in that time as would have to be half open, it goes on. */
	PRESSURE_TIME = 10 * 1000,

	/* How much shorter a peer has for its IKE_AUTH than half_open_timeout while cookies are asked for,
	 * and when half of all that may be half open are (RFC 8019, 4.3). Who means it takes a round trip
	 * and, when a datagram is lost, its first repetition. */
	PRESSED_SHORTER = 3,
	CROWDED_SHORTER = 10,

	/* Unprotected answers to strangers (INVALID_MAJOR_VERSION, INVALID_IKE_SPI, INVALID_SPI), and hints
	 * of theirs that are looked at: one for each of these times, and so many at once. */
	STRANGER_TIME = 100,
	STRANGERS_BURST = 10,

	/* How often it is said at the most of peers that they speak IKEv1. */
	OLD_VERSION_TIME = 1000,

	/* A peer that was heard so short a time ago is not asked whether it is alive because of a hint; nor
	 * is it told again so soon, sealed, that an SPI is unknown. */
	HINT_TIME = 10 * 1000,

	/* The IKE_SA is rekeyed when so many message ids are left: they never come round (RFC 7296, 2.2). */
	MESSAGE_IDS_LEFT = 1024,

	/* IKE_SA_INIT starts over with another group or a cookie: more rounds than this are a fault of the
	   peer. */
	INIT_ROUNDS_MAX = 5,

	/* Candidate connections for which the proof of one peer is checked: a signature takes a tenth of a
	 * millisecond. */
	PROOF_CHECKS_MAX = 8,

	/* Post-quantum preshared keys of a peer in one message that are looked at (RFC 9867), and the octets
	 * that show that it has one. */
	PPK_OFFERS_MAX = 8,
	PPK_CONFIRMATION = 8,

	/* Authentication that counts for a given time is made anew a tenth of it before the end, or this
	 * long. */
	REAUTH_EARLY = 24 * 60 * 60 * 1000,

	/* A cookie's secret is replaced after this time; the one before is honoured as long again (RFC
	   7296, 2.6). */
	COOKIE_LIFETIME = 60 * 1000,
	COOKIE_OCTETS = 12, /* generation, puzzle, SipHash */
	COOKIE_MAX = 64,    /* RFC 7296, 2.6: what we take from a peer */

	/* Puzzles that we ask for (RFC 8019, 7.1.1.2): with N zero bits for each of four keys the peer tries
	 * 4 * 2^N, one to three million of which take a second. They begin where nobody notices, and get
	 * harder by so many bits whenever twice as many IKE_SAs are half open. */
	PUZZLE_BITS_LEAST = 10,
	PUZZLE_BITS_STEP = 2,
	PUZZLE_BITS_MOST = 18,

	/* For an address (of IPv6 a /64) of which more are half open than may be without a cookie, or that
	 * sends nonsense, so many bits more for twice as many; up to what takes seconds, which is acceptable
	 * for single hosts (RFC 8019, 4.4). Nonsense is held against it for OFFENCE_TIME, or up to twice as
	 * long, and against so many addresses of one such time. */
	PUZZLE_BITS_SUSPECT = 20,
	OFFENCE_TIME = 60 * 1000,
	OFFENDERS_MAX = 4096,

	/* Whoever has solved a puzzle that is so much easier than one that is asked of it now gets that, too
	 * (RFC 8019, 7.1.5). */
	PUZZLE_BITS_EASIER = 4,

	/* Puzzles that we solve: the hardest. When all of one IKE_SA have taken PUZZLE_TIME the request goes
	 * out without a solution: somebody waits, and the cookie may be old. Where the difficulty is left to
	 * us, the harder solution gets in sooner (RFC 8019, 7.1.1.1): what is found in PUZZLE_FREE_TIME. */
	PUZZLE_BITS_SOLVED = 20,
	PUZZLE_TIME = 20 * 1000,
	PUZZLE_FREE_TIME = 1000,
	PUZZLE_SLICE = 2048, /* keys tried in one step, 1 or 2 ms: others wait for it */

	/* That for IKE_AUTH: solving one shall take longer than the key agreement that it spares us, which
	 * takes a millisecond or two (RFC 8019, 7.2.1.1); how hard it was to come so far does not matter any
	 * more. */
	PUZZLE_BITS_AUTH = 12,

	/* Octets of a request whose puzzle is solved that wait for the keys to open it: certificates in
	 * fragments. What does not fit is sent again. */
	UNOPENED_MAX = 16 * 1024,

	/* Solutions that are remembered, until their cookie is old: nobody begins two IKE_SAs with one. */
	PUZZLES_SPENT_MAX = 16384,

	/* Of what tokens of quick crash detection are made; the digest that is kept of a peer's token, which
	 * itself may have up to 256 octets. */
	CRASH_SECRET = 32,
	CRASH_PRINT = 32,

	/* Addresses of this machine that may be told to peers, how many of them one is told (strongSwan takes
	 * no more), and how many of a peer's are kept: what else it has is not tried. */
	MOBIKE_ADDRESSES_MAX = 32,
	MOBIKE_LIST_MAX = 8,
	MOBIKE_PEER_IPS_MAX = 8,
	MOBIKE_PROBES_MAX = 16,    /* other paths for one repetition of a request, if there are so many */
	MOBIKE_COOKIE_OCTETS = 16, /* RFC 4555, 4.2.5: 8 to 64 */
	MOBIKE_COOKIE_MIN = 8,
	MOBIKE_COOKIE_MAX = 64,

	/* So many redirections in this time are followed (RFC 5685, 10). */
	REDIRECTS_MAX = 5,
	REDIRECTS_TIME = 300 * 1000,

	/* Tickets (RFC 5723): for how long they count. Their keys are replaced after KEY_TIME, and the one
	 * before opens tickets as long again. Many clients that lose one gateway have to fit into those that
	 * are remembered as used. */
	TICKET_TIME = 8 * 60 * 60 * 1000,
	TICKET_KEY_TIME = 12 * 60 * 60 * 1000,
	TICKET_KEY = 40, /* octets: its name, AES-256 key and salt */
	TICKET_KEYS = 2,
	TICKETS_USED_MAX = 65536,
	TICKET_MAX = 1024,       /* octets in one of ours, when it is opened */
	TICKET_TAKEN_MAX = 8192, /* octets of a peer's */

	/* A gateway that does not know tickets may not answer to one: after so many repetitions it is asked
	 * without. */
	RESUME_TRIES = 1,

	/* A network that lets no UDP through says nothing: TCP is tried after so many repetitions (RFC 9329,
	 * 5), that is after 11 s with the usual times. */
	UDP_TRIES = 1,

	/* EAP. A packet may wait for a server that is far, or for a person who types a password; all of them
	 * together, of a peer that has not proved who it is, may not take longer than this. TLS sends its
	 * certificates in a few dozen pieces. */
	EAP_ASK_TIME = 25 * 1000,
	EAP_TIME = 120 * 1000,
	EAP_PACKETS_MAX = 100,

	/* Proofs that a peer may make one after the other (RFC 4739). */
	AUTH_ROUNDS_MAX = 4,

	/* Nonces: at least half the PRF's key and 16 octets (RFC 7296, 2.10); 32 suits every PRF we have. */
	NONCE_OCTETS = 32,

	/* A trap whose peer has no route, or a name that does not resolve, is tried again after this. */
	TRAP_RETRY = 10 * 1000,

	/* What packets asked for by a trap was refused, or nobody answered: others may ask again after about
	 * this, and after twice as long each time, up to TRAP_RETRY: so many packets are not as many
	 * negotiations. */
	TRAP_FIRST = 1000,

	/* Connections that are counted each for itself. */
	TALLIES_MAX = 65536,

	/* A datagram that we build: header, payloads, proposals and selectors. */
	MESSAGE_ROOM = 32 * 1024,

	/* Fragments of one message (RFC 7383), made or taken: so many of 576 octets, with AES-CBC, hold the
	 * largest message that there can be. All of them together hold no more. */
	FRAGMENTS_MAX = 150,
	FRAGMENTED_MAX = 65535,

	/* Fragments of a request that is not whole after this time are forgotten: by then the peer has
	 * repeated all of them a few times, and goes on. */
	FRAGMENTS_TIME = 20 * 1000,

	/* Octets of fragments from peers that have not proved who they are, in all half-open SAs. When there
	 * are more, those that have waited for longest go: who means it sends all of them at once. */
	FRAGMENTS_HALF_OPEN = 4 * 1024 * 1024,

	/* Large datagrams that were not answered so many times are sent again in smaller ones. */
	FRAGMENTS_TRIES = 2,

	/* How long the size counts that somebody on the way told: then the way may carry more (RFC
	 * 1191, 6.3), and where it does not it is told at once. One that silence has shown stays for the
	 * path. */
	PATH_MTU_TIME = 10 * 60 * 1000,

	/* CHILD_SAs of the same selectors for CPUs, at least (RFC 9611): twice as many as there are CPUs, if
	 * that is more. */
	RESOURCES_MAX = 64,

	/* Rekeyings that a peer may begin in this time, and so many more for each CHILD_SA; what comes on top
	 * is put off (RFC 8019, 5): each may cost a key exchange. A CHILD_SA with limits of volume here has
	 * a peer with some, most likely: one of 32 MiB is met four times a second at 1 Gbit/s. */
	REKEYINGS_TIME = 10 * 1000,
	REKEYINGS_MOST = 20,
	REKEYINGS_OF_EACH = 2,
	REKEYINGS_BY_VOLUME = 60,

	/* An SPI tells of which of so many CPUs it is, where there are no more: the rest of it is drawn. */
	SPI_TELLS_MOST = 1024,

	/* Exchanges waiting behind the one in flight, on one IKE_SA. */
	TASKS_MAX = 64,

	/* RFC 7296, 2: the ports of every peer that was not told otherwise. */
	PORT_IKE = 500,
	PORT_NAT_T = 4500,
};
