/**
 * Encryption of patients' data at rest: AES-256 in Galois/Counter Mode (NIST SP 800-38D), from the JDK. A sealed text
 * is encrypted and authenticated, and associated data binds it to the place where it is kept.
 *
 * <p>{@link io.pulseplane.store.crypto.Aead} is for what the planes of a site keep outside under a key that they share:
 * values in Redis, the files of the spool. {@link io.pulseplane.store.crypto.AesGcm} is for what an edge box keeps for
 * years. There each patient has a data key, which lies beside the data, wrapped by the node's {@link
 * io.pulseplane.store.crypto.KeyEncryptionKey}. To destroy a data key is to erase everything that was sealed under it,
 * in every copy.
 */
package io.pulseplane.store.crypto;
