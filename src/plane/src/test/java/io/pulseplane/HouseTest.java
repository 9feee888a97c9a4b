package io.pulseplane;

import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchCondition;
import com.tngtech.archunit.lang.ArchRule;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** Checks the packages (the rooms of the house), and which other packages each may use. */
@AnalyzeClasses(packages = "io.pulseplane", importOptions = ImportOption.DoNotIncludeTests.class)
class HouseTest {

    private static final String HOUSE = "io.pulseplane.";

    /** Every room, and the rooms that it may use. No other room may exist. */
    private static final Map<String, List<String>> ROOMS = rooms(
            room("vitals"),
            room("vitals.chunk", "vitals"),
            room("clock", "vitals"),
            room("v1"),
            room("files", "vitals"),
            room("client", "v1", "vitals"),
            room("store", "files", "vitals", "vitals.chunk"),
            room("store.crypto", "files", "vitals"),
            room("store.edge.sqlite", "files", "store", "store.crypto", "vitals", "vitals.chunk"),
            room("store.edge.keys", "files", "store.edge.sqlite", "store", "store.crypto", "vitals"),
            room(
                    "store.edge.tables",
                    "store.edge.keys",
                    "store.edge.sqlite",
                    "store",
                    "store.crypto",
                    "vitals",
                    "vitals.chunk"),
            room(
                    "store.edge.journal",
                    "store.edge.tables",
                    "store.edge.keys",
                    "store.edge.sqlite",
                    "store",
                    "store.crypto",
                    "vitals",
                    "vitals.chunk"),
            room(
                    "store.edge.maintenance",
                    "store.edge.journal",
                    "store.edge.tables",
                    "store.edge.keys",
                    "store.edge.sqlite",
                    "store.crypto",
                    "vitals",
                    "vitals.chunk"),
            room(
                    "store.edge.salvage",
                    "files",
                    "store.edge.journal",
                    "store.edge.tables",
                    "store.edge.keys",
                    "store.edge.sqlite",
                    "store",
                    "store.crypto",
                    "vitals"),
            room(
                    "store.edge",
                    "files",
                    "store.privacy",
                    "store.edge.maintenance",
                    "store.edge.journal",
                    "store.edge.tables",
                    "store.edge.keys",
                    "store.edge.sqlite",
                    "store",
                    "store.crypto",
                    "vitals"),
            room(
                    "store.edge.backup",
                    "files",
                    "store.edge",
                    "store.edge.maintenance",
                    "store.edge.keys",
                    "store.edge.sqlite",
                    "store",
                    "store.crypto",
                    "vitals"),
            room("store.postgres", "store", "vitals"),
            room("store.privacy", "files", "store", "store.crypto", "vitals"),
            room("store.spool", "files", "store", "store.crypto", "vitals", "vitals.chunk"),
            room("coherence", "store", "store.crypto", "vitals"),
            room("assignment", "store", "vitals"),
            room("live", "assignment", "store", "vitals"),
            room("ingest", "assignment", "live", "store", "vitals"),
            room("query", "assignment", "coherence", "live", "store", "vitals"),
            // Authentication, authorisation and audit: three rooms that do not depend on each other.
            room("gate.token", "files", "vitals"),
            room("gate.policy", "vitals"),
            room("gate.audit", "files", "vitals"),
            room("gate.audit.writing", "gate.audit", "files", "vitals"),
            room("gate.audit.reading", "gate.audit", "files", "vitals"),
            room("gate.audit.verifying", "gate.audit", "vitals"),
            room("gate.audit.anchoring", "gate.audit", "files", "vitals"),
            room("gate", "gate.token", "gate.policy", "gate.audit", "gate.audit.writing", "store", "vitals"),
            room("api", "gate", "gate.audit", "gate.audit.reading", "query", "ingest", "live", "store", "v1", "vitals"),
            room(
                    "node.config",
                    "assignment",
                    "files",
                    "coherence",
                    "gate",
                    "gate.audit",
                    "gate.audit.anchoring",
                    "gate.audit.reading",
                    "gate.audit.verifying",
                    "gate.audit.writing",
                    "gate.policy",
                    "gate.token",
                    "ingest",
                    "store",
                    "store.crypto",
                    "store.edge",
                    "store.edge.maintenance",
                    "store.postgres",
                    "store.spool",
                    "vitals"),
            room(
                    "node.metrics",
                    "clock",
                    "coherence",
                    "gate",
                    "gate.audit.writing",
                    "ingest",
                    "live",
                    "node.config",
                    "store",
                    "store.spool",
                    "vitals"),
            room("node.audit", "api", "gate.audit", "gate.audit.reading", "store.edge"),
            room(
                    "node",
                    "files",
                    "node.audit",
                    "node.config",
                    "node.metrics",
                    "api",
                    "assignment",
                    "clock",
                    "coherence",
                    "gate",
                    "gate.audit",
                    "gate.audit.anchoring",
                    "gate.audit.reading",
                    "gate.audit.verifying",
                    "gate.audit.writing",
                    "gate.policy",
                    "gate.token",
                    "ingest",
                    "live",
                    "query",
                    "store",
                    "store.crypto",
                    "store.edge",
                    "store.edge.maintenance",
                    "store.edge.salvage",
                    "store.postgres",
                    "store.privacy",
                    "store.spool",
                    "vitals"),
            room("node.backup", "gate.audit", "node", "store.crypto", "store.edge", "store.edge.backup", "vitals"),
            room(
                    "node.compliance",
                    "files",
                    "node",
                    "node.config",
                    "clock",
                    "gate",
                    "gate.audit.writing",
                    "gate.policy"),
            room("node.graal", "node", "node.config"),
            room("cli.recording"),
            room("cli.backup", "node", "node.backup", "vitals"),
            room("cli", "cli.backup", "cli.recording", "client", "clock", "node", "node.compliance", "v1", "vitals"));

    @ArchTest
    static void every_class_lives_in_a_room(JavaClasses house) {
        classes()
                .should(ArchCondition.from(
                        DescribedPredicate.describe("reside in a room", type -> ROOMS.containsKey(roomOf(type)))))
                .check(house);
    }

    @ArchTest
    static void every_room_has_classes(JavaClasses house) {
        var roomsWithClasses = house.stream().map(HouseTest::roomOf).collect(Collectors.toSet());
        assertThat(roomsWithClasses).containsAll(ROOMS.keySet());
    }

    @ArchTest
    static void a_room_uses_only_the_rooms_below_it(JavaClasses house) {
        for (var room : ROOMS.entrySet()) {
            classes()
                    .that(areIn(room.getKey()))
                    .should()
                    .onlyDependOnClassesThat(
                            not(areInTheHouse()).or(areIn(room.getKey())).or(areInOneOf(room.getValue())))
                    .check(house);
        }
    }

    @ArchTest
    static void vitals_needs_the_jdk_alone(JavaClasses house) {
        classes()
                .that(areInOneOf(List.of("vitals", "vitals.chunk")))
                .should()
                .onlyDependOnClassesThat(
                        areInOneOf(List.of("vitals", "vitals.chunk")).or(resideInAPackage("java..")))
                .check(house);
    }

    @ArchTest
    static final ArchRule only_one_room_of_the_edge_store_speaks_to_the_driver = noClasses()
            .that(areIn("store.edge")
                    .or(areIn("store.edge.salvage"))
                    .or(areIn("store.edge.backup"))
                    .or(areIn("store.edge.maintenance"))
                    .or(areIn("store.edge.journal"))
                    .or(areIn("store.edge.tables"))
                    .or(areIn("store.edge.keys")))
            .should()
            .dependOnClassesThat()
            .resideInAPackage("org.sqlite..");

    @ArchTest
    static final ArchRule only_stores_speak_sql = noClasses()
            .that()
            .resideOutsideOfPackages(HOUSE + "store.edge..", HOUSE + "store.postgres..", HOUSE + "store.spool..")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage(
                    "java.sql..", "org.sqlite..", "org.postgresql..", "io.vertx.sqlclient..", "io.vertx.pgclient..");

    @ArchTest
    static final ArchRule rooms_are_free_of_cycles =
            slices().matching("io.pulseplane.(**)").should().beFreeOfCycles();

    private record Room(String name, List<String> mayUse) {}

    private static Room room(String name, String... mayUse) {
        return new Room(name, List.of(mayUse));
    }

    /** Fails on an unknown room in a list: a misspelt name would have no effect. */
    private static Map<String, List<String>> rooms(Room... rooms) {
        var byName = Arrays.stream(rooms).collect(Collectors.toMap(Room::name, Room::mayUse));
        byName.forEach((name, mayUse) -> assertThat(byName.keySet()).as(name).containsAll(mayUse));
        return byName;
    }

    private static String roomOf(JavaClass type) {
        return type.getPackageName().substring(HOUSE.length());
    }

    private static DescribedPredicate<JavaClass> areIn(String room) {
        return DescribedPredicate.describe(
                "are in " + room, type -> type.getPackageName().equals(HOUSE + room));
    }

    private static DescribedPredicate<JavaClass> areInOneOf(List<String> rooms) {
        return DescribedPredicate.describe(
                "are in one of " + rooms,
                type -> rooms.stream().anyMatch(room -> type.getPackageName().equals(HOUSE + room)));
    }

    private static DescribedPredicate<JavaClass> areInTheHouse() {
        return DescribedPredicate.describe(
                "are in the house", type -> type.getPackageName().startsWith(HOUSE));
    }
}
