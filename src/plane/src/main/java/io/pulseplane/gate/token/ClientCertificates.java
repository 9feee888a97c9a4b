package io.pulseplane.gate.token;

import io.pulseplane.vitals.Identifier;
import io.pulseplane.vitals.PlaneException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.cert.CertificateEncodingException;
import java.security.cert.CertificateParsingException;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import javax.naming.InvalidNameException;
import javax.naming.NamingException;
import javax.naming.ldap.LdapName;
import javax.net.ssl.SSLPeerUnverifiedException;
import javax.net.ssl.SSLSession;
import javax.security.auth.x500.X500Principal;

/**
 * Reads the identity of a device from its client certificate. The common name of the subject is the id of the device.
 *
 * <p>TLS has checked already that the plane trusts the issuer. A connection may outlive its certificate, so the
 * identity carries the time of expiry.
 */
public final class ClientCertificates {

    /** Indexes of {@link X509Certificate#getKeyUsage}. */
    private static final int DIGITAL_SIGNATURE = 0;

    private static final int KEY_CERT_SIGN = 5;

    /** Object identifiers of RFC 5280, 4.2.1.12. */
    private static final String CLIENT_AUTH = "1.3.6.1.5.5.7.3.2";

    private static final String ANY_EXTENDED_USE = "2.5.29.37.0";

    private final String tenant;
    private final LongSupplier clock;

    /**
     * @param tenant the plane's own, because its trust store has the issuers of this tenant only
     * @param clock microseconds since the epoch
     */
    public ClientCertificates(String tenant, LongSupplier clock) {
        this.tenant = tenant;
        this.clock = clock;
    }

    /**
     * Returns the identity of the client; {@link Identity#anonymous} if it showed no certificate.
     *
     * @throws PlaneException.Unauthenticated if its certificate is not valid now, is not for clients, or does not
     * name a device
     */
    public Identity identityOf(SSLSession session) {
        try {
            return session.getPeerCertificates()[0] instanceof X509Certificate certificate
                    ? identityOf(certificate)
                    : Identity.anonymous();
        } catch (SSLPeerUnverifiedException _) {
            return Identity.anonymous();
        }
    }

    /**
     * @throws PlaneException.Unauthenticated if the certificate is not valid now, is not for clients, or does not
     * name a device
     */
    public Identity identityOf(X509Certificate certificate) {
        long now = clock.getAsLong();
        long expires = TimeUnit.MILLISECONDS.toMicros(certificate.getNotAfter().getTime());
        if (now >= expires) {
            throw new PlaneException.Unauthenticated("the certificate has expired");
        }
        if (now < TimeUnit.MILLISECONDS.toMicros(certificate.getNotBefore().getTime())) {
            throw new PlaneException.Unauthenticated("the certificate is not valid yet");
        }
        requireUseByClients(certificate);
        var device = commonName(certificate.getSubjectX500Principal());
        Identifier.describeViolation(device).ifPresent(fault -> {
            throw new PlaneException.Unauthenticated("the common name of the certificate " + fault);
        });
        return new Identity(
                device,
                List.of(Roles.DEVICE),
                tenant,
                device,
                "",
                expires,
                TimeUnit.MILLISECONDS.toMicros(certificate.getNotBefore().getTime()),
                fingerprint(certificate),
                "");
    }

    /**
     * An authority's certificate or a server's is none of a device, even if the same authority issued it.
     *
     * <p>A certificate without extended key usage is for any use (RFC 5280, 4.2.1.12), and makers of devices often
     * leave the extension out, so it is accepted.
     */
    private static void requireUseByClients(X509Certificate certificate) {
        var keyUsage = certificate.getKeyUsage();
        if (certificate.getBasicConstraints() >= 0 || (keyUsage != null && keyUsage[KEY_CERT_SIGN])) {
            throw new PlaneException.Unauthenticated("the certificate is one of an authority, and not of a device");
        }
        if (keyUsage != null && !keyUsage[DIGITAL_SIGNATURE]) {
            throw new PlaneException.Unauthenticated("the certificate is not for digital signatures");
        }
        try {
            var uses = certificate.getExtendedKeyUsage();
            if (uses != null && !uses.contains(CLIENT_AUTH) && !uses.contains(ANY_EXTENDED_USE)) {
                throw new PlaneException.Unauthenticated("the certificate is not for clients (extended key usage)");
            }
        } catch (CertificateParsingException e) {
            throw new PlaneException.Unauthenticated("the extended key usage of the certificate cannot be read");
        }
    }

    private static String commonName(X500Principal subject) {
        var names = new ArrayList<Object>();
        try {
            for (var rdn : new LdapName(subject.getName(X500Principal.RFC2253)).getRdns()) {
                // One part of the subject may have several attributes, joined with +.
                var attributes = rdn.toAttributes().getAll();
                while (attributes.hasMore()) {
                    var attribute = attributes.next();
                    if (attribute.getID().equalsIgnoreCase("CN")) {
                        for (int i = 0; i < attribute.size(); i++) {
                            names.add(attribute.get(i));
                        }
                    }
                }
            }
        } catch (InvalidNameException e) {
            throw new PlaneException.Unauthenticated("the subject of the certificate is not a name");
        } catch (NamingException e) {
            throw new IllegalStateException("reading a name in memory needs no directory", e);
        }
        if (names.size() == 1 && names.getFirst() instanceof String name) {
            return name;
        }
        throw new PlaneException.Unauthenticated("the certificate must have exactly one common name");
    }

    /** In the form of RFC 8705. */
    private static String fingerprint(X509Certificate certificate) {
        try {
            var digest = MessageDigest.getInstance("SHA-256").digest(certificate.getEncoded());
            return "x5t#S256:" + Base64.getUrlEncoder().withoutPadding().encodeToString(digest);
        } catch (CertificateEncodingException | NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256, and the certificate was decoded before", e);
        }
    }
}
