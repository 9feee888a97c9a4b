package io.pulseplane.gate;

import io.grpc.Attributes;
import io.pulseplane.gate.token.Identity;
import io.pulseplane.vitals.PlaneException;
import java.net.InetAddress;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/**
 * The client at the other end of a connection. Made once for each connection, not for each call.
 *
 * @param address empty for a transport without addresses
 * @param auditText address and port as the audit trail shows them
 * @param isLocal whether answers may go to this address
 * @param certifiedIdentity the identity by the client's certificate; anonymous without a certificate
 * @param certificateFault what is wrong with the client's certificate; empty if nothing is
 * @param openCalls the number of its calls under way
 * @param inboundBytes the number of bytes kept for its unfinished messages: see {@link InboundByteLimit}
 */
record ClientConnection(
        Optional<InetAddress> address,
        String auditText,
        boolean isLocal,
        Identity certifiedIdentity,
        Optional<PlaneException> certificateFault,
        AtomicInteger openCalls,
        AtomicLong inboundBytes) {

    static final Attributes.Key<ClientConnection> KEY = Attributes.Key.create("pulseplane-peer");

    /** A client that did not pass the {@link ConnectionFilter}. It has no identity, and answers may not go to it. */
    static ClientConnection unknown() {
        return of(Optional.empty(), "", false, Identity.anonymous(), Optional.empty());
    }

    /** A client that has just connected, without calls. */
    static ClientConnection of(
            Optional<InetAddress> address,
            String auditText,
            boolean isLocal,
            Identity certifiedIdentity,
            Optional<PlaneException> certificateFault) {
        return new ClientConnection(
                address,
                auditText,
                isLocal,
                certifiedIdentity,
                certificateFault,
                new AtomicInteger(),
                new AtomicLong());
    }
}
