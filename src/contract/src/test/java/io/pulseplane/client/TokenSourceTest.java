package io.pulseplane.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TokenSourceTest {

    @TempDir
    private Path directory;

    private final AtomicInteger issued = new AtomicInteger();
    private final TokenSource issuer = () -> Optional.of("token " + issued.incrementAndGet());

    @Test
    void reads_the_file_again_for_every_call() throws IOException {
        var file = directory.resolve("token");
        var source = TokenSource.file(file);
        Files.writeString(file, "first\n");
        assertThat(source.token()).contains("first");

        Files.writeString(file, " second ");

        assertThat(source.token()).contains("second");
    }

    @Test
    void names_the_file_that_cannot_be_read() {
        var file = directory.resolve("nothing");

        assertThatThrownBy(TokenSource.file(file)::token)
                .isInstanceOf(IOException.class)
                .hasMessageContaining(file.toString());
    }

    @Test
    void keeps_a_token_that_has_not_expired() throws IOException {
        var source = TokenSource.renewing(issuer, Duration.ofHours(1), Duration.ofMinutes(5));

        assertThat(source.token()).contains("token 1");
        assertThat(source.token()).contains("token 1");
    }

    @Test
    void asks_for_another_token_when_the_old_one_is_about_to_expire() throws IOException {
        var source = TokenSource.renewing(
                issuer, Duration.ofHours(1), Duration.ofHours(1).plusNanos(1));

        assertThat(source.token()).contains("token 1");
        assertThat(source.token()).contains("token 2");
    }
}
