/*
 * certificates: a directory with keys and certificates made for one test, by openssl(1).
 *
 *     cert.pem key.pem      a server's, by itself       both.pem     the two in one file
 *     other.pem             a key of nobody             locked.pem   key.pem under a password
 *     ca.pem client.pem     an authority, and a client's certificate of it with its key
 *     localhost.pem wrong.pem expired.pem    servers' certificates of that authority, each with
 *                           its key: for localhost and 127.0.0.1, for another host, for localhost
 *                           until yesterday
 */
#ifndef TESTS_SUPPORT_CERTIFICATES_H
#define TESTS_SUPPORT_CERTIFICATES_H

/* Make it. Returns its path, or NULL when openssl failed. */
const char *certificates_make(void);

/* The path of a file in it; valid until the call after the next seven. */
const char *certificates_path(const char *name);

void certificates_remove(void);

#endif
