package io.pulseplane.client;

import io.grpc.ChannelCredentials;
import io.grpc.TlsChannelCredentials;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;

/**
 * The TLS settings of a client. All files are PEM.
 *
 * @param trustedCertificates the authorities that the client trusts; if empty, those of the system
 * @param clientCertificate the certificate that the client presents; a device with a certificate needs no token
 */
public record TlsSettings(Optional<Path> trustedCertificates, Optional<ClientCertificate> clientCertificate) {

    /**
     * A certificate and its key.
     *
     * @param chain the certificate, and after it those of its intermediate authorities
     * @param privateKey the key in PKCS#8, not encrypted
     */
    public record ClientCertificate(Path chain, Path privateKey) {}

    /** Trusts the authorities of the system, and presents no certificate. */
    public static TlsSettings systemTrust() {
        return new TlsSettings(Optional.empty(), Optional.empty());
    }

    ChannelCredentials credentials() throws IOException {
        var credentials = TlsChannelCredentials.newBuilder();
        if (trustedCertificates.isPresent()) {
            credentials.trustManager(trustedCertificates.get().toFile());
        }
        if (clientCertificate.isPresent()) {
            var certificate = clientCertificate.get();
            credentials.keyManager(
                    certificate.chain().toFile(), certificate.privateKey().toFile());
        }
        return credentials.build();
    }
}
