package io.pulseplane.gate.token;

import io.pulseplane.vitals.PlaneException;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpHeaders;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import javax.net.ssl.SSLContext;

/**
 * A JWKS that is fetched from an identity provider. Redirects are not followed: keys come from the configured URL only.
 * Size and time of a response are bounded, with its body. Nothing is opened before the first fetch.
 */
final class JwksUrl implements KeyLoader {

    private static final int OK = 200;

    /** Finds {@code max-age=300} among the directives of RFC 9111. */
    private static final Pattern MAX_AGE =
            Pattern.compile("(?:^|[,\\s])max-age=\"?(\\d{1,9})", Pattern.CASE_INSENSITIVE);

    private static final Pattern NO_CACHE =
            Pattern.compile("(?:^|[,\\s])no-(?:store|cache)(?:$|[,\\s=])", Pattern.CASE_INSENSITIVE);

    private final URI url;
    private final TokenSettings.Refresh refresh;
    private final Supplier<SSLContext> trust;

    /** Made by the first fetch, because it has a thread. */
    private HttpClient client;

    private boolean closed;

    JwksUrl(URI url, TokenSettings.Refresh refresh, Supplier<SSLContext> trust) {
        this.url = url;
        this.refresh = refresh;
        this.trust = trust;
    }

    @Override
    public CompletionStage<LoadResult> load() {
        var request = HttpRequest.newBuilder(url)
                .header("Accept", "application/jwk-set+json, application/json")
                .timeout(refresh.timeout())
                .build();
        var exchange =
                client().sendAsync(request, BodyHandlers.limiting(BodyHandlers.ofByteArray(), JwksReader.MAX_BYTES));
        // The timeout of the request ends with the headers. A body that trickles in needs a timeout as well.
        return exchange.copy()
                .orTimeout(refresh.timeout().toMillis(), TimeUnit.MILLISECONDS)
                .handle((response, failure) -> {
                    if (failure != null) {
                        exchange.cancel(true);
                        throw new CompletionException(explain(failure));
                    }
                    return loaded(response);
                });
    }

    private synchronized HttpClient client() {
        if (closed) {
            throw new IllegalStateException("closed");
        }
        if (client == null) {
            client = HttpClient.newBuilder()
                    .connectTimeout(refresh.timeout())
                    .followRedirects(HttpClient.Redirect.NEVER)
                    .sslContext(trust.get())
                    .build();
        }
        return client;
    }

    private LoadResult loaded(HttpResponse<byte[]> response) {
        if (response.statusCode() != OK) {
            throw new CompletionException(new UnusableKeyException("it answers with status " + response.statusCode()));
        }
        try {
            var ttl = ttl(response.headers());
            // The next fetch begins with a fifth of the time left, so that no call has to wait for it.
            return new LoadResult(
                    JwksReader.read(response.body()), ttl.multipliedBy(4).dividedBy(5), ttl);
        } catch (UnusableKeyException e) {
            throw new CompletionException(e);
        }
    }

    private Duration ttl(HttpHeaders headers) {
        var cacheControl = String.join(",", headers.allValues("Cache-Control"));
        if (NO_CACHE.matcher(cacheControl).find()) {
            return refresh.minTtl();
        }
        var maxAge = MAX_AGE.matcher(cacheControl);
        if (!maxAge.find()) {
            return refresh.defaultTtl();
        }
        var ttl = Duration.ofSeconds(Long.parseLong(maxAge.group(1)));
        if (ttl.compareTo(refresh.minTtl()) < 0) {
            return refresh.minTtl();
        }
        return ttl.compareTo(refresh.maxTtl()) > 0 ? refresh.maxTtl() : ttl;
    }

    private UnusableKeyException explain(Throwable failure) {
        var cause = PlaneException.unwrap(failure);
        return switch (cause) {
            case TimeoutException _ ->
                new UnusableKeyException(
                        "it does not answer in " + refresh.timeout().toMillis() + " ms", cause);
            case IOException e when e.getMessage() != null -> new UnusableKeyException(e.getMessage(), cause);
            default ->
                new UnusableKeyException(
                        "it does not answer: " + cause.getClass().getSimpleName(), cause);
        };
    }

    @Override
    public synchronized void close() {
        closed = true;
        if (client != null) {
            client.shutdownNow();
        }
    }
}
