/**
 * Backups of an edge store, and their restore. One directory has all backups of a store:
 *
 * <pre>
 * 000002.manifest   what backup 2 has: text, with the digests of the files below and of the manifest before
 * 000002.index      of each file of the store, where its blocks are: in this backup, or in an earlier one
 * 000002.blocks     the blocks that changed since the backup before; all of them in a full backup
 * 000002.keys       the keys, sealed for the recovery key; the newest backup alone has them
 * pruned            which backups were removed
 * </pre>
 *
 * <p>What is sealed in the store stays as it is: without the keys, the blocks are noise. There is one copy of the keys,
 * the newest, so that an erased patient's key leaves the backups with the next one.
 *
 * <p>{@link io.pulseplane.store.edge.backup.Backup} writes a backup beside a running plane, {@link
 * io.pulseplane.store.edge.backup.BackupCheck} reads all of them, {@link io.pulseplane.store.edge.backup.Pruning}
 * removes some, {@link io.pulseplane.store.edge.backup.Restore} makes a store of one.
 */
package io.pulseplane.store.edge.backup;
