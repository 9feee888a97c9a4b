package io.pulseplane.store.edge.backup;

import io.pulseplane.store.edge.keys.StoreIdentity;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * What a backup has. It is written last, so a backup without it does not exist.
 *
 * @param number 1 for the first backup in the directory
 * @param madeAt microseconds since the epoch
 * @param store of which store it is, and in which of its starts it was made
 * @param previous the backup before; empty for the first
 * @param uses the backups whose blocks are needed to restore this one, itself included
 * @param blockBytes the size of the file with the blocks
 * @param recoveryKey the id of the key for which the keys are sealed
 * @param counts what the store had, by name
 */
public record Manifest(
        int number,
        Kind kind,
        long madeAt,
        StoreIdentity store,
        Optional<Link> previous,
        List<Integer> uses,
        long blockBytes,
        Content index,
        Content keys,
        String recoveryKey,
        Map<String, Long> counts) {

    private static final String FIRST_LINE = "pulseplane-backup 1";

    /** Since when the blocks have to be changed that a backup writes. */
    public enum Kind {
        /** All blocks. */
        FULL,
        /** Those that changed since the last full backup. */
        DIFFERENTIAL,
        /** Those that changed since the last backup. */
        INCREMENTAL
    }

    /** @param digest SHA-256 of the manifest, in hexadecimal digits */
    public record Link(int number, String digest) {}

    /** @param digest SHA-256 of the file, in hexadecimal digits */
    public record Content(long bytes, String digest) {

        static Content of(byte[] content) {
            return new Content(content.length, Sha256.hex(content));
        }
    }

    public Manifest {
        uses = List.copyOf(uses);
        counts = new LinkedHashMap<>(counts);
    }

    byte[] encode() {
        var text = new StringBuilder(FIRST_LINE).append('\n');
        line(text, "number", number);
        line(text, "kind", kind.name());
        line(text, "made-us", madeAt);
        line(text, "store", store.id() + " " + store.generation());
        previous.ifPresent(link -> line(text, "previous", link.number + " " + link.digest));
        line(text, "uses", uses.stream().map(String::valueOf).collect(Collectors.joining(" ")));
        line(text, "blocks", blockBytes);
        line(text, "index", index.bytes + " " + index.digest);
        line(text, "keys", keys.bytes + " " + keys.digest);
        line(text, "recovery-key", recoveryKey);
        counts.forEach((name, count) -> line(text, "count." + name, count));
        return Sha256.withDigest(text.toString());
    }

    private static void line(StringBuilder text, String name, Object value) {
        text.append(name).append(' ').append(value).append('\n');
    }

    /** SHA-256 of the manifest. Kept elsewhere, it proves this backup and all before it. */
    public String digest() {
        return Sha256.hex(encode());
    }

    /** Empty if the content is no manifest, or is not as it was written. */
    static Optional<Manifest> decode(byte[] content) {
        return Sha256.withoutDigest(content)
                .filter(text -> text.startsWith(FIRST_LINE + "\n"))
                .flatMap(Manifest::parse);
    }

    private static Optional<Manifest> parse(String text) {
        var values = new TreeMap<String, String>();
        var counts = new LinkedHashMap<String, Long>();
        text.lines().skip(1).forEach(line -> {
            var words = line.split(" ", 2);
            if (words[0].startsWith("count.")) {
                counts.put(words[0].substring("count.".length()), Long.parseLong(words[1]));
            } else {
                values.put(words[0], words[1]);
            }
        });
        var store = values.get("store").split(" ", -1);
        return Optional.of(new Manifest(
                Integer.parseInt(values.get("number")),
                Kind.valueOf(values.get("kind")),
                Long.parseLong(values.get("made-us")),
                new StoreIdentity(store[0], Long.parseLong(store[1])),
                Optional.ofNullable(values.get("previous")).map(Manifest::link),
                List.of(values.get("uses").split(" ", -1)).stream()
                        .map(Integer::valueOf)
                        .toList(),
                Long.parseLong(values.get("blocks")),
                content(values.get("index")),
                content(values.get("keys")),
                values.get("recovery-key"),
                counts));
    }

    private static Link link(String text) {
        var words = text.split(" ", 2);
        return new Link(Integer.parseInt(words[0]), words[1]);
    }

    private static Content content(String text) {
        var words = text.split(" ", 2);
        return new Content(Long.parseLong(words[0]), words[1]);
    }
}
