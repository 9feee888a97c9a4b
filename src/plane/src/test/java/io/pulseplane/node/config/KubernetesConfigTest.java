package io.pulseplane.node.config;

import static org.assertj.core.api.Assertions.assertThat;

import io.pulseplane.coherence.WindowCache;
import io.pulseplane.live.LatestCache;
import io.pulseplane.vitals.Subject;
import io.smallrye.config.EnvConfigSource;
import io.smallrye.config.SmallRyeConfig;
import io.smallrye.config.SmallRyeConfigBuilder;
import java.io.IOException;
import java.io.StringReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Properties;
import java.util.TreeSet;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/**
 * What the ConfigMap health-data-config of k3s/ sets, as the pod hands it on: by variables that are named after keys of
 * the plane.
 */
class KubernetesConfigTest {

    private static final Path K3S = Path.of("..", "..", "k3s");
    private static final Subject ADA = new Subject.OfPatient("ada");

    /** {@code - name: VARIABLE} and, in the next line, the key of the ConfigMap. */
    private static final Pattern VARIABLE = Pattern.compile(
            "- name: (\\w+)\\s+valueFrom: \\{configMapKeyRef: \\{name: health-data-config, key: (\\w+)}}");

    private static final Pattern ENTRY = Pattern.compile("(?m)^  (\\w+): \"?([^\"\\n]+)\"?$");

    private static SmallRyeConfig config(Map<String, String> changes) throws IOException {
        var values = configMap();
        assertThat(values.keySet()).containsAll(changes.keySet());
        values.putAll(changes);
        var variables = new HashMap<String, String>();
        VARIABLE.matcher(Files.readString(K3S.resolve("components/pod/pod.yaml")))
                .results()
                .forEach(variable -> variables.put(variable.group(1), values.get(variable.group(2))));
        var config = new SmallRyeConfigBuilder()
                .addDefaultInterceptors()
                .addDiscoveredConverters()
                .withSources(new EnvConfigSource(variables, 300))
                .withMapping(PlaneConfig.class)
                .withMapping(SiteConfig.class)
                .withMapping(RedisConfig.class)
                .withValidateUnknown(false)
                .build();
        ConfigBounds.check(config);
        return config;
    }

    private static Map<String, String> configMap() throws IOException {
        var text = Files.readString(K3S.resolve("base/config.yaml"));
        var values = new HashMap<String, String>();
        ENTRY.matcher(text.substring(text.indexOf("\ndata:")))
                .results()
                .forEach(entry -> values.put(entry.group(1), entry.group(2)));
        return values;
    }

    private static SmallRyeConfig config(String key, String value) throws IOException {
        return config(Map.of(key, value));
    }

    private static boolean remembersLatestReadings(SmallRyeConfig config) {
        var cache = new LatestCache(
                config.getConfigMapping(PlaneConfig.class).live().latestBytes());
        var first = cache.entry(ADA);
        var second = cache.entry(ADA);
        return first == second;
    }

    @Test
    void the_config_map_has_four_keys_and_the_pod_hands_on_each() throws IOException {
        assertThat(configMap())
                .containsOnly(
                        Map.entry("cache_enabled", "true"),
                        Map.entry("cache_ttl", "300s"),
                        Map.entry("index_enabled", "true"),
                        Map.entry("query_timeout", "100ms"));
        var pod = Files.readString(K3S.resolve("components/pod/pod.yaml"));
        assertThat(VARIABLE.matcher(pod).results().map(variable -> variable.group(2)))
                .containsOnlyOnceElementsOf(configMapWithoutSharedKeys())
                .contains("cache_ttl");
    }

    /** The time to live counts for windows and for Redis; every other key for one thing. */
    private static Iterable<String> configMapWithoutSharedKeys() throws IOException {
        var keys = configMap();
        keys.remove("cache_ttl");
        return keys.keySet();
    }

    @Test
    void cache_enabled_decides_whether_windows_are_remembered_and_redis_is_read() throws IOException {
        var on = config(Map.of()).getConfigMapping(SiteConfig.class);
        var off = config("cache_enabled", "false").getConfigMapping(SiteConfig.class);
        assertThat(on.cacheEnabled()).isTrue();
        assertThat(on.windowsBytes()).isPositive();
        assertThat(off.cacheEnabled()).isFalse();
        assertThat(off.windowsBytes()).isZero();
        assertThat(new WindowCache(off.windowsBytes(), off.windowsTtl()).bytes())
                .isZero();
    }

    @Test
    void cache_ttl_bounds_how_long_windows_and_values_in_redis_are_remembered() throws IOException {
        var config = config("cache_ttl", "42s");
        assertThat(config.getConfigMapping(SiteConfig.class).windowsTtl()).isEqualTo(Duration.ofSeconds(42));
        assertThat(config.getConfigMapping(RedisConfig.class).ttl()).isEqualTo(Duration.ofSeconds(42));
    }

    @Test
    void index_enabled_decides_whether_latest_readings_are_kept_in_memory() throws IOException {
        assertThat(remembersLatestReadings(config(Map.of()))).isTrue();
        assertThat(remembersLatestReadings(config("index_enabled", "false"))).isFalse();
    }

    @Test
    void query_timeout_is_the_deadline_of_calls_without_one() throws IOException {
        assertThat(unaryDeadline(config(Map.of()))).isEqualTo(Duration.ofMillis(100));
        assertThat(unaryDeadline(config("query_timeout", "250ms"))).isEqualTo(Duration.ofMillis(250));
    }

    /** A key with a slip ends the start of a plane, or is ignored. */
    @Test
    void every_key_of_the_overlays_is_on_the_page_of_keys() throws IOException {
        var page = Files.readString(Path.of("docs", "configuration.md"));
        var keys = new TreeSet<String>();
        try (var files = Files.walk(K3S)) {
            for (var file :
                    files.filter(path -> path.endsWith("plane.properties")).toList()) {
                var properties = new Properties();
                properties.load(new StringReader(Files.readString(file)));
                keys.addAll(properties.stringPropertyNames());
            }
        }
        keys.removeIf(key -> !key.startsWith("pulseplane."));
        assertThat(keys)
                .hasSizeGreaterThan(5)
                .allSatisfy(key -> assertThat(page).contains("`" + key + "`"));
    }

    private static Duration unaryDeadline(SmallRyeConfig config) {
        return config.getConfigMapping(PlaneConfig.class).query().unaryDeadline();
    }
}
