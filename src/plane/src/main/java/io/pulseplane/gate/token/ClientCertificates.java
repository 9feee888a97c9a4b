package io.pulseplane.gate.token;

import io.pulseplane.vitals.Identifier;
import io.pulseplane.vitals.PlaneException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.cert.CertificateEncodingException;
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
 * Devices by their certificates: the common name of the subject is the device's id. That the certificate comes from
 * whom the plane trusts was checked by TLS; a connection may outlive its certificate, so who asks for the identity again
 * is told when it has expired.
 */
public final class ClientCertificates {

    private final String tenant;
    private final LongSupplier clock;

    /**
     * @param tenant the plane's own: its trust store says who is a device of this tenant
     * @param clock microseconds since the epoch
     */
    public ClientCertificates(String tenant, LongSupplier clock) {
        this.tenant = tenant;
        this.clock = clock;
    }

    /**
     * Who is at the other end; {@link Identity#anonymous} if they showed no certificate.
     *
     * @throws PlaneException.Unauthenticated if they showed one that is no device's, or has expired
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

    /** @throws PlaneException.Unauthenticated if it is no device's, or has expired */
    public Identity identityOf(X509Certificate certificate) {
        long now = clock.getAsLong();
        long expires = TimeUnit.MILLISECONDS.toMicros(certificate.getNotAfter().getTime());
        if (now >= expires) {
            throw new PlaneException.Unauthenticated("the certificate has expired");
        }
        if (now < TimeUnit.MILLISECONDS.toMicros(certificate.getNotBefore().getTime())) {
            throw new PlaneException.Unauthenticated("the certificate is not valid yet");
        }
        var device = commonName(certificate.getSubjectX500Principal());
        Identifier.describeViolation(device).ifPresent(fault -> {
            throw new PlaneException.Unauthenticated("the common name of the certificate " + fault);
        });
        return new Identity(device, List.of(Roles.DEVICE), tenant, device, "", expires, fingerprint(certificate), "");
    }

    private static String commonName(X500Principal subject) {
        var names = new ArrayList<Object>();
        try {
            for (var part : new LdapName(subject.getName(X500Principal.RFC2253)).getRdns()) {
                // A part may have several names, joined with +.
                var attributes = part.toAttributes().getAll();
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
            throw new IllegalStateException("a name in memory is not looked up anywhere", e);
        }
        if (names.size() == 1 && names.getFirst() instanceof String name) {
            return name;
        }
        throw new PlaneException.Unauthenticated("the certificate must have exactly one common name");
    }

    /** As RFC 8705 writes it. */
    private static String fingerprint(X509Certificate certificate) {
        try {
            var digest = MessageDigest.getInstance("SHA-256").digest(certificate.getEncoded());
            return "x5t#S256:" + Base64.getUrlEncoder().withoutPadding().encodeToString(digest);
        } catch (CertificateEncodingException | NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256, and the certificate came in", e);
        }
    }
}
