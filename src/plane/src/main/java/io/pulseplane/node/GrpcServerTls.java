package io.pulseplane.node;

import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.netty.handler.codec.http2.Http2SecurityUtil;
import io.netty.handler.ssl.ApplicationProtocolConfig;
import io.netty.handler.ssl.ApplicationProtocolNames;
import io.netty.handler.ssl.ClientAuth;
import io.netty.handler.ssl.JdkSslContext;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SupportedCipherSuiteFilter;
import io.pulseplane.node.config.GateConfig;
import io.pulseplane.node.config.StartupException;
import io.quarkus.runtime.StartupEvent;
import io.quarkus.tls.CertificateUpdatedEvent;
import io.quarkus.tls.TlsConfiguration;
import io.quarkus.tls.TlsConfigurationRegistry;
import io.vertx.core.Vertx;
import io.vertx.core.net.SSLOptions;
import jakarta.enterprise.event.Observes;
import jakarta.inject.Singleton;
import java.io.ByteArrayInputStream;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.CRL;
import java.security.cert.CertStore;
import java.security.cert.CertificateFactory;
import java.security.cert.CollectionCertStoreParameters;
import java.security.cert.PKIXBuilderParameters;
import java.security.cert.X509CertSelector;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import javax.net.ssl.CertPathTrustManagerParameters;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import org.jboss.logging.Logger;

/**
 * TLS of the gRPC server, configured in Quarkus's TLS registry. When the registry reloads a configuration, the server
 * uses it from the next connection on. If the new configuration is unusable, the server keeps the previous one.
 */
@Singleton
final class GrpcServerTls {

    private static final Logger LOG = Logger.getLogger(GrpcServerTls.class);

    /** The only protocols that a configuration may name: older ones are broken. */
    private static final Set<String> PROTOCOLS = Set.of("TLSv1.3", "TLSv1.2");

    private static final ApplicationProtocolConfig HTTP_2 = new ApplicationProtocolConfig(
            ApplicationProtocolConfig.Protocol.ALPN,
            ApplicationProtocolConfig.SelectorFailureBehavior.NO_ADVERTISE,
            ApplicationProtocolConfig.SelectedListenerFailureBehavior.ACCEPT,
            ApplicationProtocolNames.HTTP_2);

    private final Optional<String> name;
    private final TlsConfigurationRegistry registry;
    private final Vertx vertx;
    private volatile Optional<ReloadableSslContext> current = Optional.empty();

    /** When the first certificate of the server's chain expires. */
    private volatile Instant certificateExpires = Instant.MAX;

    GrpcServerTls(GateConfig config, TlsConfigurationRegistry registry, Vertx vertx) {
        this.name = config.gate().tlsConfigurationName();
        this.registry = registry;
        this.vertx = vertx;
    }

    void registerGauge(@Observes StartupEvent event, MeterRegistry metrics) {
        if (name.isPresent()) {
            Gauge.builder("pulseplane.tls.certificate.expires", () -> certificateExpires.getEpochSecond())
                    .description("When the plane's certificate, or one in its chain, expires; since the Unix epoch")
                    .baseUnit("seconds")
                    .register(metrics);
        }
    }

    /**
     * The TLS context, which the first call opens; empty if none is configured.
     *
     * @throws StartupException if the configuration is unusable
     */
    Optional<SslContext> open() {
        return name.<SslContext>map(configurationName -> current.orElseGet(() -> open(configurationName)));
    }

    private ReloadableSslContext open(String configurationName) {
        var configuration = registry.get(configurationName)
                .orElseThrow(() -> new StartupException("there is no TLS configuration named " + configurationName
                        + ": set quarkus.tls." + configurationName + ".key-store.pem.0.cert and .key"));
        try {
            var context = new ReloadableSslContext(context(configuration));
            current = Optional.of(context);
            return context;
        } catch (Exception e) {
            throw new StartupException("quarkus.tls." + configurationName + " cannot be used: " + e.getMessage());
        }
    }

    void onCertificateUpdate(@Observes CertificateUpdatedEvent event) {
        if (current.isEmpty() || !name.equals(Optional.of(event.name()))) {
            return;
        }
        try {
            current.get().replace(context(event.tlsConfiguration()));
            LOG.debugf("The reloaded quarkus.tls.%s is used from the next connection on", event.name());
        } catch (Exception e) {
            LOG.warnf(
                    "The reloaded quarkus.tls.%s cannot be used, the previous configuration stays: %s",
                    event.name(), e.getMessage());
        }
    }

    /** With a trust store, a client may present a certificate. A device that does needs no token. */
    private SslContext context(TlsConfiguration configuration) throws Exception {
        if (configuration.isTrustAll()) {
            throw new GeneralSecurityException("with trust-all, any client could present itself as any device");
        }
        if (configuration.getKeyStoreOptions() == null) {
            throw new GeneralSecurityException("the key-store is missing");
        }
        var keys = configuration.getKeyStoreOptions().getKeyManagerFactory(vertx);
        var expires = KeyPairCheck.check(keys);
        var options = configuration.getSSLOptions();
        var trust = configuration.getTrustStoreOptions() == null
                ? null
                : trustManagers(configuration, revocationLists(options));
        var context = SSLContext.getInstance("TLS");
        context.init(keys.getKeyManagers(), trust == null ? null : trust.getTrustManagers(), null);
        var ciphers = options.getEnabledCipherSuites();
        // Netty's builder would spend 250 ms of the start on looking up something that only clients need.
        var ssl = new JdkSslContext(
                context,
                false,
                ciphers.isEmpty() ? Http2SecurityUtil.CIPHERS : ciphers,
                SupportedCipherSuiteFilter.INSTANCE,
                HTTP_2,
                trust == null ? ClientAuth.NONE : ClientAuth.OPTIONAL,
                protocols(options),
                false);
        certificateExpires = expires;
        return ssl;
    }

    private static String[] protocols(SSLOptions options) throws GeneralSecurityException {
        var protocols = List.copyOf(options.getEnabledSecureTransportProtocols());
        if (protocols.isEmpty() || !PROTOCOLS.containsAll(protocols)) {
            throw new GeneralSecurityException("protocols must be TLSv1.3, TLSv1.2 or both");
        }
        return protocols.toArray(String[]::new);
    }

    private TrustManagerFactory trustManagers(TlsConfiguration configuration, List<CRL> revocationLists)
            throws Exception {
        return revocationLists.isEmpty()
                ? configuration.getTrustStoreOptions().getTrustManagerFactory(vertx)
                : trustManagers(configuration.getTrustStore(), revocationLists);
    }

    /** Where there are revocation lists, a certificate that no valid list covers is refused as well. */
    private static TrustManagerFactory trustManagers(KeyStore authorities, List<CRL> revocationLists)
            throws GeneralSecurityException {
        var parameters = new PKIXBuilderParameters(authorities, new X509CertSelector());
        parameters.setRevocationEnabled(true);
        parameters.addCertStore(
                CertStore.getInstance("Collection", new CollectionCertStoreParameters(revocationLists)));
        var factory = TrustManagerFactory.getInstance("PKIX");
        factory.init(new CertPathTrustManagerParameters(parameters));
        return factory;
    }

    private static List<CRL> revocationLists(SSLOptions options) throws GeneralSecurityException {
        var lists = new ArrayList<CRL>();
        for (var list : options.getCrlValues()) {
            lists.addAll(
                    CertificateFactory.getInstance("X.509").generateCRLs(new ByteArrayInputStream(list.getBytes())));
        }
        return lists;
    }
}
