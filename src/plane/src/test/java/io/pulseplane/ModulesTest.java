package io.pulseplane;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;
import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.parsers.ParserConfigurationException;
import org.assertj.core.api.SoftAssertions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.w3c.dom.Element;
import org.xml.sax.SAXException;

/** The modules of the build depend on each other and on libraries only as the house allows. */
class ModulesTest {

    private static final Path ROOT = Path.of("..", "..").toAbsolutePath().normalize();

    private static final String GROUP = "io.pulseplane";
    private static final String PLANE = "src/plane";
    private static final String LOAD_TESTS = "loadtest/";

    /** The modules that each module under src may depend on. Modules that measure may depend on any. */
    private static final Map<String, Set<String>> ALLOWED_MODULES = Map.of(
            "src/vitals",
            Set.of(),
            "src/contract",
            Set.of("src/vitals"),
            PLANE,
            Set.of("src/vitals", "src/contract"),
            "src/interop",
            Set.of("src/contract"),
            "src/imaging",
            Set.of("src/contract"),
            "src/fleet",
            Set.of("src/contract"),
            "src/lake",
            Set.of("src/contract"),
            "src/streaming",
            Set.of("src/contract"));

    /** The groups of the libraries that a module may need outside of its tests, where the house restricts them. */
    private static final Map<String, Set<String>> ALLOWED_LIBRARIES =
            Map.of("src/vitals", Set.of(), "src/contract", Set.of("io.grpc", "com.google.protobuf"));

    /** Elements of a pom that name no version of a library or a plugin. */
    private static final Set<String> UNVERSIONED = Set.of("modelVersion", "parent");

    /** One element of a pom's own list of dependencies. */
    private record Dependency(String group, String artifact, String scope) {

        boolean isModule() {
            return group.equals(GROUP);
        }

        boolean isForTests() {
            return scope.equals("test");
        }
    }

    private static Element parent;
    private static final Map<String, Element> MODULES = new TreeMap<>();

    @BeforeAll
    static void read() throws Exception {
        parent = pom(ROOT);
        for (var module : children(child(parent, "modules"))) {
            var path = module.getTextContent().strip();
            MODULES.put(path, pom(ROOT.resolve(path)));
        }
    }

    private static Element pom(Path directory) throws IOException, ParserConfigurationException, SAXException {
        var factory = DocumentBuilderFactory.newInstance();
        factory.setFeature("http://apache.org/xml/features/disallow-doctype-decl", true);
        return factory.newDocumentBuilder()
                .parse(directory.resolve("pom.xml").toFile())
                .getDocumentElement();
    }

    private static List<Element> children(Element element) {
        var children = new ArrayList<Element>();
        for (var node = element.getFirstChild(); node != null; node = node.getNextSibling()) {
            if (node instanceof Element child) {
                children.add(child);
            }
        }
        return children;
    }

    private static Element child(Element element, String name) {
        return children(element).stream()
                .filter(child -> child.getTagName().equals(name))
                .findFirst()
                .orElseThrow(() -> new AssertionError(element.getTagName() + " has no " + name));
    }

    private static String text(Element element, String name, String otherwise) {
        return children(element).stream()
                .filter(child -> child.getTagName().equals(name))
                .map(child -> child.getTextContent().strip())
                .findFirst()
                .orElse(otherwise);
    }

    private static List<Dependency> dependencies(Element pom) {
        return children(child(pom, "dependencies")).stream()
                .map(dependency -> new Dependency(
                        text(dependency, "groupId", ""),
                        text(dependency, "artifactId", ""),
                        text(dependency, "scope", "compile")))
                .toList();
    }

    /** The paths of the modules that a module depends on, in its tests as well. */
    private static List<String> modulesOf(Element pom) {
        return dependencies(pom).stream()
                .filter(Dependency::isModule)
                .map(dependency -> pathOf(dependency.artifact()))
                .toList();
    }

    private static String pathOf(String artifact) {
        return MODULES.entrySet().stream()
                .filter(module -> text(module.getValue(), "artifactId", "").equals(artifact))
                .map(Map.Entry::getKey)
                .findFirst()
                .orElseThrow(() -> new AssertionError("no module is called " + artifact));
    }

    @Test
    void every_pom_is_listed_in_the_root_pom() throws IOException {
        var directories = new ArrayList<String>();
        for (var top : List.of("src", "loadtest")) {
            try (var entries = Files.list(ROOT.resolve(top))) {
                entries.filter(directory -> Files.exists(directory.resolve("pom.xml")))
                        .forEach(directory -> directories.add(top + "/" + directory.getFileName()));
            }
        }
        assertThat(MODULES.keySet()).containsExactlyInAnyOrderElementsOf(directories);
    }

    @Test
    void a_module_depends_only_on_the_modules_that_the_house_allows() {
        var softly = new SoftAssertions();
        MODULES.forEach((path, pom) -> {
            if (!path.startsWith(LOAD_TESTS)) {
                softly.assertThat(ALLOWED_MODULES).as("modules of the house").containsKey(path);
                softly.assertThat(modulesOf(pom))
                        .as("modules that %s depends on", path)
                        .isSubsetOf(ALLOWED_MODULES.getOrDefault(path, Set.of()));
            }
        });
        softly.assertAll();
    }

    @Test
    void only_modules_that_measure_depend_on_the_plane() {
        assertThat(MODULES.entrySet().stream()
                        .filter(module -> modulesOf(module.getValue()).contains(PLANE))
                        .map(Map.Entry::getKey))
                .isNotEmpty()
                .allMatch(path -> path.startsWith(LOAD_TESTS));
    }

    @Test
    void vitals_and_contract_need_only_the_libraries_that_the_house_allows() {
        ALLOWED_LIBRARIES.forEach((path, groups) -> assertThat(dependencies(MODULES.get(path)))
                .as("dependencies of %s", path)
                .allMatch(dependency ->
                        dependency.isModule() || dependency.isForTests() || groups.contains(dependency.group())));
    }

    @Test
    void every_module_has_a_readme() {
        assertThat(MODULES.keySet()).allMatch(path -> Files.isRegularFile(ROOT.resolve(path, "README.md")));
    }

    @Test
    void every_version_stands_in_the_root_pom_only() {
        var version = text(parent, "version", "");
        var properties = children(child(parent, "properties")).stream()
                .map(property -> "${" + property.getTagName() + "}")
                .toList();
        var softly = new SoftAssertions();
        MODULES.forEach((path, pom) -> {
            softly.assertThat(text(child(pom, "parent"), "version", ""))
                    .as("version of the parent of %s", path)
                    .isEqualTo(version);
            softly.assertThat(versions(pom).map(Element::getTextContent).map(String::strip))
                    .as("versions in the pom of %s", path)
                    .isSubsetOf(properties);
        });
        softly.assertAll();
    }

    /** Every element that names the version of a library or a plugin, such as {@code protocVersion}. */
    private static Stream<Element> versions(Element element) {
        return children(element).stream()
                .filter(child -> !UNVERSIONED.contains(child.getTagName()))
                .flatMap(child -> child.getTagName().toLowerCase(Locale.ROOT).endsWith("version")
                        ? Stream.of(child)
                        : versions(child));
    }
}
