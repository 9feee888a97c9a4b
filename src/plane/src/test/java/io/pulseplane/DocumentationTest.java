package io.pulseplane;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** Checks that every relative link in a document of the repository has a target, and that the README stays short. */
class DocumentationTest {

    private static final Path ROOT = Path.of("..", "..").toAbsolutePath().normalize();

    private static final int MAX_README_BYTES = 10 * 1024;

    /** Directories without documents of the project. */
    private static final Set<String> SKIPPED_DIRECTORIES = Set.of("target", "node_modules");

    /** {@code [text](target)}, also with an image as its text or with a title behind the target. */
    private static final Pattern LINK = Pattern.compile("\\]\\(\\s*<?([^)\\s>]+)>?(?:\\s+\"[^\"]*\")?\\s*\\)");

    private static final Pattern CODE_SPAN = Pattern.compile("(`+).*?\\1");
    private static final Pattern HEADING = Pattern.compile("^#{1,6}\\s+(.*?)\\s*#*$");
    private static final Pattern EXTERNAL = Pattern.compile("^[a-z][a-z0-9+.-]*:.*");
    private static final Pattern LINK_IN_HEADING = Pattern.compile("\\[([^\\]]*)\\]\\([^)]*\\)");
    private static final Pattern NOT_IN_ANCHOR = Pattern.compile("[^\\p{L}\\p{N}\\p{M} _-]");

    @Test
    void readme_is_short() throws IOException {
        assertThat(Files.size(ROOT.resolve("README.md"))).isLessThanOrEqualTo(MAX_README_BYTES);
    }

    @Test
    void every_relative_link_has_a_target() throws IOException {
        var documents = documents();
        assertThat(documents).contains(ROOT.resolve("README.md"), ROOT.resolve("src/plane/docs/access.md"));
        var broken = new ArrayList<String>();
        for (var document : documents) {
            for (var link : links(document)) {
                if (!hasTarget(document, link)) {
                    broken.add(ROOT.relativize(document) + ": " + link);
                }
            }
        }
        assertThat(broken).isEmpty();
    }

    @Test
    void anchors_are_those_that_github_makes() {
        assertThat(anchor("The edge store")).isEqualTo("the-edge-store");
        assertThat(anchor("TLS, and devices by their certificates")).isEqualTo("tls-and-devices-by-their-certificates");
        assertThat(anchor("`pulseplane.store` & more")).isEqualTo("pulseplanestore--more");
        assertThat(anchor("[A link](elsewhere.md) here")).isEqualTo("a-link-here");
    }

    private static List<Path> documents() throws IOException {
        var documents = new ArrayList<Path>();
        Files.walkFileTree(ROOT, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult preVisitDirectory(Path directory, BasicFileAttributes attributes) {
                var name = directory.getFileName().toString();
                boolean isSkipped =
                        !directory.equals(ROOT) && (name.startsWith(".") || SKIPPED_DIRECTORIES.contains(name));
                return isSkipped ? FileVisitResult.SKIP_SUBTREE : FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
                if (file.toString().endsWith(".md")) {
                    documents.add(file);
                }
                return FileVisitResult.CONTINUE;
            }
        });
        return documents;
    }

    private static boolean hasTarget(Path document, String link) throws IOException {
        int hash = link.indexOf('#');
        var path = hash < 0 ? link : link.substring(0, hash);
        var target = path.isEmpty() ? document : document.resolveSibling(path).normalize();
        if (!target.startsWith(ROOT) || !Files.exists(target)) {
            return false;
        }
        return hash < 0 || (target.toString().endsWith(".md") && anchors(target).contains(link.substring(hash + 1)));
    }

    /** Returns the relative links of a document. */
    private static List<String> links(Path document) throws IOException {
        var links = new ArrayList<String>();
        for (var line : prose(document)) {
            var link = LINK.matcher(CODE_SPAN.matcher(line).replaceAll(""));
            while (link.find()) {
                if (!EXTERNAL.matcher(link.group(1)).matches()) {
                    links.add(link.group(1));
                }
            }
        }
        return links;
    }

    private static Set<String> anchors(Path document) throws IOException {
        var anchors = new HashSet<String>();
        Map<String, Integer> repeated = new HashMap<>();
        for (var line : prose(document)) {
            var heading = HEADING.matcher(line);
            if (heading.matches()) {
                var anchor = anchor(heading.group(1));
                int before = repeated.merge(anchor, 1, Integer::sum) - 1;
                anchors.add(before == 0 ? anchor : anchor + "-" + before);
            }
        }
        return anchors;
    }

    /** Makes an anchor as GitHub does: in lower case, with hyphens for blanks, without punctuation. */
    private static String anchor(String heading) {
        var text = LINK_IN_HEADING.matcher(heading).replaceAll("$1").toLowerCase(Locale.ROOT);
        return NOT_IN_ANCHOR.matcher(text).replaceAll("").replace(' ', '-');
    }

    /** Returns the lines that are not in a block of code. */
    private static List<String> prose(Path document) throws IOException {
        var lines = new ArrayList<String>();
        boolean isCode = false;
        for (var line : Files.readAllLines(document)) {
            if (line.strip().startsWith("```")) {
                isCode = !isCode;
            } else if (!isCode) {
                lines.add(line);
            }
        }
        return lines;
    }
}
