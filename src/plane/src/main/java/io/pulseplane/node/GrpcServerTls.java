package io.pulseplane.node;

import io.netty.handler.codec.http2.Http2SecurityUtil;
import io.netty.handler.ssl.ApplicationProtocolConfig;
import io.netty.handler.ssl.ApplicationProtocolNames;
import io.netty.handler.ssl.ClientAuth;
import io.netty.handler.ssl.JdkSslContext;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SupportedCipherSuiteFilter;
import io.pulseplane.node.config.GateConfig;
import io.pulseplane.node.config.StartupException;
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
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import javax.net.ssl.CertPathTrustManagerParameters;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import org.jboss.logging.Logger;

/**
 * TLS for the gRPC server, as Quarkus's TLS registry has it. What the registry reads again is used from the next
 * connection on, if it can be used at all; else what was there before stays.
 */
@Singleton
final class GrpcServerTls {

    private static final Logger LOG = Logger.getLogger(GrpcServerTls.class);

    /** Older ones are broken, whatever the configuration says. */
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

    GrpcServerTls(GateConfig config, TlsConfigurationRegistry registry, Vertx vertx) {
        this.name = config.gate().tlsConfigurationName();
        this.registry = registry;
        this.vertx = vertx;
    }

    /** Nothing if the plane is not to speak TLS; throws {@link StartupException} if it is, and cannot. */
    Optional<SslContext> open() {
        return name.map(this::open);
    }

    private SslContext open(String named) {
        var configuration = registry.get(named)
                .orElseThrow(() -> new StartupException("there is no TLS configuration named " + named
                        + ": set quarkus.tls." + named + ".key-store.pem.0.cert and .key"));
        try {
            var context = new ReloadableSslContext(context(configuration));
            current = Optional.of(context);
            return context;
        } catch (Exception e) {
            throw new StartupException("quarkus.tls." + named + " cannot be used: " + e.getMessage());
        }
    }

    void onCertificateUpdate(@Observes CertificateUpdatedEvent event) {
        if (current.isEmpty() || !name.equals(Optional.of(event.name()))) {
            return;
        }
        try {
            current.get().replace(context(event.tlsConfiguration()));
            LOG.debugf("What quarkus.tls.%s says now is used from the next connection on", event.name());
        } catch (Exception e) {
            LOG.warnf(
                    "What quarkus.tls.%s says now cannot be used, what it said before stays: %s",
                    event.name(), e.getMessage());
        }
    }

    /** A client may show a certificate where there is a trust store to check it by; a device that does needs no token. */
    private SslContext context(TlsConfiguration configuration) throws Exception {
        if (configuration.isTrustAll()) {
            throw new GeneralSecurityException("with trust-all, anybody could be any device");
        }
        if (configuration.getKeyStoreOptions() == null) {
            throw new GeneralSecurityException("it has no key-store");
        }
        var keys = configuration.getKeyStoreOptions().getKeyManagerFactory(vertx);
        KeyPairCheck.check(keys);
        var options = configuration.getSSLOptions();
        var trust = configuration.getTrustStoreOptions() == null
                ? null
                : trustManagers(configuration, revocationLists(options));
        var context = SSLContext.getInstance("TLS");
        context.init(keys.getKeyManagers(), trust == null ? null : trust.getTrustManagers(), null);
        var ciphers = options.getEnabledCipherSuites();
        // Netty's builder would spend 250 ms of start first, to find out something that only matters to clients.
        return new JdkSslContext(
                context,
                false,
                ciphers.isEmpty() ? Http2SecurityUtil.CIPHERS : ciphers,
                SupportedCipherSuiteFilter.INSTANCE,
                HTTP_2,
                trust == null ? ClientAuth.NONE : ClientAuth.OPTIONAL,
                protocols(options),
                false);
    }

    private static String[] protocols(SSLOptions options) throws GeneralSecurityException {
        var protocols = List.copyOf(options.getEnabledSecureTransportProtocols());
        if (protocols.isEmpty() || !PROTOCOLS.containsAll(protocols)) {
            throw new GeneralSecurityException("protocols must be TLSv1.3, TLSv1.2 or both");
        }
        return protocols.toArray(String[]::new);
    }

    private TrustManagerFactory trustManagers(TlsConfiguration configuration, List<CRL> revoked) throws Exception {
        return revoked.isEmpty()
                ? configuration.getTrustStoreOptions().getTrustManagerFactory(vertx)
                : trustManagers(configuration.getTrustStore(), revoked);
    }

    /** Where there are lists, a certificate that no valid list is about is not believed either. */
    private static TrustManagerFactory trustManagers(KeyStore authorities, List<CRL> revoked)
            throws GeneralSecurityException {
        var rules = new PKIXBuilderParameters(authorities, new X509CertSelector());
        rules.setRevocationEnabled(true);
        rules.addCertStore(CertStore.getInstance("Collection", new CollectionCertStoreParameters(revoked)));
        var factory = TrustManagerFactory.getInstance("PKIX");
        factory.init(new CertPathTrustManagerParameters(rules));
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
