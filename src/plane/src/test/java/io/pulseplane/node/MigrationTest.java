package io.pulseplane.node;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pulseplane.store.postgres.PostgresServer;
import io.pulseplane.store.postgres.PostgresSettings;
import io.pulseplane.store.postgres.PostgresSettings.Host;
import org.junit.jupiter.api.Test;

class MigrationTest {

    private final PostgresServer postgres = PostgresServer.shared();

    @Test
    void applies_every_step_once() throws Migration.MigrationException {
        var settings = postgres.settings(postgres.createEmptyDatabase());
        assertThat(Migration.run(settings, false)).isEqualTo(new Migration.Outcome(5, "5"));
        assertThat(Migration.run(settings, false)).isEqualTo(new Migration.Outcome(0, "5"));
    }

    @Test
    void reports_a_failure_in_one_line() {
        var unreachable = PostgresSettings.of(new Host("localhost", 1), "plane", "plane", "secret");
        assertThatThrownBy(() -> Migration.run(unreachable, false))
                .isInstanceOf(Migration.MigrationException.class)
                .message()
                .contains("Connection to localhost:1 refused")
                .doesNotContain("secret", "\n");
    }

    @Test
    void distributes_only_where_citus_is_installed_and_otherwise_changes_nothing() throws Migration.MigrationException {
        var settings = postgres.settings(postgres.createEmptyDatabase());
        assertThatThrownBy(() -> Migration.run(settings, true)).isInstanceOf(Migration.MigrationException.class);
        assertThat(Migration.run(settings, false)).isEqualTo(new Migration.Outcome(0, "5"));
    }

    @Test
    void parses_hosts_with_and_without_a_port() {
        assertThat(Host.parse("db")).isEqualTo(new Host("db", 5432));
        assertThat(Host.parse("db:6432")).isEqualTo(new Host("db", 6432));
        assertThat(Host.parse("[::1]:6432")).isEqualTo(new Host("::1", 6432));
        assertThat(Host.parse("[::1]")).isEqualTo(new Host("::1", 5432));
        assertThatThrownBy(() -> Host.parse("db:port")).isInstanceOf(IllegalArgumentException.class);
    }
}
