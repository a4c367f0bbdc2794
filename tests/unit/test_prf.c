/* SPDX-License-Identifier: GPL-2.0-or-later */
/* prf against RFC 4231 and RFC 2202; prf+ against values computed with Python's hmac module from the
 * definition in RFC 7296, 2.13; digests against FIPS 180-4's examples. */
#include "unit.h"

#include "crypto/prf.h"
#include "hex.h"

#define CASE(function, vector) ((struct CMUnitTest){ #vector, function, NULL, NULL, (void *)&(vector) })

static const struct transform *prf_row(uint16_t id)
{
	const struct transform *t = transform_find(TRANSFORM_PRF, id, 0);

	assert_non_null(t);
	return t;
}

static void assert_octets(const uint8_t *got, size_t n, const char *expected)
{
	uint8_t octets[512];

	assert_int_equal(hex(expected, octets, sizeof octets), n);
	assert_memory_equal(got, octets, n);
}

/* RFC 4231. Its case 5 is about a truncation that IKE has not. */
struct rfc4231 {
	const char *key, *data;
	const char *sha256, *sha384, *sha512;
};

static const struct rfc4231 rfc4231_case_1 = {
	"0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b",
	"4869205468657265",
	"b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7",
	"afd03944d84895626b0825f4ab46907f15f9dadbe4101ec682aa034c7cebc59cfaea9ea9076ede7f4af152e8b2fa9cb6",
	"87aa7cdea5ef619d4ff0b4241a1d6cb02379f4e2ce4ec2787ad0b30545e17cde"
	"daa833b7d6b8a702038b274eaea3f4e4be9d914eeb61f1702e696c203a126854",
};

static const struct rfc4231 rfc4231_case_2 = {
	"4a656665",
	"7768617420646f2079612077616e7420666f72206e6f7468696e673f",
	"5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
	"af45d2e376484031617f78d2b58a6b1b9c7ef464f5a01b47e42ec3736322445e8e2240ca5e69e2c78b3239ecfab21649",
	"164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea250554"
	"9758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737",
};

static const struct rfc4231 rfc4231_case_3 = {
	"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
	"dddddddddddddddddddddddddddddddddddddddddddddddddd"
	"dddddddddddddddddddddddddddddddddddddddddddddddddd",
	"773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe",
	"88062608d3e6ad8a0aa2ace014c8a86f0aa635d947ac9febe83ef4e55966144b2a5ab39dc13814b94e3ab6e101a34f27",
	"fa73b0089d56a284efb0f0756c890be9b1b5dbdd8ee81a3655f83e33b2279d39"
	"bf3e848279a722c806b485a47e67c807b946a337bee8942674278859e13292fb",
};

static const struct rfc4231 rfc4231_case_4 = {
	"0102030405060708090a0b0c0d0e0f10111213141516171819",
	"cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd"
	"cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd",
	"82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b",
	"3e8a69b7783c25851933ab6290af6ca77a9981480850009cc5577c6e1f573b4e6801dd23c4a7d679ccf8a386c674cffb",
	"b0ba465637458c6990e5a8c5f61d4af7e576d97ff94b872de76f8050361ee3db"
	"a91ca5c11aa25eb4d679275cc5788063a5f19741120c4f2de2adebeb10a298dd",
};

/* Keys longer than a block, as PSKs and pairs of nonces may be. */
#define KEY_OF_131                                                                                           \
	"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"   \
	"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"   \
	"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static const struct rfc4231 rfc4231_case_6 = {
	KEY_OF_131,
	"54657374205573696e67204c6172676572205468616e20426c6f636b2d53697a65204b6579202d2048617368204b65792046"
	"6972"
	"7374",
	"60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
	"4ece084485813e9088d2c63a041bc5b44f9ef1012a2b588f3cd11f05033ac4c60c2ef6ab4030fe8296248df163f44952",
	"80b24263c7c1a3ebb71493c1dd7be8b49b46d1f41b4aeec1121b013783f8f352"
	"6b56d037e05f2598bd0fd2215d6a1e5295e64f73f63f0aec8b915a985d786598",
};

static const struct rfc4231 rfc4231_case_7 = {
	KEY_OF_131,
	"5468697320697320612074657374207573696e672061206c6172676572207468616e20626c6f636b2d73697a65206b657920"
	"616e"
	"642061206c6172676572207468616e20626c6f636b2d73697a6520646174612e20546865206b6579206e6565647320746f20"
	"6265"
	"20686173686564206265666f7265206265696e6720757365642062792074686520484d414320616c676f726974686d2e",
	"9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2",
	"6617178e941f020d351e2f254e8fd32c602420feb0b8fb9adccebb82461e99c5a678cc31e799176d3860e6110c46523e",
	"e37b6a775dc87dbaa4dfa9f96e5e3ffddebd71f8867289865df5a32d20cdc944"
	"b6022cac3c4982b10d5eeb55c3e4de15134676fb6de0446065c97440fa8c6a58",
};

static void prf_is(uint16_t id, const struct rfc4231 *v, const char *expected)
{
	uint8_t key[256], data[256], out[PRF_OUT_MAX];
	size_t key_n = hex(v->key, key, sizeof key);
	struct bytes all = bytes_of(data, hex(v->data, data, sizeof data));
	const struct transform *t = prf_row(id);

	assert_int_equal(prf(t, bytes_of(key, key_n), &all, 1, out), ERR_OK);
	assert_octets(out, t->out, expected);
}

static void rfc4231(void **state)
{
	const struct rfc4231 *v = *state;

	prf_is(PRF_HMAC_SHA2_256, v, v->sha256);
	prf_is(PRF_HMAC_SHA2_384, v, v->sha384);
	prf_is(PRF_HMAC_SHA2_512, v, v->sha512);
}

/* RFC 2202, 3. Its case 5 is the one whose truncation ESP and IKE have. */
static const struct rfc2202 {
	const char *key, *data, *sha1;
} rfc2202_cases[] = {
	{ "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b", "4869205468657265",
		"b617318655057264e28bc0b6fb378c8ef146be00" },
	{ "4a656665", "7768617420646f2079612077616e7420666f72206e6f7468696e673f",
		"effcdf6ae5eb2fa2d27416d5f184df9c259a7c79" },
	{ "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
		"dddddddddddddddddddddddddddddddddddddddddddddddddd"
		"dddddddddddddddddddddddddddddddddddddddddddddddddd",
		"125d7342b9ac11cd91a39af48aa17b4f63f175d3" },
	{ "0102030405060708090a0b0c0d0e0f10111213141516171819",
		"cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd"
		"cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd",
		"4c9007f4026250c6bc8414f9bf50c86c2d7235da" },
	{ "0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c", "546573742057697468205472756e636174696f6e",
		"4c1a03424b55e07fe7f27be1d58bb9324a9a5a04" },
	{ "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	  "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
		"54657374205573696e67204c6172676572205468616e20426c6f636b2d53697a65204b6579202d2048617368204b"
		"6579204669727374",
		"aa4ae5e15272d00e95705637ce8a3b55ed402112" },
};

static void rfc2202(void **state)
{
	const struct transform *t = prf_row(PRF_HMAC_SHA1);
	uint8_t key[256], data[256], out[PRF_OUT_MAX];

	(void)state;
	for (size_t i = 0; i < sizeof rfc2202_cases / sizeof *rfc2202_cases; i++) {
		const struct rfc2202 *v = &rfc2202_cases[i];
		size_t key_n = hex(v->key, key, sizeof key);
		struct bytes all = bytes_of(data, hex(v->data, data, sizeof data));

		assert_int_equal(prf(t, bytes_of(key, key_n), &all, 1, out), ERR_OK);
		assert_octets(out, t->out, v->sha1);
	}
}

static void parts_are_one_text(void **state)
{
	const struct bytes parts[] = { bytes_str("what do "), bytes_str(""), { NULL, 0 },
		bytes_str("ya want "), bytes_str("for nothing?") };
	uint8_t out[PRF_OUT_MAX];

	(void)state;
	assert_int_equal(prf(prf_row(PRF_HMAC_SHA2_256), bytes_str("Jefe"), parts, 5, out), ERR_OK);
	assert_octets(out, 32, rfc4231_case_2.sha256);
}

/* HMAC-SHA-256 of nothing under no key; computed with Python. */
static void empty_key_and_no_parts(void **state)
{
	uint8_t out[PRF_OUT_MAX];

	(void)state;
	assert_int_equal(prf(prf_row(PRF_HMAC_SHA2_256), bytes_of(NULL, 0), NULL, 0, out), ERR_OK);
	assert_octets(out, 32, "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
}

static void prf_without_algorithm(void **state)
{
	const struct transform row = { .openssl = "NO-SUCH-DIGEST", .kind = KIND_HMAC, .out = 32 };
	uint8_t out[PRF_OUT_MAX];

	(void)state;
	assert_int_equal(prf(&row, bytes_str("key"), NULL, 0, out), ERR_UNSUPPORTED);
	assert_int_equal(prf_plus(&row, bytes_str("key"), NULL, 0, out, 1), ERR_UNSUPPORTED);
}

/* Key 00 01 02 … as long as the output; seed 32 times aa, 32 times bb, 00 … 0f (nonces and SPIs). */
struct plus {
	uint16_t id;
	const char *expected; /* 100 octets */
};

static const struct plus prf_plus_sha256 = { PRF_HMAC_SHA2_256,
	"e41740b06962aff86e253e52f98a53bc2d2220b09f86b8e46b84ab55d27af050"
	"f5be604efeedd3c9cebc8bdbd8669e7ef4aa895f4e03f57f713d9fe73c30cb54"
	"b744d6be120f15f5720036fbdd29da0854cd4f1cbb7937206a7ad1300c15882c"
	"384d9140" };

static const struct plus prf_plus_sha384 = { PRF_HMAC_SHA2_384,
	"7a439878d66dd57a68274bd69e98cb53d115135e342a84db83778053b033d132"
	"65ad38dc367fe4067fa6cdb665e36bd05471129e4db194e1a36bad0c7364be05"
	"f22a15b9807641483225ec0d80c4f647c2a27fb7f736065d89f8c74f947096d8"
	"0b460ca6" };

static const struct plus prf_plus_sha512 = { PRF_HMAC_SHA2_512,
	"7afc00e95f90bb54aa33f8b19018a289f820ceed3dbdafd0435ab444d705a20d"
	"30c86298d24b7881a6e660e417ae1b9916226f39c1c22be42e85f3d35e1f9ccc"
	"adee3992c9da4b69b515d71257ec59772ace8c95396e4a2038aaa31074f31227"
	"aaeffc67" };

static const struct plus prf_plus_sha1 = { PRF_HMAC_SHA1,
	"cc2eb6b8bfda44cc76407fd385464645995a896780e9593a956b4c99dc6d75df"
	"92c40bc3c0dfa15f5fd4a2013ade76cbb5ca7da285be03303d1d52ea4be30ab3"
	"fbcd145c3391038ed8376fa9a435ab9b61aa86f83d0e538e89e594781460b564"
	"1a042ad7" };

static void plus(void **state)
{
	const struct plus *v = *state;
	const struct transform *t = prf_row(v->id);
	uint8_t key[PRF_OUT_MAX], ni[32], nr[32], spis[16], out[100];
	const struct bytes parts[] = { { ni, 32 }, { nr, 32 }, { spis, 16 } };

	memset(ni, 0xaa, sizeof ni);
	memset(nr, 0xbb, sizeof nr);
	for (unsigned i = 0; i < sizeof spis; i++)
		spis[i] = i;
	for (unsigned i = 0; i < t->out; i++)
		key[i] = i;
	assert_int_equal(prf_plus(t, bytes_of(key, t->out), parts, 3, out, sizeof out), ERR_OK);
	assert_octets(out, sizeof out, v->expected);
}

/* A shorter output is the beginning of a longer one, at every length around the blocks. */
static void prf_plus_prefixes(void **state)
{
	const struct transform *t = prf_row(PRF_HMAC_SHA2_256);
	struct bytes seed = bytes_str("seed");
	uint8_t all[130], some[130];

	(void)state;
	assert_int_equal(prf_plus(t, bytes_str("key"), &seed, 1, all, sizeof all), ERR_OK);
	for (size_t n = 0; n < sizeof all; n++) {
		memset(some, 0x5a, sizeof some);
		assert_int_equal(prf_plus(t, bytes_str("key"), &seed, 1, some, n), ERR_OK);
		assert_memory_equal(some, all, n);
		assert_int_equal(some[n], 0x5a);
	}
}

/* 255 blocks and no octet more. Key 32 times "k", seed "seed"; SHA-256 over the output. */
static void prf_plus_limit(void **state)
{
	static uint8_t out[255 * 32 + 1];
	const struct transform *t = prf_row(PRF_HMAC_SHA2_256);
	struct bytes seed = bytes_str("seed"), all = bytes_of(out, 255 * 32);
	struct bytes key = bytes_str("kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk");
	uint8_t sum[PRF_OUT_MAX];
	size_t n;

	(void)state;
	assert_int_equal(prf_plus(t, key, &seed, 1, out, 255 * 32), ERR_OK);
	assert_int_equal(digest("SHA256", &all, 1, sum, &n), ERR_OK);
	assert_octets(sum, n, "b2b6fce5b0ce8f3008fe59a13d4dd20786f6f86d1b611695c6652797e3fbc669");
	assert_int_equal(prf_plus(t, key, &seed, 1, out, 255 * 32 + 1), ERR_RANGE);
}

static void sha1_of_abc(void **state)
{
	const struct bytes parts[] = { bytes_str("a"), bytes_str("bc") };
	uint8_t out[PRF_OUT_MAX];
	size_t n;

	(void)state;
	assert_int_equal(digest("SHA1", parts, 2, out, &n), ERR_OK);
	assert_octets(out, n, "a9993e364706816aba3e25717850c26c9cd0d89d");
}

static void sha256_of_two_blocks(void **state)
{
	const struct bytes parts[] = { bytes_str("abcdbcdecdefdefgefghfghigh"), { NULL, 0 },
		bytes_str("ijhijkijkljklmklmnlmnomnopnopq") };
	uint8_t out[PRF_OUT_MAX];
	size_t n;

	(void)state;
	assert_int_equal(digest("SHA256", parts, 3, out, &n), ERR_OK);
	assert_octets(out, n, "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
}

static void unknown_digest(void **state)
{
	uint8_t out[PRF_OUT_MAX];
	size_t n = 7;

	(void)state;
	assert_int_equal(digest("NO-SUCH-DIGEST", NULL, 0, out, &n), ERR_UNSUPPORTED);
	assert_int_equal(n, 0);
}

/* RFC 2202, 2: cases 1, 2 and 6 of HMAC-MD5; RFC 1321, A.5. */
static void it_has_the_md5_of_older_protocols(void **state)
{
	uint8_t key[80], out[PRF_OUT_MAX];
	size_t n;

	(void)state;
	memset(key, 0x0b, 16);
	assert_int_equal(digest_hmac("MD5", bytes_of(key, 16),
				 &(struct bytes){ (const uint8_t *)"Hi There", 8 }, 1, out),
		0);
	assert_octets(out, 16, "9294727a3638bb1c13f48ef8158bfc9d");
	assert_int_equal(
		digest_hmac("MD5", bytes_str("Jefe"),
			(struct bytes[]){ bytes_str("what do ya want "), bytes_str("for nothing?") }, 2, out),
		0);
	assert_octets(out, 16, "750c783e6ab0b503eaa86e310a5db738");
	memset(key, 0xaa, 80);
	assert_int_equal(digest_hmac("MD5", bytes_of(key, 80),
				 (struct bytes[]){ bytes_str(
					 "Test Using Larger Than Block-Size Key - Hash Key First") },
				 1, out),
		0);
	assert_octets(out, 16, "6b1ab7fe4bd7bf8f0b62e6ce61b9d0cd");
	assert_int_equal(
		digest("MD5", (struct bytes[]){ bytes_str("message "), bytes_str("digest") }, 2, out, &n), 0);
	assert_octets(out, n, "f96b697d7cb7938d525a2f31aaf161d0");
	assert_int_equal(digest_hmac("MD1", bytes_str("Jefe"), NULL, 0, out), ERR_UNSUPPORTED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(rfc4231, rfc4231_case_1),
		CASE(rfc4231, rfc4231_case_2),
		CASE(rfc4231, rfc4231_case_3),
		CASE(rfc4231, rfc4231_case_4),
		CASE(rfc4231, rfc4231_case_6),
		CASE(rfc4231, rfc4231_case_7),
		cmocka_unit_test(rfc2202),
		cmocka_unit_test(parts_are_one_text),
		cmocka_unit_test(empty_key_and_no_parts),
		cmocka_unit_test(prf_without_algorithm),
		CASE(plus, prf_plus_sha256),
		CASE(plus, prf_plus_sha384),
		CASE(plus, prf_plus_sha512),
		CASE(plus, prf_plus_sha1),
		cmocka_unit_test(prf_plus_prefixes),
		cmocka_unit_test(prf_plus_limit),
		cmocka_unit_test(sha1_of_abc),
		cmocka_unit_test(sha256_of_two_blocks),
		cmocka_unit_test(unknown_digest),
		cmocka_unit_test(it_has_the_md5_of_older_protocols),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
