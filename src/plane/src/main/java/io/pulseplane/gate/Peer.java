package io.pulseplane.gate;

import io.grpc.Attributes;
import io.pulseplane.gate.token.Identity;
import io.pulseplane.vitals.Problem;
import java.net.InetAddress;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Who is at the other end of a connection. Worked out once for each connection, not for each call.
 *
 * @param address empty for a transport without one
 * @param text as the audit trail has it
 * @param local whether data may go there
 * @param certified who the client's certificate says it is; anonymous if it showed none
 * @param fault what is wrong with the certificate it showed
 * @param calls how many of its calls are under way
 * @param halfSent how many bytes of messages that have not ended are kept of it: see {@link HalfSent}
 */
record Peer(
        Optional<InetAddress> address,
        String text,
        boolean local,
        Identity certified,
        Optional<Problem> fault,
        AtomicInteger calls,
        AtomicLong halfSent) {

    static final Attributes.Key<Peer> KEY = Attributes.Key.create("pulseplane-peer");

    /** Somebody who came by a way that is none: to be trusted with nothing. */
    static Peer unknown() {
        return of(Optional.empty(), "", false, Identity.anonymous(), Optional.empty());
    }

    /** One that has just connected. */
    static Peer of(
            Optional<InetAddress> address, String text, boolean local, Identity certified, Optional<Problem> fault) {
        return new Peer(address, text, local, certified, fault, new AtomicInteger(), new AtomicLong());
    }
}
