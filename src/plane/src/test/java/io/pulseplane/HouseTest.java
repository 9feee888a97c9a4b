package io.pulseplane;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;
import java.util.stream.Stream;

/** The rooms of the house and what each may use. */
@AnalyzeClasses(packages = "io.pulseplane", importOptions = ImportOption.DoNotIncludeTests.class)
class HouseTest {

    private static final String HOUSE = "io.pulseplane.";

    @ArchTest
    static final ArchRule vitals_uses_the_jdk_only = classes()
            .that()
            .resideInAPackage(HOUSE + "vitals..")
            .should()
            .onlyDependOnClassesThat()
            .resideInAnyPackage(HOUSE + "vitals..", "java..");

    @ArchTest
    static final ArchRule store = room("store", "vitals");

    @ArchTest
    static final ArchRule store_edge = room("store.edge", "store", "store.chunk", "store.seal", "vitals");

    /** The codec has no library under it, and knows nothing of stores. */
    @ArchTest
    static final ArchRule store_chunk_uses_the_jdk_and_vitals_only = classes()
            .that()
            .resideInAPackage(HOUSE + "store.chunk..")
            .should()
            .onlyDependOnClassesThat()
            .resideInAnyPackage(HOUSE + "store.chunk..", HOUSE + "vitals..", "java..");

    @ArchTest
    static final ArchRule store_seal = room("store.seal", "vitals");

    @ArchTest
    static final ArchRule store_spool = room("store.spool", "store", "store.chunk", "store.seal", "vitals");

    @ArchTest
    static final ArchRule store_postgres = room("store.postgres", "store", "vitals");

    @ArchTest
    static final ArchRule cache = room("cache", "store", "store.seal", "vitals");

    @ArchTest
    static final ArchRule live = room("live", "store", "vitals");

    @ArchTest
    static final ArchRule ingest = room("ingest", "store", "live", "vitals");

    @ArchTest
    static final ArchRule query = room("query", "cache", "live", "store", "vitals");

    @ArchTest
    static final ArchRule gate = room("gate", "store", "vitals");

    /** Who are you, may you, it was written down: three rooms that do not know of each other. */
    @ArchTest
    static final ArchRule gate_token = room("gate.token", "vitals");

    @ArchTest
    static final ArchRule gate_policy = room("gate.policy", "vitals");

    @ArchTest
    static final ArchRule gate_audit = room("gate.audit", "vitals");

    @ArchTest
    static final ArchRule api = room("api", "gate", "query", "ingest", "live", "cache", "store", "vitals");

    @ArchTest
    static final ArchRule node = room(
            "node",
            "api",
            "gate",
            "query",
            "ingest",
            "live",
            "cache",
            "store",
            "store.edge",
            "store.postgres",
            "store.seal",
            "store.spool",
            "vitals");

    @ArchTest
    static final ArchRule cli_is_a_client_of_the_plane = room("cli", "api.v1", "client", "node", "vitals");

    @ArchTest
    static final ArchRule every_class_lives_in_a_room = classes()
            .should()
            .resideInAnyPackage(Stream.of(
                            "vitals",
                            "store",
                            "store.chunk",
                            "store.edge",
                            "store.postgres",
                            "store.seal",
                            "store.spool",
                            "cache",
                            "live",
                            "ingest",
                            "query",
                            "gate",
                            "gate.token",
                            "gate.policy",
                            "gate.audit",
                            "api",
                            "api.v1",
                            "client",
                            "node",
                            "cli")
                    .map(room -> HOUSE + room)
                    .toArray(String[]::new));

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

    /** A room may use itself, libraries, and the rooms named. */
    private static ArchRule room(String name, String... mayUse) {
        var allowed = DescribedPredicate.not(inTheHouse()).or(areIn(name));
        for (var other : mayUse) {
            allowed = allowed.or(areIn(other));
        }
        return classes()
                .that(areIn(name))
                .should()
                .onlyDependOnClassesThat(allowed)
                .allowEmptyShould(true);
    }

    /** A sub-package is a room of its own where it is named as one, and part of the room above it where it is not. */
    private static DescribedPredicate<JavaClass> areIn(String room) {
        return DescribedPredicate.describe("are in " + room, type -> {
            var packageName = type.getPackageName();
            return packageName.equals(HOUSE + room)
                    || (packageName.startsWith(HOUSE + room + ".") && !packageName.startsWith(HOUSE + "store."));
        });
    }

    private static DescribedPredicate<JavaClass> inTheHouse() {
        return DescribedPredicate.describe(
                "are in the house", type -> type.getPackageName().startsWith("io.pulseplane"));
    }
}
