/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Key exchange against the examples of RFC 7748 and RFC 5903, and MODP groups against values computed with
 * Python's pow(); then what must be refused (RFC 6989, RFC 8031). */
#include "unit.h"

#include <openssl/bn.h>
#include <openssl/err.h>

#include "crypto/kex.h"
#include "crypto/prf.h"
#include "hex.h"

#define CASE(function, vector) ((struct CMUnitTest){ #vector, function, NULL, NULL, (void *)&(vector) })

static const struct transform *ke_row(uint16_t id)
{
	const struct transform *t = transform_find(TRANSFORM_KE, id, 0);

	assert_non_null(t);
	return t;
}

static void assert_octets(const uint8_t *got, size_t n, const char *expected)
{
	uint8_t octets[KEX_PUBLIC_MAX];

	assert_int_equal(hex(expected, octets, sizeof octets), n);
	assert_memory_equal(got, octets, n);
}

/* Two sides: private and public values, and the secret they share. */
struct exchange {
	uint16_t id;
	const char *a, *a_public, *b, *b_public, *shared;
};

/* RFC 7748, 6.1. */
static const struct exchange rfc7748_x25519 = { KE_CURVE25519,
	"77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a",
	"8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a",
	"5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb",
	"de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f",
	"4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742" };

/* RFC 7748, 6.2. */
static const struct exchange rfc7748_x448 = { KE_CURVE448,
	"9a8f4925d1519f5775cf46b04b5800d4ee9ee8bae8bc5565d498c28d"
	"d9c9baf574a9419744897391006382a6f127ab1d9ac2d8c0a598726b",
	"9b08f7cc31b7e3e67d22d5aea121074a273bd2b83de09c63faa73d2c"
	"22c5d9bbc836647241d953d40c5b12da88120d53177f80e532c41fa0",
	"1c306a7ac2a0e2e0990b294470cba339e6453772b075811d8fad0d1d"
	"6927c120bb5ee8972b0d3e21374c9c921b09d1b0366f10b65173992d",
	"3eb7a829b0cd20f5bcfc0b599b6feccf6da4627107bdb0d4f345b430"
	"27d8b972fc3e34fb4232a13ca706dcb57aec3dae07bdc1c67bf33609",
	"07fff4181ac6cc95ec1c16a94a0f74d12da232ce40a77552281d282b"
	"b60c0b56fd2464c335543936521c24403085d59a449a5037514a879d" };

/* RFC 5903, 8.1. */
static const struct exchange rfc5903_ecp256 = { KE_ECP_256,
	"c88f01f510d9ac3f70a292daa2316de544e9aab8afe84049c62a9c57862d1433",
	"dad0b65394221cf9b051e1feca5787d098dfe637fc90b9ef945d0c3772581180"
	"5271a0461cdb8252d61f1c456fa3e59ab1f45b33accf5f58389e0577b8990bb3",
	"c6ef9c5d78ae012a011164acb397ce2088685d8f06bf9be0b283ab46476bee53",
	"d12dfb5289c8d4f81208b70270398c342296970a0bccb74c736fc7554494bf63"
	"56fbf3ca366cc23e8157854c13c58d6aac23f046ada30f8353e74f33039872ab",
	"d6840f6b42f6edafd13116e0e12565202fef8e9ece7dce03812464d04b9442de" };

/* RFC 5903, 8.2. */
static const struct exchange rfc5903_ecp384 = { KE_ECP_384,
	"099f3c7034d4a2c699884d73a375a67f7624ef7c6b3c0f160647b67414dce655e35b538041e649ee3faef896783ab194",
	"667842d7d180ac2cde6f74f37551f55755c7645c20ef73e31634fe72b4c55ee6de3ac808acb4bdb4c88732aee95f41aa"
	"9482ed1fc0eeb9cafc4984625ccfc23f65032149e0e144ada024181535a0f38eeb9fcff3c2c947dae69b4c634573a81c",
	"41cb0779b4bdb85d47846725fbec3c9430fab46cc8dc5060855cc9bda0aa2942e0308312916b8ed2960e4bd55a7448fc",
	"e558dbef53eecde3d3fccfc1aea08a89a987475d12fd950d83cfa41732bc509d0d1ac43a0336def96fda41d0774a3571"
	"dcfbec7aacf3196472169e838430367f66eebe3c6e70c416dd5f0c68759dd1fff83fa40142209dff5eaad96db9e6386c",
	"11187331c279962d93d604243fd592cb9d0a926f422e47187521287e7156c5c4d603135569b9e9d09cf5d4a270f59746" };

/* RFC 5903, 8.3. */
static const struct exchange rfc5903_ecp521 = { KE_ECP_521,
	"0037ade9319a89f4dabdb3ef411aaccca5123c61acab57b5393dce47608172a095aa"
	"85a30fe1c2952c6771d937ba9777f5957b2639bab072462f68c27a57382d4a52",
	"0015417e84dbf28c0ad3c278713349dc7df153c897a1891bd98bab4357c9ecbee1e3"
	"bf42e00b8e380aeae57c2d107564941885942af5a7f4601723c4195d176ced3e"
	"017cae20b6641d2eeb695786d8c946146239d099e18e1d5a514c739d7cb4a10ad8a7"
	"88015ac405d7799dc75e7b7d5b6cf2261a6a7f1507438bf01beb6ca3926f9582",
	"0145ba99a847af43793fdd0e872e7cdfa16be30fdc780f97bccc3f078380201e9c67"
	"7d600b343757a3bdbf2a3163e4c2f869cca7458aa4a4effc311f5cb151685eb9",
	"00d0b3975ac4b799f5bea16d5e13e9af971d5e9b984c9f39728b5e5739735a219b97"
	"c356436adc6e95bb0352f6be64a6c2912d4ef2d0433ced2b6171640012d9460f"
	"015c68226383956e3bd066e797b623c27ce0eac2f551a10c2c724d9852077b87220b"
	"6536c5c408a1d2aebb8e86d678ae49cb57091f4732296579ab44fcd17f0fc56a",
	"01144c7d79ae6956bc8edb8e7c787c4521cb086fa64407f97894e5e6b2d79b04d142"
	"7e73ca4baa240a34786859810c06b3c715a3a8cc3151f2bee417996d19f3ddea" };

/* A's public value, and what it shares with B. */
static void side(const struct exchange *v, const char *a, const char *a_public, const char *b_public)
{
	const struct transform *t = ke_row(v->id);
	uint8_t secret[KEX_PRIVATE_MAX], own[KEX_PUBLIC_MAX], peer[KEX_PUBLIC_MAX], shared[KEX_SHARED_MAX];

	assert_int_equal(hex(a, secret, sizeof secret), t->key);
	assert_int_equal(hex(b_public, peer, sizeof peer), t->out);
	assert_int_equal(kex_public(t, secret, own), ERR_OK);
	assert_octets(own, t->out, a_public);
	assert_int_equal(kex_shared(t, secret, bytes_of(peer, t->out), shared), ERR_OK);
	assert_octets(shared, t->shared, v->shared);
}

static void exchange(void **state)
{
	const struct exchange *v = *state;

	side(v, v->a, v->a_public, v->b_public);
	side(v, v->b, v->b_public, v->a_public);
}

/* Private values 01 02 03 … and ff fe fd …; SHA-256 over the public values and the shared secret. The primes
 * were computed from the formulas of RFC 2409 and RFC 3526 for the purpose. */
struct modp {
	uint16_t id;
	const char *a_public, *b_public, *shared;
};

static const struct modp python_modp1024 = { KE_MODP_1024,
	"1d096a46d790f69f661d2ebaf30c731c60ed773742bddcdd18a0c395e2c1339c",
	"d07fa12af8e049b27acb92615f9c3d106277286d662e38570467173283417baa",
	"c02bf0974206ba140df26f87abf463bf932069228707d26c12ce3d98a78c9008" };

static const struct modp python_modp1536 = { KE_MODP_1536,
	"6beeffb6e556afd99a4b20650d14e9c973d1713bd0db32ff2d3825f029a551d6",
	"07fb583e088780e92b5716b2d1ff0e4b501ac4592f8605171a85f4ae5ffeb5fd",
	"585d8e1b214aeb83f30d2d29c992c0f0ce758b7dc36b627cd2f36c69fdaf689d" };

static const struct modp python_modp2048 = { KE_MODP_2048,
	"3ae26e14ac54744ba175a8b2c76205eebfc4fdb8314c4c40ae2ea47b3c0e28a3",
	"98e51d46204acc6e6494f73b42bea4c6598a9fbed684a7d4c7ea65fb7a531a30",
	"92a75375b3ea0974701c1d1910b074643166d3660053ea6c1c76fe13215ab174" };

static const struct modp python_modp3072 = { KE_MODP_3072,
	"3c53bf83dcbc85226c6a2b4509813df904976739b71df58a85386ee4b369bf8a",
	"e4bb6fe676d338c8124e9322eefa57fc2c9e37eaf498e622420c8eddaf277dbc",
	"9fb718f5306e100e9276786ef5c019ebb65659bf849cf116e7d3982601ed0727" };

static const struct modp python_modp4096 = { KE_MODP_4096,
	"aa621ebd663b0b62c96a36096b3845bcc7b0adb80196a46b5a6804294a06230f",
	"706db1d1250bad042dd5c10b57b7cc7c4a61b5e7ab89ae065e74607179ec1c16",
	"643cc9c6d368fb2e5663044d75c70da13e62a64bdf2c489ae6452db6e8470e1d" };

static void assert_sha256(const uint8_t *got, size_t n, const char *expected)
{
	struct bytes all = bytes_of(got, n);
	uint8_t sum[PRF_OUT_MAX];
	size_t size;

	assert_int_equal(digest("SHA256", &all, 1, sum, &size), ERR_OK);
	assert_octets(sum, size, expected);
}

static void modp(void **state)
{
	const struct modp *v = *state;
	const struct transform *t = ke_row(v->id);
	uint8_t a[KEX_PRIVATE_MAX], b[KEX_PRIVATE_MAX], a_public[KEX_PUBLIC_MAX], b_public[KEX_PUBLIC_MAX];
	uint8_t shared[KEX_SHARED_MAX];

	for (unsigned i = 0; i < t->key; i++) {
		a[i] = 1 + i;
		b[i] = 255 - i;
	}
	assert_int_equal(kex_public(t, a, a_public), ERR_OK);
	assert_sha256(a_public, t->out, v->a_public);
	assert_int_equal(kex_public(t, b, b_public), ERR_OK);
	assert_sha256(b_public, t->out, v->b_public);
	assert_int_equal(kex_shared(t, a, bytes_of(b_public, t->out), shared), ERR_OK);
	assert_sha256(shared, t->shared, v->shared);
	assert_int_equal(kex_shared(t, b, bytes_of(a_public, t->out), shared), ERR_OK);
	assert_sha256(shared, t->shared, v->shared);
}

/* What comes of PEER, with a private value that is good in every group. */
static enum err judge(uint16_t id, struct bytes peer)
{
	uint8_t secret[KEX_PRIVATE_MAX], shared[KEX_SHARED_MAX];

	memset(secret, 0x42, sizeof secret);
	secret[0] = 0;
	return kex_shared(ke_row(id), secret, peer, shared);
}

static enum err judge_hex(uint16_t id, const char *peer)
{
	uint8_t octets[KEX_PUBLIC_MAX];

	return judge(id, bytes_of(octets, hex(peer, octets, sizeof octets)));
}

static void wrong_lengths(void **state)
{
	uint8_t zeros[KEX_PUBLIC_MAX + 1] = { 0 };
	unsigned groups = 0;

	(void)state;
	for (const struct transform *t = transform_next(NULL); t; t = transform_next(t)) {
		if (t->type != TRANSFORM_KE || t->kind == KIND_NONE)
			continue;
		assert_int_equal(judge(t->id, bytes_of(zeros, t->out - 1)), ERR_SHORT);
		assert_int_equal(judge(t->id, bytes_of(zeros, t->out + 1)), ERR_SHORT);
		assert_int_equal(judge(t->id, bytes_of(NULL, 0)), ERR_SHORT);
		groups++;
	}
	assert_true(groups >= 8);
}

/* RFC 8031, 3.2. Points of order 1, 2, 4 and 8, some of them in the form not reduced modulo p. */
static void x25519_low_order(void **state)
{
	static const char *const points[] = {
		"0000000000000000000000000000000000000000000000000000000000000000",
		"0100000000000000000000000000000000000000000000000000000000000000",
		"e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
		"5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
		"ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
		"edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
		"eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	};

	(void)state;
	for (unsigned i = 0; i < sizeof points / sizeof *points; i++)
		assert_int_equal(judge_hex(KE_CURVE25519, points[i]), ERR_AUTH);
}

static void x448_low_order(void **state)
{
	static const char *const points[] = {
		"00000000000000000000000000000000000000000000000000000000"
		"00000000000000000000000000000000000000000000000000000000",
		"01000000000000000000000000000000000000000000000000000000"
		"00000000000000000000000000000000000000000000000000000000",
		"feffffffffffffffffffffffffffffffffffffffffffffffffffffff"
		"feffffffffffffffffffffffffffffffffffffffffffffffffffffff",
		"ffffffffffffffffffffffffffffffffffffffffffffffffffffffff"
		"feffffffffffffffffffffffffffffffffffffffffffffffffffffff",
		"00000000000000000000000000000000000000000000000000000000"
		"ffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
	};

	(void)state;
	for (unsigned i = 0; i < sizeof points / sizeof *points; i++)
		assert_int_equal(judge_hex(KE_CURVE448, points[i]), ERR_AUTH);
}

static const struct exchange *const curves[] = { &rfc5903_ecp256, &rfc5903_ecp384, &rfc5903_ecp521 };

/* A good point with any one bit of its last octet turned. */
static void ecp_not_on_the_curve(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		uint8_t point[KEX_PUBLIC_MAX];
		size_t n = hex(curves[i]->a_public, point, sizeof point);

		assert_int_equal(judge(curves[i]->id, bytes_of(point, n)), ERR_OK);
		for (unsigned bit = 0; bit < 8; bit++) {
			point[n - 1] ^= 1 << bit;
			assert_int_equal(judge(curves[i]->id, bytes_of(point, n)), ERR_AUTH);
			point[n - 1] ^= 1 << bit;
		}
	}
}

static void ecp_zeros(void **state)
{
	static const uint8_t zeros[KEX_PUBLIC_MAX];

	(void)state;
	for (unsigned i = 0; i < 3; i++)
		assert_int_equal(judge(curves[i]->id, bytes_of(zeros, ke_row(curves[i]->id)->out)), ERR_AUTH);
}

/* All three curves have a point with x = 0. With x = p it would be the same point, if reduced. */
struct ecp_range {
	uint16_t id;
	const char *x, *p, *y;
};

static const struct ecp_range ecp256_x_is_p = { KE_ECP_256,
	"0000000000000000000000000000000000000000000000000000000000000000",
	"ffffffff00000001000000000000000000000000ffffffffffffffffffffffff",
	"66485c780e2f83d72433bd5d84a06bb6541c2af31dae871728bf856a174f93f4" };

static const struct ecp_range ecp384_x_is_p = { KE_ECP_384,
	"000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000",
	"fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffeffffffff0000000000000000ffffffff",
	"c306610fb0ae5a159cf45c06069f22a6c5eb3641c602d42dea2c4b4f75550793406d80d2b91ad54f9048bd487af1ade1" };

static const struct ecp_range ecp521_x_is_p = { KE_ECP_521,
	"0000000000000000000000000000000000000000000000000000000000000000000000000000000000"
	"00000000000000000000000000000000000000000000000000",
	"01ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"
	"ffffffffffffffffffffffffffffffffffffffffffffffffff",
	"012df13601594a883ef2d935e44bb90bf4d6619b74e52af7552f97769011c0719eb439cfab2a88d40f"
	"e59a2bed1f43557169a2d0a2ccd280c607b92bbf51ffe0b078" };

static void ecp_range(void **state)
{
	const struct ecp_range *v = *state;
	uint8_t point[KEX_PUBLIC_MAX];
	size_t half = ke_row(v->id)->out / 2;

	assert_int_equal(hex(v->x, point, sizeof point), half);
	assert_int_equal(hex(v->y, point + half, sizeof point - half), half);
	assert_int_equal(judge(v->id, bytes_of(point, 2 * half)), ERR_OK);
	assert_int_equal(hex(v->p, point, half), half);
	assert_int_equal(judge(v->id, bytes_of(point, 2 * half)), ERR_AUTH);
}

/* SEC 2: the order of P-256 is the first private value too large; one below is the largest. */
static void ecp_private_range(void **state)
{
	const struct transform *t = ke_row(KE_ECP_256);
	uint8_t secret[KEX_PRIVATE_MAX] = { 0 }, public[KEX_PUBLIC_MAX];

	(void)state;
	assert_int_equal(kex_public(t, secret, public), ERR_RANGE);
	hex("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551", secret, sizeof secret);
	assert_int_equal(kex_public(t, secret, public), ERR_RANGE);
	secret[31]--;
	assert_int_equal(kex_public(t, secret, public), ERR_OK);
	memset(secret, 0xff, sizeof secret);
	assert_int_equal(kex_public(t, secret, public), ERR_RANGE);
}

static void ecp_private_range_for_shared(void **state)
{
	const struct transform *t = ke_row(KE_ECP_384);
	uint8_t secret[KEX_PRIVATE_MAX] = { 0 }, peer[KEX_PUBLIC_MAX], shared[KEX_SHARED_MAX];

	(void)state;
	hex(rfc5903_ecp384.a_public, peer, sizeof peer);
	assert_int_equal(kex_shared(t, secret, bytes_of(peer, t->out), shared), ERR_RANGE);
}

/* The seven bits of the first octet that P-521 has not do not count. */
static void ecp521_spare_bits(void **state)
{
	const struct transform *t = ke_row(KE_ECP_521);
	uint8_t secret[KEX_PRIVATE_MAX], public[KEX_PUBLIC_MAX];

	(void)state;
	hex(rfc5903_ecp521.a, secret, sizeof secret);
	secret[0] |= 0xfe;
	assert_int_equal(kex_public(t, secret, public), ERR_OK);
	assert_octets(public, t->out, rfc5903_ecp521.a_public);
	memset(secret, 0xff, sizeof secret);
	assert_int_equal(kex_public(t, secret, public), ERR_RANGE);
}

static const uint16_t modp_ids[] = { KE_MODP_1024, KE_MODP_1536, KE_MODP_2048, KE_MODP_3072, KE_MODP_4096 };

/* P + DIFFERENCE of the group, as octets. */
static struct bytes near_p(uint16_t id, int difference, uint8_t *octets)
{
	BIGNUM *p = id == KE_MODP_1024   ? BN_get_rfc2409_prime_1024(NULL)
		    : id == KE_MODP_1536 ? BN_get_rfc3526_prime_1536(NULL)
		    : id == KE_MODP_2048 ? BN_get_rfc3526_prime_2048(NULL)
		    : id == KE_MODP_3072 ? BN_get_rfc3526_prime_3072(NULL)
					 : BN_get_rfc3526_prime_4096(NULL);
	int n = ke_row(id)->out;

	assert_true(difference < 0 ? BN_sub_word(p, -difference) : BN_add_word(p, difference));
	assert_int_equal(BN_bn2binpad(p, octets, n), n);
	BN_free(p);
	return bytes_of(octets, n);
}

static void modp_zero_and_one(void **state)
{
	uint8_t peer[KEX_PUBLIC_MAX];

	(void)state;
	for (unsigned i = 0; i < sizeof modp_ids / sizeof *modp_ids; i++) {
		size_t n = ke_row(modp_ids[i])->out;

		memset(peer, 0, sizeof peer);
		assert_int_equal(judge(modp_ids[i], bytes_of(peer, n)), ERR_AUTH);
		peer[n - 1] = 1;
		assert_int_equal(judge(modp_ids[i], bytes_of(peer, n)), ERR_AUTH);
		peer[n - 1] = 2;
		assert_int_equal(judge(modp_ids[i], bytes_of(peer, n)), ERR_OK);
	}
}

static void modp_from_p_minus_1(void **state)
{
	uint8_t peer[KEX_PUBLIC_MAX];

	(void)state;
	for (unsigned i = 0; i < sizeof modp_ids / sizeof *modp_ids; i++) {
		assert_int_equal(judge(modp_ids[i], near_p(modp_ids[i], -2, peer)), ERR_OK);
		assert_int_equal(judge(modp_ids[i], near_p(modp_ids[i], -1, peer)), ERR_AUTH);
		assert_int_equal(judge(modp_ids[i], near_p(modp_ids[i], 0, peer)), ERR_AUTH);
		assert_int_equal(judge(modp_ids[i], near_p(modp_ids[i], 2, peer)), ERR_AUTH);
		memset(peer, 0xff, sizeof peer);
		assert_int_equal(judge(modp_ids[i], bytes_of(peer, ke_row(modp_ids[i])->out)), ERR_AUTH);
	}
}

static void modp_private_zero(void **state)
{
	static const uint8_t zeros[KEX_PRIVATE_MAX];
	uint8_t public[KEX_PUBLIC_MAX];

	(void)state;
	for (unsigned i = 0; i < sizeof modp_ids / sizeof *modp_ids; i++)
		assert_int_equal(kex_public(ke_row(modp_ids[i]), zeros, public), ERR_RANGE);
}

/* RFC 7296, 2.14: the secret is as long as the prime, zeros in front included. */
static void modp_keeps_leading_zeros(void **state)
{
	const struct transform *t = ke_row(KE_MODP_2048);
	uint8_t three[KEX_PRIVATE_MAX] = { 0 }, peer[256] = { 0 }, shared[256], expected[256] = { 0 };

	(void)state;
	three[t->key - 1] = 3;
	peer[255] = 5;
	expected[255] = 125;
	memset(shared, 0x5a, sizeof shared);
	assert_int_equal(kex_shared(t, three, bytes_of(peer, sizeof peer), shared), ERR_OK);
	assert_memory_equal(shared, expected, sizeof shared);
}

static void no_group(void **state)
{
	const struct transform *none = ke_row(KE_NONE);
	uint8_t secret[KEX_PRIVATE_MAX] = { 1 }, out[KEX_PUBLIC_MAX];

	(void)state;
	assert_int_equal(kex_public(none, secret, out), ERR_UNSUPPORTED);
	assert_int_equal(kex_shared(none, secret, bytes_of(NULL, 0), out), ERR_UNSUPPORTED);
}

static void unknown_to_the_library(void **state)
{
	struct transform row = {
		.openssl = "NO-SUCH-GROUP", .kind = KIND_ECP, .key = 32, .out = 64, .shared = 32
	};
	uint8_t secret[KEX_PRIVATE_MAX] = { 1 }, out[KEX_PUBLIC_MAX];

	(void)state;
	assert_int_equal(kex_public(&row, secret, out), ERR_UNSUPPORTED);
	row.kind = KIND_XDH;
	assert_int_equal(kex_public(&row, secret, out), ERR_UNSUPPORTED);
	row.kind = KIND_MODP;
	assert_int_equal(kex_public(&row, secret, out), ERR_UNSUPPORTED);
}

static void refusals_leave_no_openssl_errors(void **state)
{
	ERR_clear_error();
	x25519_low_order(state);
	ecp_not_on_the_curve(state);
	unknown_to_the_library(state);
	assert_int_equal(ERR_peek_error(), 0);
}

/* ------------------------------------------------------------------ ML-KEM */

static const uint16_t kems[] = { KE_ML_KEM_512, KE_ML_KEM_768, KE_ML_KEM_1024 };

enum { N_KEMS = sizeof kems / sizeof *kems };

static void needs_kems(void)
{
	if (!kex_available(ke_row(KE_ML_KEM_768))) {
		print_message("skipped: ML-KEM (OpenSSL here lacks it)\n");
		skip();
	}
}

/* Nothing of it half works. */
static void kems_are_there_or_not(void **state)
{
	uint8_t secret[KEX_PRIVATE_MAX] = { 1 }, public[KEX_PUBLIC_MAX], peer[KEX_PUBLIC_MAX] = { 0 },
		shared[KEX_SHARED_MAX];

	(void)state;
	for (unsigned i = 0; i < N_KEMS; i++) {
		const struct transform *t = ke_row(kems[i]);
		enum err expected = kex_available(t) ? ERR_OK : ERR_UNSUPPORTED;

		assert_int_equal(kex_public(t, secret, public), expected);
		assert_int_equal(kex_shared(t, secret, bytes_of(peer, t->back), shared), expected);
		assert_int_equal(kex_answer(t, secret, bytes_of(peer, t->out), public, shared), expected);
	}
	assert_true(kex_available(ke_row(KE_CURVE25519)));
	assert_true(kex_available(ke_row(KE_ECP_521)));
	assert_true(kex_available(ke_row(KE_MODP_2048)));
}

/* A pair of keys, what was encapsulated for it, and both secrets. */
struct kem_exchange {
	uint8_t secret[KEX_PRIVATE_MAX], public[KEX_PUBLIC_MAX], back[KEX_PUBLIC_MAX], theirs[KEX_SHARED_MAX],
		ours[KEX_SHARED_MAX];
};

static void kem_exchange(const struct transform *t, struct kem_exchange *x)
{
	const uint8_t random[KEX_PRIVATE_MAX] = { 7, 7, 7 };

	memset(x, 0, sizeof *x);
	memset(x->secret, 0x42, t->key);
	assert_int_equal(kex_public(t, x->secret, x->public), ERR_OK);
	assert_int_equal(kex_answer(t, random, bytes_of(x->public, t->out), x->back, x->theirs), ERR_OK);
	assert_int_equal(kex_shared(t, x->secret, bytes_of(x->back, t->back), x->ours), ERR_OK);
}

static void kems_agree(void **state)
{
	struct kem_exchange a, b;

	(void)state;
	needs_kems();
	for (unsigned i = 0; i < N_KEMS; i++) {
		const struct transform *t = ke_row(kems[i]);

		kem_exchange(t, &a);
		kem_exchange(t, &b);
		assert_memory_equal(a.ours, a.theirs, t->shared);
		/* Everything follows from what the caller brings. */
		assert_memory_equal(&a, &b, sizeof a);
		/* A broken ciphertext leads to another secret (FIPS 203, 6.3), and AUTH is wrong then. */
		a.back[5] ^= 1;
		assert_int_equal(kex_shared(t, a.secret, bytes_of(a.back, t->back), a.ours), ERR_OK);
		assert_memory_not_equal(a.ours, a.theirs, t->shared);
	}
}

/* FIPS 203, 7.2: lengths, and coefficients below q. */
static void kem_values_are_judged(void **state)
{
	uint8_t secret[KEX_PRIVATE_MAX] = { 1 }, public[KEX_PUBLIC_MAX], shared[KEX_SHARED_MAX];
	struct kem_exchange x;

	(void)state;
	needs_kems();
	for (unsigned i = 0; i < N_KEMS; i++) {
		const struct transform *t = ke_row(kems[i]);

		kem_exchange(t, &x);
		assert_int_equal(
			kex_answer(t, secret, bytes_of(x.public, t->out - 1u), public, shared), ERR_SHORT);
		assert_int_equal(kex_shared(t, secret, bytes_of(x.back, t->back - 1u), shared), ERR_SHORT);
		memset(x.public, 0xff, 3);
		assert_int_equal(kex_answer(t, secret, bytes_of(x.public, t->out), public, shared), ERR_AUTH);
		assert_int_equal(ERR_peek_error(), 0);
	}
}

/* The same as the two steps. */
static void who_answers_does_both(void **state)
{
	static const uint16_t ids[] = { KE_CURVE25519, KE_CURVE448, KE_ECP_384, KE_MODP_2048 };
	uint8_t secret[KEX_PRIVATE_MAX] = { 0 }, peer[KEX_PUBLIC_MAX], public[2][KEX_PUBLIC_MAX],
		shared[2][KEX_SHARED_MAX];

	(void)state;
	for (unsigned i = 0; i < sizeof ids / sizeof *ids; i++) {
		const struct transform *t = ke_row(ids[i]);

		memset(secret, 3, t->key);
		assert_int_equal(kex_public(t, secret, peer), ERR_OK);
		memset(secret, 5, t->key);
		assert_int_equal(kex_answer_size(t), t->out);
		assert_int_equal(kex_answer(t, secret, bytes_of(peer, t->out), public[0], shared[0]), ERR_OK);
		assert_int_equal(kex_public(t, secret, public[1]), ERR_OK);
		assert_int_equal(kex_shared(t, secret, bytes_of(peer, t->out), shared[1]), ERR_OK);
		assert_memory_equal(public[0], public[1], t -> out);
		assert_memory_equal(shared[0], shared[1], t->shared);
		assert_int_equal(
			kex_answer(t, secret, bytes_of(peer, t->out - 1u), public[0], shared[0]), ERR_SHORT);
		memset(peer, 0, t->out); /* no point, or one of low order */
		assert_int_equal(
			kex_answer(t, secret, bytes_of(peer, t->out), public[0], shared[0]), ERR_AUTH);
		assert_int_equal(ERR_peek_error(), 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(exchange, rfc7748_x25519),
		CASE(exchange, rfc7748_x448),
		CASE(exchange, rfc5903_ecp256),
		CASE(exchange, rfc5903_ecp384),
		CASE(exchange, rfc5903_ecp521),
		CASE(modp, python_modp1024),
		CASE(modp, python_modp1536),
		CASE(modp, python_modp2048),
		CASE(modp, python_modp3072),
		CASE(modp, python_modp4096),
		cmocka_unit_test(wrong_lengths),
		cmocka_unit_test(x25519_low_order),
		cmocka_unit_test(x448_low_order),
		cmocka_unit_test(ecp_not_on_the_curve),
		cmocka_unit_test(ecp_zeros),
		CASE(ecp_range, ecp256_x_is_p),
		CASE(ecp_range, ecp384_x_is_p),
		CASE(ecp_range, ecp521_x_is_p),
		cmocka_unit_test(ecp_private_range),
		cmocka_unit_test(ecp_private_range_for_shared),
		cmocka_unit_test(ecp521_spare_bits),
		cmocka_unit_test(modp_zero_and_one),
		cmocka_unit_test(modp_from_p_minus_1),
		cmocka_unit_test(modp_private_zero),
		cmocka_unit_test(modp_keeps_leading_zeros),
		cmocka_unit_test(no_group),
		cmocka_unit_test(unknown_to_the_library),
		cmocka_unit_test(refusals_leave_no_openssl_errors),
		cmocka_unit_test(kems_are_there_or_not),
		cmocka_unit_test(kems_agree),
		cmocka_unit_test(kem_values_are_judged),
		cmocka_unit_test(who_answers_does_both),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
