package io.pulseplane.gate.audit.verifying;

import io.pulseplane.gate.audit.SignedHead;
import io.pulseplane.vitals.PlaneException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/** Heads of a trail that were kept elsewhere. A trail that has none of them was written anew or cut off. */
public record Anchors(List<SignedHead> heads) {

    public static final Anchors NONE = new Anchors(List.of());

    public Anchors {
        heads = heads.stream()
                .sorted(Comparator.comparingLong(SignedHead::segment).thenComparingLong(SignedHead::offset))
                .distinct()
                .toList();
    }

    /**
     * Reads the anchors of a file: those that the plane appended to it, or lines of a log that has them.
     *
     * @throws PlaneException.FailedPrecondition if the file does not exist or has no anchor
     * @throws PlaneException.Unavailable if the file cannot be read
     */
    public static Anchors read(Path file) {
        var heads = new ArrayList<SignedHead>();
        try (var lines = Files.lines(file, StandardCharsets.ISO_8859_1)) {
            lines.forEach(line -> SignedHead.find(line).ifPresent(heads::add));
        } catch (NoSuchFileException _) {
            throw new PlaneException.FailedPrecondition("the file of the anchors does not exist: " + file);
        } catch (IOException e) {
            throw new PlaneException.Unavailable("the anchors cannot be read", e);
        }
        if (heads.isEmpty()) {
            throw new PlaneException.FailedPrecondition("the file has no anchor of an audit trail: " + file);
        }
        return new Anchors(heads);
    }

    List<SignedHead> ofSegment(long segment) {
        return heads.stream().filter(head -> head.segment() == segment).toList();
    }
}
