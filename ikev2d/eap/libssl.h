/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What tls.c has of libssl, by the same names. It is loaded when TLS is first wanted: it would be a fourth of
 * what the linker does in each process that is started, and few daemons ever speak TLS. */
#pragma once

#include <openssl/ssl.h>
#include <stdbool.h>

/* THE list; below each is called by its pointer. */
#define LIBSSL_FUNCTIONS(F)                                                                                  \
	F(SSL_CTX_add_client_CA)                                                                             \
	F(SSL_CTX_check_private_key)                                                                         \
	F(SSL_CTX_ctrl)                                                                                      \
	F(SSL_CTX_free)                                                                                      \
	F(SSL_CTX_get0_certificate)                                                                          \
	F(SSL_CTX_get_cert_store)                                                                            \
	F(SSL_CTX_new)                                                                                       \
	F(SSL_CTX_set_cert_verify_callback)                                                                  \
	F(SSL_CTX_set_cipher_list)                                                                           \
	F(SSL_CTX_set_num_tickets)                                                                           \
	F(SSL_CTX_set_options)                                                                               \
	F(SSL_CTX_use_PrivateKey)                                                                            \
	F(SSL_CTX_use_certificate)                                                                           \
	F(SSL_ctrl)                                                                                          \
	F(SSL_do_handshake)                                                                                  \
	F(SSL_export_keying_material)                                                                        \
	F(SSL_free)                                                                                          \
	F(SSL_get0_param)                                                                                    \
	F(SSL_get0_peer_certificate)                                                                         \
	F(SSL_get_error)                                                                                     \
	F(SSL_get_ex_data)                                                                                   \
	F(SSL_get_ex_data_X509_STORE_CTX_idx)                                                                \
	F(SSL_get_peer_cert_chain)                                                                           \
	F(SSL_get_verify_result)                                                                             \
	F(SSL_new)                                                                                           \
	F(SSL_read)                                                                                          \
	F(SSL_set_accept_state)                                                                              \
	F(SSL_set_bio)                                                                                       \
	F(SSL_set_connect_state)                                                                             \
	F(SSL_set_ex_data)                                                                                   \
	F(SSL_set_verify)                                                                                    \
	F(SSL_use_PrivateKey)                                                                                \
	F(SSL_version)                                                                                       \
	F(SSL_write)                                                                                         \
	F(TLS_method)

#define LIBSSL_POINTER(f) __typeof__(f) *f;

extern struct libssl {
	LIBSSL_FUNCTIONS(LIBSSL_POINTER)
} libssl;

/* False: it is not on this machine, or not the one of the OpenSSL that this was built with. */
bool libssl_load(void);

#ifndef LIBSSL_PLAIN
#define SSL_CTX_add_client_CA              libssl.SSL_CTX_add_client_CA
#define SSL_CTX_check_private_key          libssl.SSL_CTX_check_private_key
#define SSL_CTX_ctrl                       libssl.SSL_CTX_ctrl
#define SSL_CTX_free                       libssl.SSL_CTX_free
#define SSL_CTX_get0_certificate           libssl.SSL_CTX_get0_certificate
#define SSL_CTX_get_cert_store             libssl.SSL_CTX_get_cert_store
#define SSL_CTX_new                        libssl.SSL_CTX_new
#define SSL_CTX_set_cert_verify_callback   libssl.SSL_CTX_set_cert_verify_callback
#define SSL_CTX_set_cipher_list            libssl.SSL_CTX_set_cipher_list
#define SSL_CTX_set_num_tickets            libssl.SSL_CTX_set_num_tickets
#define SSL_CTX_set_options                libssl.SSL_CTX_set_options
#define SSL_CTX_use_PrivateKey             libssl.SSL_CTX_use_PrivateKey
#define SSL_CTX_use_certificate            libssl.SSL_CTX_use_certificate
#define SSL_ctrl                           libssl.SSL_ctrl
#define SSL_do_handshake                   libssl.SSL_do_handshake
#define SSL_export_keying_material         libssl.SSL_export_keying_material
#define SSL_free                           libssl.SSL_free
#define SSL_get0_param                     libssl.SSL_get0_param
#define SSL_get0_peer_certificate          libssl.SSL_get0_peer_certificate
#define SSL_get_error                      libssl.SSL_get_error
#define SSL_get_ex_data                    libssl.SSL_get_ex_data
#define SSL_get_ex_data_X509_STORE_CTX_idx libssl.SSL_get_ex_data_X509_STORE_CTX_idx
#define SSL_get_peer_cert_chain            libssl.SSL_get_peer_cert_chain
#define SSL_get_verify_result              libssl.SSL_get_verify_result
#define SSL_new                            libssl.SSL_new
#define SSL_read                           libssl.SSL_read
#define SSL_set_accept_state               libssl.SSL_set_accept_state
#define SSL_set_bio                        libssl.SSL_set_bio
#define SSL_set_connect_state              libssl.SSL_set_connect_state
#define SSL_set_ex_data                    libssl.SSL_set_ex_data
#define SSL_set_verify                     libssl.SSL_set_verify
#define SSL_use_PrivateKey                 libssl.SSL_use_PrivateKey
#define SSL_version                        libssl.SSL_version
#define SSL_write                          libssl.SSL_write
#define TLS_method                         libssl.TLS_method
#endif
