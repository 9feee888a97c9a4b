package io.pulseplane.node.compliance;

import static org.assertj.core.api.Assertions.assertThat;

import io.pulseplane.node.config.EdgeConfig;
import io.pulseplane.node.config.GateConfig;
import io.pulseplane.node.config.PlaneConfig;
import io.smallrye.config.PropertiesConfigSource;
import io.smallrye.config.SmallRyeConfigBuilder;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ConfigurationControlsTest {

    /** A plane of which every control passes that can. */
    private static final Map<String, String> GOOD = Map.of(
            "grpc", "0.0.0.0",
            "http", "127.0.0.1",
            "pulseplane.gate.tls-configuration-name", "plane",
            "pulseplane.gate.local-networks", "127.0.0.0/8,10.1.0.0/16,fd00:1::/32",
            "pulseplane.store.node-key-command", "kms,get",
            "pulseplane.store.retention", "90d",
            "pulseplane.token.jwks", "https://idp.example/keys");

    /** @param changes properties that differ from those of a good plane, with = between name and value */
    private static Map<String, Control.Status> check(String... changes) {
        var properties = new HashMap<>(GOOD);
        for (var change : changes) {
            int equals = change.indexOf('=');
            properties.put(change.substring(0, equals), change.substring(equals + 1));
        }
        properties.values().removeIf(String::isEmpty);
        var config = new SmallRyeConfigBuilder()
                .withMapping(PlaneConfig.class)
                .withMapping(EdgeConfig.class)
                .withMapping(GateConfig.class)
                .withMappingIgnore("pulseplane.**")
                .addDiscoveredConverters()
                .addDefaultInterceptors()
                .withSources(new PropertiesConfigSource(properties, "test", 100))
                .build();
        var controls = new ConfigurationControls(
                        config.getConfigMapping(PlaneConfig.class),
                        config.getConfigMapping(EdgeConfig.class),
                        config.getConfigMapping(GateConfig.class),
                        properties.get("grpc"),
                        properties.get("http"))
                .check();
        var byId = new HashMap<String, Control.Status>();
        for (var control : controls) {
            assertThat(control.detail()).as(control.id()).isNotBlank();
            assertThat(byId.put(control.id(), control.status()))
                    .as("two controls " + control.id())
                    .isNull();
        }
        return byId;
    }

    @Test
    void pass_for_a_plane_that_is_configured_well() {
        assertThat(check()).doesNotContainValue(Control.Status.FAIL);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            value = {
                "encryption-in-transit; pulseplane.gate.tls-configuration-name=",
                "operations-interface;  http=0.0.0.0",
                "key-of-data;           pulseplane.store.node-key-command=",
                "identity-provider;     pulseplane.token.jwks=",
                "identity-provider;     pulseplane.token.jwks=http://idp.example/keys",
                "data-stays-local;      pulseplane.gate.local-networks=0.0.0.0/0",
                "data-stays-local;      pulseplane.gate.local-networks=10.0.0.0/7",
                "data-stays-local;      pulseplane.gate.local-networks=127.0.0.0/8,8.8.8.8",
                "data-stays-local;      pulseplane.gate.local-networks=::/0",
                "audit-before-answer;   pulseplane.audit.mode=async",
                "audit-before-answer;   pulseplane.audit.mode=off",
                "audit-retention;       pulseplane.audit.retention=365d",
                "storage-limitation;    pulseplane.store.retention=",
            })
    void fail_alone_for_what_is_wrong(String id, String change) {
        var statuses = check(change);
        assertThat(statuses).containsEntry(id, Control.Status.FAIL);
        statuses.remove(id);
        assertThat(statuses).doesNotContainValue(Control.Status.FAIL);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            value = {
                "access-and-consent; pulseplane.policy.directory=/etc/policy",
                "access-and-consent; pulseplane.policy.engine=opa",
                "key-of-data;        pulseplane.store=postgres",
                "storage-limitation; pulseplane.store=postgres",
            })
    void do_not_apply_where_the_plane_cannot_tell(String id, String change) {
        assertThat(check(change)).containsEntry(id, Control.Status.NOT_APPLICABLE);
    }

    @Test
    void a_key_file_in_the_data_directory_is_no_better_than_the_default() {
        assertThat(check(
                        "pulseplane.store.node-key-command=",
                        "pulseplane.data-dir=/var/lib/plane",
                        "pulseplane.store.node-key-file=/var/lib/plane/../plane/my.key"))
                .containsEntry("key-of-data", Control.Status.FAIL);
        assertThat(check(
                        "pulseplane.store.node-key-command=",
                        "pulseplane.data-dir=/var/lib/plane",
                        "pulseplane.store.node-key-file=/run/secrets/my.key"))
                .containsEntry("key-of-data", Control.Status.PASS);
    }

    @Test
    void a_plane_for_this_machine_alone_needs_no_tls() {
        assertThat(check("pulseplane.gate.tls-configuration-name=", "grpc=127.0.0.1"))
                .containsEntry("encryption-in-transit", Control.Status.PASS);
    }
}
