package io.pulseplane.gate;

import io.grpc.Attributes;
import io.pulseplane.gate.token.Identity;
import io.pulseplane.vitals.PlaneException;
import java.net.InetAddress;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Who is at the other end of a connection. Worked out once for each connection, not for each call.
 *
 * @param address empty for a transport without one
 * @param auditText as the audit trail has it
 * @param isLocal whether data may go there
 * @param certifiedIdentity who the client's certificate says it is; anonymous if it showed none
 * @param certificateFault what is wrong with the certificate it showed
 * @param openCalls how many of its calls are under way
 * @param inboundBytes how many bytes of messages that have not ended are kept of it: see {@link InboundByteLimit}
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

    /** Somebody who came by a way that is none: to be trusted with nothing. */
    static ClientConnection unknown() {
        return of(Optional.empty(), "", false, Identity.anonymous(), Optional.empty());
    }

    /** One that has just connected. */
    static ClientConnection of(
            Optional<InetAddress> address,
            String text,
            boolean local,
            Identity certified,
            Optional<PlaneException> fault) {
        return new ClientConnection(address, text, local, certified, fault, new AtomicInteger(), new AtomicLong());
    }
}
