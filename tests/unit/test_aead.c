/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sealing and opening against published vectors, and what must not open. Tags of AES-CBC with HMAC, which no
 * document prints, were computed with Python's hmac module over aad | iv | ciphertext | tail. */
#include "unit.h"

#include <limits.h>
#include <openssl/err.h>
#include <pthread.h>

#include "crypto/aead.h"
#include "hex.h"

#define CASE(function, vector)                                                                               \
	((struct CMUnitTest){ #function "_" #vector, function, NULL, NULL, (void *)&(vector) })
#define BOTH(vector) CASE(seals, vector), CASE(opens, vector)

enum { ROOM = 256 };

/* KEY has the salt behind it. INTEG and what belongs to it is absent for an AEAD. */
struct sealed {
	uint16_t encr, bits;
	const char *key, *aad, *iv, *plain, *cipher, *icv;
	uint16_t integ;
	const char *mac_key, *tail;
};

/* McGrew and Viega, "The Galois/Counter Mode of Operation", appendix B; its IV of 96 bits cut in salt and IV.
 */

static const struct sealed gcm_case_1 = { ENCR_AES_GCM_16, 128,
	.key = "00000000000000000000000000000000 00000000", .iv = "0000000000000000",
	.icv = "58e2fccefa7e3061367f1d57a4e7455a" };

static const struct sealed gcm_case_2 = { ENCR_AES_GCM_16, 128,
	.key = "00000000000000000000000000000000 00000000", .iv = "0000000000000000",
	.plain = "00000000000000000000000000000000", .cipher = "0388dace60b6a392f328c2b971b2fe78",
	.icv = "ab6e47d42cec13bdf53a67b21257bddf" };

static const struct sealed gcm_case_4 = { ENCR_AES_GCM_16, 128,
	.key = "feffe9928665731c6d6a8f9467308308 cafebabe", .aad = "feedfacedeadbeeffeedfacedeadbeefabaddad2",
	.iv = "facedbaddecaf888",
	.plain = "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
		 "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39",
	.cipher = "42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e"
		  "21d514b25466931c7d8f6a5aac84aa051ba30b396a0aac973d58e091",
	.icv = "5bc94fbc3221a5db94fae95ae7121a47" };

static const struct sealed gcm_case_10 = { ENCR_AES_GCM_16, 192,
	.key = "feffe9928665731c6d6a8f9467308308feffe9928665731c cafebabe",
	.aad = "feedfacedeadbeeffeedfacedeadbeefabaddad2", .iv = "facedbaddecaf888",
	.plain = "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
		 "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39",
	.cipher = "3980ca0b3c00e841eb06fac4872a2757859e1ceaa6efd984628593b40ca1e19c"
		  "7d773d00c144c525ac619d18c84a3f4718e2448b2fe324d9ccda2710",
	.icv = "2519498e80f1478f37ba55bd6d27618c" };

static const struct sealed gcm_case_13 = { ENCR_AES_GCM_16, 256,
	.key = "0000000000000000000000000000000000000000000000000000000000000000 00000000",
	.iv = "0000000000000000", .icv = "530f8afbc74536b9a963b4f1c4cb738b" };

static const struct sealed gcm_case_15 = { ENCR_AES_GCM_16, 256,
	.key = "feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308 cafebabe",
	.iv = "facedbaddecaf888",
	.plain = "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
		 "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b391aafd255",
	.cipher = "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa"
		  "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662898015ad",
	.icv = "b094dac5d93471bdec1a502270e3cc6c" };

static const struct sealed gcm_case_16 = { ENCR_AES_GCM_16, 256,
	.key = "feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308 cafebabe",
	.aad = "feedfacedeadbeeffeedfacedeadbeefabaddad2", .iv = "facedbaddecaf888",
	.plain = "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
		 "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39",
	.cipher = "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa"
		  "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662",
	.icv = "76fc6ece0f4e1768cddf8853bb2d551b" };

/* draft-mcgrew-gcm-test-01, 4: ESP packets of RFC 4106, the first with extended sequence numbers. */

static const struct sealed esp_gcm_128_esn = { ENCR_AES_GCM_16, 128,
	.key = "4c80cdefbb5d10da906ac73c3613a634 2e443b68", .aad = "00004321 87654321 00000000",
	.iv = "4956ed7e3b244cfe",
	.plain = "45000048699a000080114db7c0a80102c0a801010a9bf15638d3010000010000"
		 "00000000045f736970045f756470037369700963796265726369747902646b00"
		 "0021000101020201",
	.cipher = "fecf537e729d5b07dc30df528dd22b768d1b98736696a6fd348509fa13ceac34"
		  "cfa2436f14a3f3cf65925bf1f4a13c5d15b21e1884f5ff6247aeabb786b93bce"
		  "61bc17d768fd9732",
	.icv = "459018148f6cbe722fd04796562dfdb4" };

static const struct sealed esp_gcm_192 = { ENCR_AES_GCM_16, 192,
	.key = "feffe9928665731c6d6a8f9467308308feffe9928665731c cafebabe", .aad = "0000a5f8 0000000a",
	.iv = "facedbaddecaf888",
	.plain = "45000028a4ad4000400678800a01038f0a010612802306b8cb712602dd6bb03e"
		 "501016d075680001",
	.cipher = "a5b1f8066029aea40e598b8122de02420938b3ab33f828e687b8858b5bfbdbd0"
		  "315b27452144cc77",
	.icv = "95457b9652037f5318027b5b4cd7a636" };

static const struct sealed esp_gcm_256 = { ENCR_AES_GCM_16, 256,
	.key = "abbccddef00112233445566778899aababbccddef00112233445566778899aab 11223344",
	.aad = "4a2cbfe3 00000002", .iv = "0102030405060708",
	.plain = "4500003069a6400080062690c0a801029389155e0a9e008b2dc57ee000000000"
		 "7002400020bf0000020405b40101040201020201",
	.cipher = "ff425c9b724599df7a3bcd510194e00d6a78107f1b0b1cbf06efae9d65a5d763"
		  "748a637985771d347f0545659f14e99def842d8e",
	.icv = "b335f4eecfdbf831824b4c4915956c96" };

/* RFC 7634, appendix A. */
static const struct sealed rfc7634_esp = { ENCR_CHACHA20_POLY1305, 0,
	.key = "808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f a0a1a2a3",
	.aad = "01020304 00000005", .iv = "1011121314151617",
	.plain = "45000054a6f200004001e778c6336405c000020508005b7a3a080000553bec10"
		 "0007362708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f20212223"
		 "2425262728292a2b2c2d2e2f303132333435363701020204",
	.cipher = "24039428b97f417e3c13753a4f05087b67c352e6a7fab1b982d466ef407ae5c6"
		  "14ee8099d52844eb61aa95dfab4c02f72aa71e7c4c4f64c9befe2facc638e8f3"
		  "cbec163fac469b502773f6fb94e664da9165b82829f641e0",
	.icv = "76aaa8266b7fb0f7b11b369907e1ad43" };

/* RFC 7634, appendix B. */
static const struct sealed rfc7634_ikev2 = { ENCR_CHACHA20_POLY1305, 0,
	.key = "808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f a0a1a2a3",
	.aad = "c0c1c2c3c4c5c6c7 d0d1d2d3d4d5d6d7 2e202500 00000009 00000045 29000029",
	.iv = "1011121314151617", .plain = "0000000c000040010000000a00",
	.cipher = "610394701f8d017f7c12924889", .icv = "6b71bfe25236efd7cdc67066906315b2" };

/* RFC 3602, 4, cases 1, 2 and 4: the ciphertext. */

#define KEY_00_1F "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
#define KEY_20_3F "202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f"

static const struct sealed rfc3602_case_1 = { ENCR_AES_CBC, 128, .key = "06a9214036b8a15b512e03d534120006",
	.aad = "00004321 0000002a", .iv = "3dafba429d9eb430b422da802c9fac41",
	.plain = "53696e676c6520626c6f636b206d7367", .cipher = "e353779c1079aeb82708942dbe77181a",
	.icv = "475214e00595ce17aa2f2b3896e6628a", .integ = AUTH_HMAC_SHA2_256_128, .mac_key = KEY_00_1F };

static const struct sealed rfc3602_case_2 = { ENCR_AES_CBC, 128, .key = "c286696d887c9aa0611bbb3e2025a45a",
	.aad = "00004321 0000002a", .iv = "562e17996d093d28ddb3ba695a2e6f58",
	.plain = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
	.cipher = "d296cd94c2cccf8a3a863028b5e1dc0a7586602d253cfff91b8266bea6d61ab1",
	.icv = "88345ab9bfaef590992142d69e2984e8", .integ = AUTH_HMAC_SHA2_256_128, .mac_key = KEY_00_1F };

static const struct sealed rfc3602_case_4_esn = { ENCR_AES_CBC, 128,
	.key = "56e47a38c5598974bc46903dba290349", .aad = "00004321 0000002a",
	.iv = "8ce82eefbea0da3c44699ed7db51b7d9",
	.plain = "a0a1a2a3a4a5a6a7a8a9aaabacadaeafb0b1b2b3b4b5b6b7b8b9babbbcbdbebf"
		 "c0c1c2c3c4c5c6c7c8c9cacbcccdcecfd0d1d2d3d4d5d6d7d8d9dadbdcdddedf",
	.cipher = "c30e32ffedc0774e6aff6af0869f71aa0f3af07a9a31a9c684db207eb0ef8e4e"
		  "35907aa632c3ffdf868bb7b29d3d46ad83ce9f9a102ee99d49a53e87f4c3da55",
	.icv = "c1370ca56b8123a0bef86ec7a540cf5f", .integ = AUTH_HMAC_SHA2_256_128, .mac_key = KEY_00_1F,
	.tail = "00000007" };

/* NIST SP 800-38A, F.2.3 and F.2.5: the ciphertext. */

#define SP800_38A_PLAIN                                                                                      \
	"6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51"                                   \
	"30c81c46a35ce411e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710"

static const struct sealed sp800_38a_aes192 = { ENCR_AES_CBC, 192,
	.key = "8e73b0f7da0e6452c810f32b809079e562f8ead2522c6b7b", .aad = "00004321 0000002a",
	.iv = "000102030405060708090a0b0c0d0e0f", .plain = SP800_38A_PLAIN,
	.cipher = "4f021db243bc633d7178183a9fa071e8b4d9ada9ad7dedf4e5e738763f69145a"
		  "571b242012fb7ae07fa9baac3df102e008b0e27988598881d920a9e64f5615cd",
	.icv = "381ab1b3b962cfdee7aad67b3a238c61e19957933c529dd8", .integ = AUTH_HMAC_SHA2_384_192,
	.mac_key = KEY_00_1F "202122232425262728292a2b2c2d2e2f" };

static const struct sealed sp800_38a_aes256_esn = { ENCR_AES_CBC, 256,
	.key = "603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4", .aad = "00004321 0000002a",
	.iv = "000102030405060708090a0b0c0d0e0f", .plain = SP800_38A_PLAIN,
	.cipher = "f58c4c04d6e5f1ba779eabfb5f7bfbd69cfc4e967edb808d679f777bc6702c7d"
		  "39f23369a9d9bacfa530e26304231461b2eb05e2c39be9fcda6c19078c6a9d1b",
	.icv = "4a8bc1f9363c43fe538051886582cec4a1b278bcaaee646796e6ff5223ab0ffc",
	.integ = AUTH_HMAC_SHA2_512_256, .mac_key = KEY_00_1F KEY_20_3F, .tail = "00000007" };

/* RFC 4868, 2.7.2: its texts have 28 and 50 octets and are cut here in AAD, IV and tail, with no data
 * between. */

static const struct sealed rfc4868_auth256_2 = { ENCR_AES_CBC, 128, .key = "00000000000000000000000000000000",
	.aad = "7768617420646f20", .iv = "79612077616e7420666f72206e6f7468",
	.icv = "167f928588c5cc2eef8e3093caa0e87c", .integ = AUTH_HMAC_SHA2_256_128,
	.mac_key = "4a6566654a6566654a6566654a6566654a6566654a6566654a6566654a656665", .tail = "696e673f" };

static const struct sealed rfc4868_auth256_4 = { ENCR_AES_CBC, 128, .key = "00000000000000000000000000000000",
	.aad = "cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd",
	.iv = "cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd", .icv = "372efcf9b40b35c2115b1346903d2ef4",
	.integ = AUTH_HMAC_SHA2_256_128,
	.mac_key = "0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f20", .tail = "cdcdcdcd" };

static const struct sealed rfc4868_auth384_2 = { ENCR_AES_CBC, 128, .key = "00000000000000000000000000000000",
	.aad = "7768617420646f20", .iv = "79612077616e7420666f72206e6f7468",
	.icv = "2c7353974f1842fd66d53c452ca42122b28c0b594cfb184d", .integ = AUTH_HMAC_SHA2_384_192,
	.mac_key = "4a6566654a6566654a6566654a6566654a6566654a6566654a6566654a656665"
		   "4a6566654a6566654a6566654a656665",
	.tail = "696e673f" };

static const struct sealed rfc4868_auth384_4 = { ENCR_AES_CBC, 128, .key = "00000000000000000000000000000000",
	.aad = "cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd",
	.iv = "cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd", .icv = "5b540085c6e6358096532b2493609ed1cb298f774f87bb5c",
	.integ = AUTH_HMAC_SHA2_384_192,
	.mac_key = "0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f20"
		   "0a0b0c0d0e0f10111213141516171819",
	.tail = "cdcdcdcd" };

static const struct sealed rfc4868_auth512_2 = { ENCR_AES_CBC, 128, .key = "00000000000000000000000000000000",
	.aad = "7768617420646f20", .iv = "79612077616e7420666f72206e6f7468",
	.icv = "cb370917ae8a7ce28cfd1d8f4705d6141c173b2a9362c15df235dfb251b15454",
	.integ = AUTH_HMAC_SHA2_512_256,
	.mac_key = "4a6566654a6566654a6566654a6566654a6566654a6566654a6566654a656665"
		   "4a6566654a6566654a6566654a6566654a6566654a6566654a6566654a656665",
	.tail = "696e673f" };

static const struct sealed rfc4868_auth512_4 = { ENCR_AES_CBC, 128, .key = "00000000000000000000000000000000",
	.aad = "cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd",
	.iv = "cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd",
	.icv = "5e6688e5a3daec826ca32eaea224eff5e700628947470e13ad01302561bab108",
	.integ = AUTH_HMAC_SHA2_512_256,
	.mac_key = "0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f20"
		   "2122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f40",
	.tail = "cdcdcdcd" };

/* RFC 2202, 3, case 5, cut in the same way. */
static const struct sealed rfc2202_sha1_96 = { ENCR_AES_CBC, 128, .key = "00000000000000000000000000000000",
	.aad = "54657374", .iv = "2057697468205472756e636174696f6e", .icv = "4c1a03424b55e07fe7f27be1",
	.integ = AUTH_HMAC_SHA1_96, .mac_key = "0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c" };

/* A vector as octets, with jobs that point into it. */
struct packet {
	const struct transform *encr, *integ;
	uint8_t key[ROOM], mac_key[ROOM], aad[ROOM], iv[ROOM], data[ROOM], tail[ROOM], icv[ROOM];
	size_t key_n, mac_key_n;
	struct aead_job job;
};

static void packet_of(struct packet *p, const struct sealed *v, const char *data)
{
	memset(p, 0, sizeof *p);
	p->encr = transform_find(TRANSFORM_ENCR, v->encr, v->bits);
	p->integ = v->integ ? transform_find(TRANSFORM_INTEG, v->integ, 0) : NULL;
	assert_non_null(p->encr);
	assert_true(p->integ || !v->integ);
	p->key_n = hex(v->key, p->key, ROOM);
	p->mac_key_n = hex(v->mac_key, p->mac_key, ROOM);
	p->job.aad = bytes_of(p->aad, hex(v->aad, p->aad, ROOM));
	p->job.iv = p->iv;
	p->job.data = p->data;
	p->job.n = hex(data, p->data, ROOM);
	p->job.tail = bytes_of(p->tail, hex(v->tail, p->tail, ROOM));
	p->job.icv = p->icv;
	assert_int_equal(hex(v->iv, p->iv, ROOM), p->encr->iv);
	assert_int_equal(hex(v->icv, p->icv, ROOM), transform_icv(p->encr, p->integ));
}

static struct aead *keyed(const struct packet *p, bool sealing)
{
	struct aead *a = aead_new(p->encr, p->integ);

	assert_non_null(a);
	assert_int_equal(
		aead_key(a, sealing, bytes_of(p->key, p->key_n), bytes_of(p->mac_key, p->mac_key_n)), ERR_OK);
	return a;
}

/* What stands behind the data and behind the tag must not be touched. */
static void assert_untouched(const struct packet *p)
{
	for (size_t i = p->job.n; i < ROOM; i++)
		assert_int_equal(p->data[i], 0);
	for (size_t i = transform_icv(p->encr, p->integ); i < ROOM; i++)
		assert_int_equal(p->icv[i], 0);
}

static void seals(void **state)
{
	struct packet p, expected;
	struct aead *a;

	packet_of(&p, *state, ((const struct sealed *)*state)->plain);
	packet_of(&expected, *state, ((const struct sealed *)*state)->cipher);
	memset(p.icv, 0, ROOM);
	a = keyed(&p, true);
	assert_int_equal(aead_seal(a, &p.job), ERR_OK);
	assert_memory_equal(p.data, expected.data, ROOM);
	assert_memory_equal(p.icv, expected.icv, ROOM);
	aead_free(a);
}

/* Twice under the same key, as nothing may be left of the packet before. */
static void opens(void **state)
{
	struct packet p, expected;
	struct aead *a;

	packet_of(&p, *state, ((const struct sealed *)*state)->cipher);
	packet_of(&expected, *state, ((const struct sealed *)*state)->plain);
	a = keyed(&p, false);
	for (int twice = 0; twice < 2; twice++) {
		hex(((const struct sealed *)*state)->cipher, p.data, ROOM);
		assert_int_equal(aead_open(a, &p.job), ERR_OK);
		assert_memory_equal(p.data, expected.data, ROOM);
		assert_untouched(&p);
	}
	aead_free(a);
}

/* Opens P with any one bit of the N octets at FIELD turned: none may succeed, and the packet as it was must.
 */
static void none_opens(struct packet *p, uint8_t *field, size_t n)
{
	struct aead *a = keyed(p, false);
	uint8_t sealed[ROOM];

	assert_true(n > 0);
	memcpy(sealed, p->data, ROOM);
	for (size_t bit = 0; bit < 8 * n; bit++) {
		field[bit / 8] ^= 1 << bit % 8;
		assert_int_equal(aead_open(a, &p->job), ERR_AUTH);
		memcpy(p->data, sealed, ROOM);
		if (field != p->data)
			field[bit / 8] ^= 1 << bit % 8;
	}
	assert_int_equal(aead_open(a, &p->job), ERR_OK);
	aead_free(a);
}

static const struct sealed *const one_of_each[] = { &esp_gcm_128_esn, &esp_gcm_256, &rfc7634_esp,
	&rfc7634_ikev2, &rfc3602_case_4_esn, &sp800_38a_aes192, &sp800_38a_aes256_esn };

enum { N_EACH = sizeof one_of_each / sizeof *one_of_each };

static void every_bit_of_the_tag(void **state)
{
	struct packet p;

	(void)state;
	for (int i = 0; i < N_EACH; i++) {
		packet_of(&p, one_of_each[i], one_of_each[i]->cipher);
		none_opens(&p, p.icv, transform_icv(p.encr, p.integ));
	}
}

static void every_bit_of_the_data(void **state)
{
	struct packet p;

	(void)state;
	for (int i = 0; i < N_EACH; i++) {
		packet_of(&p, one_of_each[i], one_of_each[i]->cipher);
		none_opens(&p, p.data, p.job.n);
	}
}

static void every_bit_of_the_aad(void **state)
{
	struct packet p;

	(void)state;
	for (int i = 0; i < N_EACH; i++) {
		packet_of(&p, one_of_each[i], one_of_each[i]->cipher);
		none_opens(&p, p.aad, p.job.aad.n);
	}
}

static void every_bit_of_the_iv(void **state)
{
	struct packet p;

	(void)state;
	for (int i = 0; i < N_EACH; i++) {
		packet_of(&p, one_of_each[i], one_of_each[i]->cipher);
		none_opens(&p, p.iv, p.encr->iv);
	}
}

static void every_bit_of_the_tail(void **state)
{
	struct packet p;

	(void)state;
	packet_of(&p, &rfc3602_case_4_esn, rfc3602_case_4_esn.cipher);
	none_opens(&p, p.tail, p.job.tail.n);
	packet_of(&p, &sp800_38a_aes256_esn, sp800_38a_aes256_esn.cipher);
	none_opens(&p, p.tail, p.job.tail.n);
}

static void every_bit_of_the_salt(void **state)
{
	struct packet p;

	(void)state;
	packet_of(&p, &rfc7634_esp, rfc7634_esp.cipher);
	for (size_t bit = 0; bit < 32; bit++) {
		struct aead *a;

		p.key[32 + bit / 8] ^= 1 << bit % 8;
		a = keyed(&p, false);
		assert_int_equal(aead_open(a, &p.job), ERR_AUTH);
		aead_free(a);
		packet_of(&p, &rfc7634_esp, rfc7634_esp.cipher);
	}
}

static void missing_tail(void **state)
{
	struct packet p;
	struct aead *a;

	(void)state;
	packet_of(&p, &rfc3602_case_4_esn, rfc3602_case_4_esn.cipher);
	p.job.tail = bytes_of(NULL, 0);
	a = keyed(&p, false);
	assert_int_equal(aead_open(a, &p.job), ERR_AUTH);
	aead_free(a);
}

static void tail_means_nothing_to_an_aead(void **state)
{
	struct packet p;
	struct aead *a;

	(void)state;
	packet_of(&p, &esp_gcm_256, esp_gcm_256.cipher);
	p.job.tail = bytes_str("anything");
	a = keyed(&p, false);
	assert_int_equal(aead_open(a, &p.job), ERR_OK);
	aead_free(a);
}

static void shortened_data(void **state)
{
	struct packet p;
	struct aead *a;

	(void)state;
	packet_of(&p, &esp_gcm_256, esp_gcm_256.cipher);
	a = keyed(&p, false);
	p.job.n -= 4;
	assert_int_equal(aead_open(a, &p.job), ERR_AUTH);
	aead_free(a);
	packet_of(&p, &rfc3602_case_4_esn, rfc3602_case_4_esn.cipher);
	a = keyed(&p, false);
	p.job.n -= 16;
	assert_int_equal(aead_open(a, &p.job), ERR_AUTH);
	aead_free(a);
}

static void nothing_deciphered_before_the_mac(void **state)
{
	struct packet p, before;
	struct aead *a;

	(void)state;
	packet_of(&p, &rfc3602_case_2, rfc3602_case_2.cipher);
	p.icv[0] ^= 1;
	before = p;
	a = keyed(&p, false);
	assert_int_equal(aead_open(a, &p.job), ERR_AUTH);
	assert_memory_equal(p.data, before.data, ROOM);
	aead_free(a);
}

static void cbc_of_half_a_block(void **state)
{
	struct packet p;
	struct aead *a;

	(void)state;
	packet_of(&p, &rfc3602_case_2, rfc3602_case_2.plain);
	a = keyed(&p, true);
	for (size_t n = 0; n <= 32; n++) {
		p.job.n = n;
		assert_int_equal(aead_seal(a, &p.job), n % 16 ? ERR_RANGE : ERR_OK);
	}
	aead_free(a);
	a = keyed(&p, false);
	p.job.n = 31;
	assert_int_equal(aead_open(a, &p.job), ERR_RANGE);
	aead_free(a);
}

/* The SK payload of IKE need not be padded for an AEAD: every length goes. */
static void aead_of_every_length(void **state)
{
	struct packet p, plain;
	struct aead *seal, *open;

	(void)state;
	packet_of(&plain, &rfc7634_esp, rfc7634_esp.plain);
	seal = keyed(&plain, true);
	open = keyed(&plain, false);
	for (size_t n = 0; n < 80; n++) {
		p = plain;
		p.job.n = n;
		p.job.data = p.data;
		p.job.icv = p.icv;
		assert_int_equal(aead_seal(seal, &p.job), ERR_OK);
		assert_memory_equal(p.data + n, plain.data + n, ROOM - n);
		assert_int_equal(aead_open(open, &p.job), ERR_OK);
		assert_memory_equal(p.data, plain.data, ROOM);
	}
	aead_free(seal);
	aead_free(open);
}

static void too_long_for_the_library(void **state)
{
	struct packet p;
	struct aead *a;

	(void)state;
	packet_of(&p, &gcm_case_2, gcm_case_2.plain);
	a = keyed(&p, true);
	p.job.n = (size_t)INT_MAX + 1;
	assert_int_equal(aead_seal(a, &p.job), ERR_RANGE);
	p.job.n = 16;
	p.job.aad.n = (size_t)INT_MAX + 1;
	assert_int_equal(aead_seal(a, &p.job), ERR_RANGE);
	aead_free(a);
}

static void wrong_key_lengths(void **state)
{
	static const uint8_t zeros[128];
	const struct transform *gcm = transform_find(TRANSFORM_ENCR, ENCR_AES_GCM_16, 256);
	const struct transform *cbc = transform_find(TRANSFORM_ENCR, ENCR_AES_CBC, 256);
	const struct transform *sha = transform_find(TRANSFORM_INTEG, AUTH_HMAC_SHA2_256_128, 0);
	struct aead *a = aead_new(gcm, NULL);

	(void)state;
	for (size_t n = 0; n < sizeof zeros; n++) {
		assert_int_equal(aead_key(a, true, bytes_of(zeros, n), bytes_of(NULL, 0)),
			n == 36 ? ERR_OK : ERR_RANGE);
		assert_int_equal(aead_key(a, true, bytes_of(zeros, 36), bytes_of(zeros, n)),
			n == 0 ? ERR_OK : ERR_RANGE);
	}
	aead_free(a);
	a = aead_new(cbc, sha);
	for (size_t n = 0; n < sizeof zeros; n++) {
		assert_int_equal(aead_key(a, false, bytes_of(zeros, n), bytes_of(zeros, 32)),
			n == 32 ? ERR_OK : ERR_RANGE);
		assert_int_equal(aead_key(a, false, bytes_of(zeros, 32), bytes_of(zeros, n)),
			n == 32 ? ERR_OK : ERR_RANGE);
	}
	aead_free(a);
}

static void no_pairs(void **state)
{
	const struct transform *gcm = transform_find(TRANSFORM_ENCR, ENCR_AES_GCM_16, 256);
	const struct transform *cbc = transform_find(TRANSFORM_ENCR, ENCR_AES_CBC, 256);
	const struct transform *sha = transform_find(TRANSFORM_INTEG, AUTH_HMAC_SHA2_256_128, 0);

	(void)state;
	assert_null(aead_new(gcm, sha));
	assert_null(aead_new(cbc, NULL));
	assert_null(aead_new(cbc, gcm));
	assert_null(aead_new(sha, NULL));
	aead_free(NULL);
}

static void unknown_to_the_library(void **state)
{
	const struct transform encr = { .openssl = "NO-SUCH-CIPHER", .kind = KIND_AEAD };
	const struct transform integ = { .openssl = "NO-SUCH-DIGEST", .kind = KIND_HMAC };

	(void)state;
	assert_null(aead_new(&encr, NULL));
	assert_null(aead_new(transform_find(TRANSFORM_ENCR, ENCR_AES_CBC, 128), &integ));
}

static void tag_lengths(void **state)
{
	const struct transform *cbc = transform_find(TRANSFORM_ENCR, ENCR_AES_CBC, 128);

	(void)state;
	assert_int_equal(transform_icv(transform_find(TRANSFORM_ENCR, ENCR_AES_GCM_16, 128), NULL), 16);
	assert_int_equal(transform_icv(transform_find(TRANSFORM_ENCR, ENCR_CHACHA20_POLY1305, 0), NULL), 16);
	assert_int_equal(transform_icv(cbc, transform_find(TRANSFORM_INTEG, AUTH_HMAC_SHA2_256_128, 0)), 16);
	assert_int_equal(transform_icv(cbc, transform_find(TRANSFORM_INTEG, AUTH_HMAC_SHA2_384_192, 0)), 24);
	assert_int_equal(transform_icv(cbc, transform_find(TRANSFORM_INTEG, AUTH_HMAC_SHA2_512_256, 0)), 32);
}

/* As IKE does: one context, keyed anew for each message, in turns for sealing and for opening. */
static void keyed_anew(const struct sealed *v)
{
	struct packet p;
	struct aead *a;

	packet_of(&p, v, v->plain);
	a = aead_new(p.encr, p.integ);
	for (unsigned i = 0; i < 20; i++) {
		struct bytes key = bytes_of(p.key, p.key_n), mac_key = bytes_of(p.mac_key, p.mac_key_n);
		uint8_t plain[ROOM];

		p.key[0] = i / 3;
		p.mac_key[0] = i / 5;
		p.iv[0] = i;
		memcpy(plain, p.data, ROOM);
		assert_int_equal(aead_key(a, true, key, mac_key), ERR_OK);
		assert_int_equal(aead_seal(a, &p.job), ERR_OK);
		assert_memory_not_equal(p.data, plain, p.job.n);
		assert_int_equal(aead_key(a, false, key, mac_key), ERR_OK);
		assert_int_equal(aead_open(a, &p.job), ERR_OK);
		assert_memory_equal(p.data, plain, ROOM);
	}
	aead_free(a);
}

static void keyed_for_each_message(void **state)
{
	(void)state;
	for (int i = 0; i < N_EACH; i++)
		keyed_anew(one_of_each[i]);
}

/* As ESP does: keyed once, many packets, a forged one among them. */
static void keyed_once_for_many(void **state)
{
	(void)state;
	for (int i = 0; i < N_EACH; i++) {
		struct packet p;
		struct aead *seal, *open;
		uint8_t plain[ROOM];

		packet_of(&p, one_of_each[i], one_of_each[i]->plain);
		memcpy(plain, p.data, ROOM);
		seal = keyed(&p, true);
		open = keyed(&p, false);
		for (unsigned k = 0; k < 100; k++) {
			memcpy(p.data, plain, ROOM);
			p.iv[7] = k;
			assert_int_equal(aead_seal(seal, &p.job), ERR_OK);
			p.icv[0] ^= k % 3 == 0;
			assert_int_equal(aead_open(open, &p.job), k % 3 == 0 ? ERR_AUTH : ERR_OK);
			if (k % 3)
				assert_memory_equal(p.data, plain, ROOM);
		}
		aead_free(seal);
		aead_free(open);
	}
}

static void wrong_tags_leave_no_openssl_errors(void **state)
{
	ERR_clear_error();
	every_bit_of_the_tag(state);
	assert_int_equal(ERR_peek_error(), 0);
}

/* A worker of the userspace path: contexts of its own, algorithms shared. Returns its failures. */
static void *worker(void *unused)
{
	uintptr_t failed = 0;

	(void)unused;
	for (unsigned i = 0; i < 50 * N_EACH; i++) {
		const struct sealed *v = one_of_each[i % N_EACH];
		struct packet p;
		struct aead *a;

		packet_of(&p, v, v->cipher);
		a = keyed(&p, false);
		failed += aead_open(a, &p.job) != ERR_OK;
		aead_free(a);
	}
	return (void *)failed;
}

static void four_threads(void **state)
{
	pthread_t threads[4];

	(void)state;
	for (int i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, worker, NULL), 0);
	for (int i = 0; i < 4; i++) {
		void *failed;

		assert_int_equal(pthread_join(threads[i], &failed), 0);
		assert_null(failed);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(four_threads), /* first, so that they are the ones to fetch the algorithms */
		BOTH(gcm_case_1),
		BOTH(gcm_case_2),
		BOTH(gcm_case_4),
		BOTH(gcm_case_10),
		BOTH(gcm_case_13),
		BOTH(gcm_case_15),
		BOTH(gcm_case_16),
		BOTH(esp_gcm_128_esn),
		BOTH(esp_gcm_192),
		BOTH(esp_gcm_256),
		BOTH(rfc7634_esp),
		BOTH(rfc7634_ikev2),
		BOTH(rfc3602_case_1),
		BOTH(rfc3602_case_2),
		BOTH(rfc3602_case_4_esn),
		BOTH(sp800_38a_aes192),
		BOTH(sp800_38a_aes256_esn),
		BOTH(rfc4868_auth256_2),
		BOTH(rfc4868_auth256_4),
		BOTH(rfc4868_auth384_2),
		BOTH(rfc4868_auth384_4),
		BOTH(rfc4868_auth512_2),
		BOTH(rfc4868_auth512_4),
		BOTH(rfc2202_sha1_96),
		cmocka_unit_test(every_bit_of_the_tag),
		cmocka_unit_test(every_bit_of_the_data),
		cmocka_unit_test(every_bit_of_the_aad),
		cmocka_unit_test(every_bit_of_the_iv),
		cmocka_unit_test(every_bit_of_the_tail),
		cmocka_unit_test(every_bit_of_the_salt),
		cmocka_unit_test(missing_tail),
		cmocka_unit_test(tail_means_nothing_to_an_aead),
		cmocka_unit_test(shortened_data),
		cmocka_unit_test(nothing_deciphered_before_the_mac),
		cmocka_unit_test(cbc_of_half_a_block),
		cmocka_unit_test(aead_of_every_length),
		cmocka_unit_test(too_long_for_the_library),
		cmocka_unit_test(wrong_key_lengths),
		cmocka_unit_test(no_pairs),
		cmocka_unit_test(unknown_to_the_library),
		cmocka_unit_test(tag_lengths),
		cmocka_unit_test(keyed_for_each_message),
		cmocka_unit_test(keyed_once_for_many),
		cmocka_unit_test(wrong_tags_leave_no_openssl_errors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
