/**
 * Sealing: what is kept of patients where others can read is unreadable without a key, and readable only where it was put.
 * AES-256 in Galois/Counter Mode (NIST SP 800-38D), as the JDK has it.
 *
 * <p>{@link io.pulseplane.store.crypto.Aead} is for what planes of a site keep elsewhere under a key they share: Redis, the
 * spool's files. {@link io.pulseplane.store.crypto.AesGcm} is for what an edge box keeps for years: everything of a patient under
 * a data key of that patient, which lies beside the data, wrapped by the {@link io.pulseplane.store.crypto.KeyEncryptionKey}, which comes
 * from outside. To destroy a data key is to erase all that was sealed under it, wherever copies of it are.
 */
package io.pulseplane.store.crypto;
