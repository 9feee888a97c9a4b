/**
 * The audit trail: a record of every access and every refusal, written so that a later change is detected.
 *
 * <p>This room has the format: records, lines, digests, signatures and the names of files. The rooms {@code writing},
 * {@code reading} and {@code verifying} use it and do not know each other.
 *
 * <h2>The directory</h2>
 *
 * <pre>
 * audit-00000000000000000001.log   a segment: lines of JSON, each ended by one line feed; the newest grows
 * head                             how far the trail reaches, signed; 512 bytes, overwritten in place
 * retired                          which segments were removed after their retention, signed; only if any were removed
 * unproven-SEGMENT-OFFSET-PART.log what followed the signed end at this offset of a segment and was not signed
 * node.key, node.pub               the node's Ed25519 key in PEM (unless it is kept elsewhere), and its public key
 * </pre>
 *
 * <p>The directory has mode 0700; the group may read it if the operator says so. The files have mode 0600. A name
 * that ends in {@code .new} is an unfinished file.
 *
 * <h2>A segment</h2>
 *
 * <pre>
 * {"audit":2,"segment":S,"first":N,"time_us":T,"node":"NAME","previous":"DIGEST"}
 * {"n":N,"time_us":T,"decision":"permitted","subject":"...", ... }
 * {"n":N+1, ... }
 * {"chain":{"records":2,"last":N+1,"bytes":B,"from_us":T1,"to_us":T2,"digest":"DIGEST"}}
 * ...
 * {"seal":{"segment":S,"records":R,"last":L,"from_us":T1,"to_us":T2,"time_us":T,"digest":"DIGEST","signature":"SIG"}}
 * </pre>
 *
 * <p>The <b>header</b> has the version of this format (2; 1 has no hashes, but may have them if a later version of the
 * plane continued the segment), the number of the segment, which is also in the file's name,
 * the number of its first record, the time when it was begun, the name of the node, and the digest at the end of the
 * segment before. For the first segment that digest is 64 zeros.
 *
 * <p>A <b>record</b> has its number {@code n}, which counts from 1 over all segments, {@code time_us} and
 * {@code decision} ({@code permitted} or {@code refused}). Then it has those of
 * {@code subject, role, tenant, action, rpc, patient, device, codes, reason, policy, peer, request} that are not empty,
 * in this order; {@code codes} is an array of strings. Strings are UTF-8. Quotes and backslashes are escaped with a
 * backslash. Invisible characters (controls, formats, line and paragraph separators, private and unassigned characters,
 * unpaired surrogates) are escaped as {@code \}{@code uXXXX}. A string that was too long was cut and ends with an
 * ellipsis. A record never has a reading.
 *
 * <p>Beside an edge store, a record has {@code patient_hash} instead of {@code patient}, and
 * {@code subject_hash} instead of {@code subject} if {@code patient} is the only role of the caller: 32 hexadecimal
 * digits, a keyed hash that is the same for the same id. Nothing here needs the key: the digests cover the hashes like
 * any other text.
 *
 * <p>A <b>mark</b> may stand between records and is no record. The plane writes {@code {"mark":"resumed",...}} when it
 * opens a trail that was not closed; the mark has the last record that the head covered, the last one that was found,
 * and how many bytes were dropped. It writes {@code {"mark":"unproven","time_us":T,"segment":S,"offset":O,"part":P,
 * "records":R,"bytes":B,"digest":"DIGEST"}} for each file with an unproven part after the signed end at offset O of
 * segment S; DIGEST is SHA-256 of that file. The segment is sealed after the group of that mark. It writes {@code
 * {"mark":"interrupted",...}} when it can write the trail again after
 * a failure; the mark has the start, the end, and the number of records that were refused meanwhile.
 *
 * <p>A <b>chain line</b> ends a group. It has the number of records of the group, the number of the last record, how
 * many bytes the group's records and marks take, and the least and the greatest time of the segment's records up to
 * there (without records, the greatest and the least number of 64 bits). A group takes at most 256 KiB and one record.
 *
 * <p>A <b>seal</b> ends a finished segment. Nothing follows it.
 *
 * <h2>Digests and signatures</h2>
 *
 * <p>A digest is SHA-256 in 64 lowercase hexadecimal digits. The digest of a chain line or a seal covers two things in
 * this order:
 *
 * <ol>
 *   <li>the 32 bytes of the digest before it: that of the chain line before, or in a new segment the header's
 *       {@code previous}, which is the digest of the seal before;
 *   <li>all bytes of the file from the end of the line that has that digest (in a new segment, from its first byte) up
 *       to {@code ,"digest":"} in its own line, which is not included.
 * </ol>
 *
 * <p>So it covers the header, every record, every mark, and the numbers in its own line. What follows the digest in the
 * line has only one possible form.
 *
 * <p>A signature is Ed25519 (RFC 8032) with the node's key, in 128 lowercase hexadecimal digits. It covers the bytes of
 * its line up to {@code ,"signature":"}, which is not included.
 *
 * <pre>
 * {"head":{"segment":S,"offset":O,"last":L,"digest":"DIGEST","time_us":T,"signature":"SIG"}}
 * {"retired":{"segment":S,"last":L,"digest":"DIGEST","time_us":T,"signature":"SIG"}}
 * </pre>
 *
 * <p>The <b>head</b> states that the first O bytes of segment S have complete groups (and perhaps a seal) up to record
 * L, and that DIGEST is the last digest in them. Before the first record S, O and L are 0, and DIGEST is 64 zeros.
 * Blanks before the line feed pad the head to 512 bytes. <b>retired</b> states that the segments up to S were removed
 * after their retention, that L was their last record, and DIGEST their last digest. The trail then begins with segment
 * S+1. Files of older segments that still exist are ignored.
 *
 * <h2>After a crash</h2>
 *
 * <p>The plane syncs the trail before it writes the head. It writes the head within 50 ms, and syncs it within a
 * second. The last signed end is the head, or a seal that follows it. So after a crash there may be complete groups
 * beyond the last signed end. Nothing proves that the node wrote them, so the plane moves them, and what follows them,
 * into a file of their own when it opens the trail, writes a mark, and continues at the signed end. Their numbers occur
 * again. An incomplete group without complete ones before it is cut off. If a trail does not reach as far as its head
 * states, somebody cut it, or the disk lost data that it had synced.
 * The plane reports that and does not continue the trail.
 *
 * <p>In sync mode a crash of the machine loses no record of a call that was answered: it is in the trail or in an
 * unproven part. In async mode it loses the
 * records of the last interval (100 ms by default) and those of the running sync.
 *
 * <h2>What cannot be detected</h2>
 *
 * <ul>
 *   <li>Somebody replaces the whole directory, head included, with an older copy, or deletes everything together with
 *       the key. An older copy is a genuine trail, only shorter. Remedy: keep the digest of the trail's end in another
 *       place. The verifier prints it, and the plane logs it with every seal, so that a collector of log lines has it.
 *   <li>Somebody cuts off groups beyond the head between a crash and the next start. Nothing signed says that they were
 *       there. What somebody adds there stays unproven.
 *   <li>Anything done by somebody who has the node's key. Remedy: keep the key outside of the directory, and copies of
 *       the trail where the node cannot write.
 * </ul>
 */
package io.pulseplane.gate.audit;
