/**
 * The trail of who was let at what: written once, at the end, and so that a change is found.
 *
 * <h2>The directory</h2>
 *
 * <pre>
 * audit-00000000000000000001.log   a segment: lines of JSON, each ended by one line feed; the newest is written to
 * head                             how far the log reaches, signed; 512 bytes, overwritten in place
 * retired                          which segments were removed because their time was over, signed; only if any were
 * node.key, node.pub               the node's Ed25519 key in PEM, and its public half alone (where the settings say so)
 * </pre>
 *
 * <p>The directory has mode 0700 and the files 0600. Names that end in {@code .new} are files in the making.
 *
 * <h2>A segment</h2>
 *
 * <pre>
 * {"audit":1,"segment":S,"first":N,"time_us":T,"node":"NAME","previous":"DIGEST"}
 * {"n":N,"time_us":T,"decision":"permitted","subject":"...", ... }
 * {"n":N+1, ... }
 * {"chain":{"records":2,"last":N+1,"bytes":B,"from_us":T1,"to_us":T2,"digest":"DIGEST"}}
 * ...
 * {"seal":{"segment":S,"records":R,"last":L,"from_us":T1,"to_us":T2,"time_us":T,"digest":"DIGEST","signature":"SIG"}}
 * </pre>
 *
 * <p>The <b>header</b> gives the version of this format (1), the number of the segment, which its name gives too, the
 * number of its first record, when it was begun, and the digest at the end of the segment before; that of the first
 * segment is 64 zeros.
 *
 * <p>A <b>record</b> has its number {@code n}, which counts from 1 over all segments, {@code time_us} and
 * {@code decision} ({@code permitted} or {@code refused}), and in this order those that are not empty of
 * {@code subject, role, tenant, action, rpc, patient, device, codes, reason, policy, peer, request}; {@code codes} is an
 * array of strings. Strings are UTF-8; quotes, backslashes and what is not visible (controls, formats, private and
 * unassigned characters, halves of surrogate pairs) are escaped, the last four as {@code \}{@code uXXXX}. A string that
 * was too long was cut and ends with an ellipsis. There is never a reading in a record.
 *
 * <p>A <b>mark</b> may stand among the records and is no record: {@code {"mark":"resumed",...}} where the log was opened
 * without having been closed (the last record the head had vouched for, the last one found, bytes dropped), and
 * {@code {"mark":"interrupted",...}} where it could not be written for a while (from, to, records refused until then).
 *
 * <p>A <b>chain line</b> ends a group: how many records it has, the number of the last record so far, how many bytes its
 * records and marks take, and the least and the greatest time of the segment's records so far (of none, the greatest and
 * the least number of 64 bits). A group takes at most 256 KiB and one record, and becomes durable whole.
 *
 * <p>A <b>seal</b> ends a segment that is done. Nothing follows it.
 *
 * <h2>Digests and signatures</h2>
 *
 * <p>A digest is SHA-256 in 64 lowercase hexadecimal digits. That of a chain line or a seal covers, in this order: the 32
 * bytes of the digest before it (of the chain line before; in a new segment, the header's {@code previous}, which is the
 * digest of the seal before), and all bytes of the file from the end of the line that digest stands in (in a new segment,
 * from its first byte) up to and without {@code ,"digest":"} in its own line. So it covers the header, every record, every
 * mark, and its own line's numbers; what follows the digest in the line has only one spelling.
 *
 * <p>A signature is Ed25519 (RFC 8032) by the node's key in 128 lowercase hexadecimal digits. It covers the bytes of its
 * line up to and without {@code ,"signature":"}.
 *
 * <pre>
 * {"head":{"segment":S,"offset":O,"last":L,"digest":"DIGEST","time_us":T,"signature":"SIG"}}
 * {"retired":{"segment":S,"last":L,"digest":"DIGEST","time_us":T,"signature":"SIG"}}
 * </pre>
 *
 * <p>The <b>head</b> says that segment S has, in its first O bytes, complete groups (and perhaps a seal) up to record L,
 * and that the last digest in them is DIGEST; before the first record all of that is 0. It is padded with blanks before
 * its line feed to 512 bytes. <b>retired</b> says that the segments up to S are gone on purpose, that L was their last
 * record and DIGEST their last digest; the log begins with segment S+1. Files of those segments that are still there do
 * not count.
 *
 * <h2>After a crash</h2>
 *
 * <p>The log is synced before the head is written, and the head follows within 50 ms; it is itself synced within a second.
 * So after a crash there may be complete groups beyond the head, which belong to the log, and an unfinished one after
 * them, which does not and is cut off when the log is opened; a mark says so. A log that does not reach as far as its head
 * says was cut by somebody, or by a disk that lost what it had synced: it is reported, and not written on.
 *
 * <p>What a crash of the machine can take away: in sync mode, nothing anybody was answered for. In async mode, the records
 * of the last interval (100 ms by default), and of the sync that was under way.
 *
 * <h2>What cannot be found</h2>
 *
 * <ul>
 *   <li>That the whole directory, head included, was put back to an older copy, or emptied together with its key. An older
 *       copy is a genuine log, only shorter. Remedy: keep the digest at the log's end elsewhere; the verifier gives it, and
 *       it is logged with every seal, so that a collector of log lines has it.
 *   <li>That groups beyond the head were added or cut off between a crash and the next opening; they are chained, but not
 *       signed yet. The verifier says how many records are in that state, and the mark keeps it.
 *   <li>Anything done by somebody who has the node's key. Keep copies of the log where the node cannot write.
 * </ul>
 */
package io.pulseplane.gate.audit;
