package io.pulseplane.node.graal;

import com.oracle.svm.core.annotate.Alias;
import com.oracle.svm.core.annotate.Substitute;
import com.oracle.svm.core.annotate.TargetClass;
import io.netty.handler.ssl.ApplicationProtocolConfig;
import io.netty.handler.ssl.CipherSuiteFilter;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextOption;
import io.netty.handler.ssl.SslProvider;
import java.security.PrivateKey;
import java.security.Provider;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.util.Map;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLException;
import javax.net.ssl.TrustManagerFactory;

/**
 * For the native executable: creates Netty's TLS contexts of clients with the JDK's TLS. Quarkus has substitutions for
 * that, but Netty is newer here, and its method for contexts of clients has one parameter more, which only OpenSSL
 * uses.
 */
@TargetClass(className = "io.netty.handler.ssl.SslContext")
final class SslContextSubstitutions {

    private SslContextSubstitutions() {}

    @Substitute
    @SuppressWarnings("unused") // called by SslContextBuilder
    static SslContext newClientContextInternal(
            SslProvider provider,
            Provider sslContextProvider,
            X509Certificate[] trustCert,
            TrustManagerFactory trustManagerFactory,
            X509Certificate[] keyCertChain,
            PrivateKey key,
            String keyPassword,
            KeyManagerFactory keyManagerFactory,
            Iterable<String> ciphers,
            CipherSuiteFilter cipherFilter,
            ApplicationProtocolConfig apn,
            String[] protocols,
            long sessionCacheSize,
            long sessionTimeout,
            boolean ofOpenSsl,
            boolean enableOcsp,
            SecureRandom secureRandom,
            String keyStoreType,
            String endpointIdentificationAlgorithm,
            Map.Entry<SslContextOption<?>, Object>[] options)
            throws SSLException {
        if (enableOcsp) {
            throw new IllegalArgumentException("OCSP is not supported");
        }
        return (SslContext) (Object) new JdkSslClientContextAlias(
                sslContextProvider,
                trustCert,
                trustManagerFactory,
                keyCertChain,
                key,
                keyPassword,
                keyManagerFactory,
                ciphers,
                cipherFilter,
                apn,
                protocols,
                sessionCacheSize,
                sessionTimeout,
                secureRandom,
                keyStoreType,
                endpointIdentificationAlgorithm,
                new ResumptionControllerAlias());
    }

    @TargetClass(className = "io.netty.handler.ssl.JdkSslClientContext")
    private static final class JdkSslClientContextAlias {

        @Alias
        @SuppressWarnings("unused") // declares the parameters of the original constructor
        JdkSslClientContextAlias(
                Provider sslContextProvider,
                X509Certificate[] trustCert,
                TrustManagerFactory trustManagerFactory,
                X509Certificate[] keyCertChain,
                PrivateKey key,
                String keyPassword,
                KeyManagerFactory keyManagerFactory,
                Iterable<String> ciphers,
                CipherSuiteFilter cipherFilter,
                ApplicationProtocolConfig apn,
                String[] protocols,
                long sessionCacheSize,
                long sessionTimeout,
                SecureRandom secureRandom,
                String keyStoreType,
                String endpointIdentificationAlgorithm,
                ResumptionControllerAlias resumption)
                throws SSLException {
            throw new IllegalStateException("the original constructor runs instead");
        }
    }

    @TargetClass(className = "io.netty.handler.ssl.ResumptionController")
    private static final class ResumptionControllerAlias {

        @Alias
        ResumptionControllerAlias() {
            throw new IllegalStateException("the original constructor runs instead");
        }
    }
}
