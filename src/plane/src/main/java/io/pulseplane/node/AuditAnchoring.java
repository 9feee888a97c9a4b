package io.pulseplane.node;

import io.pulseplane.gate.audit.SigningKey;
import io.pulseplane.gate.audit.anchoring.Anchor;
import io.pulseplane.gate.audit.anchoring.AnchorPlace;
import io.pulseplane.gate.audit.anchoring.PeriodicAnchoring;
import io.pulseplane.gate.audit.writing.AuditTrail;
import io.pulseplane.node.config.GateConfig;
import io.pulseplane.node.config.PlaneConfig;
import io.pulseplane.node.config.StartupException;
import io.quarkus.runtime.ShutdownEvent;
import io.quarkus.runtime.StartupEvent;
import jakarta.enterprise.event.Observes;
import jakarta.inject.Singleton;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/** Anchors the end of the audit trail at an interval, if the configuration names places. */
@Singleton
final class AuditAnchoring {

    /** A shorter interval would sync the head more often than the trail does. */
    private static final Duration SHORTEST = Duration.ofSeconds(1);

    private final GateConfig gate;
    private final PlaneConfig plane;
    private final AuditTrail trail;
    private Optional<PeriodicAnchoring> running = Optional.empty();

    AuditAnchoring(GateConfig gate, PlaneConfig plane, AuditTrail trail) {
        this.gate = gate;
        this.plane = plane;
        this.trail = trail;
    }

    void onStart(@Observes StartupEvent event) {
        var places = places();
        if (trail.isEnabled() && !places.isEmpty()) {
            var directory = gate.auditDirectory(plane.dataDir());
            var key = SigningKey.readPublic(directory.resolve("node.pub"));
            running = Optional.of(PeriodicAnchoring.start(
                    () -> Anchor.take(directory, key), places, gate.audit().anchorInterval()));
        }
    }

    private List<AnchorPlace> places() {
        if (gate.audit().anchorInterval().compareTo(SHORTEST) < 0) {
            throw new StartupException("pulseplane.audit.anchor-interval: must be at least 1s");
        }
        try {
            return gate.audit().anchorTo().orElse(List.of()).stream()
                    .map(text -> AnchorPlace.parse(text.strip()))
                    .toList();
        } catch (IllegalArgumentException e) {
            throw new StartupException("pulseplane.audit.anchor-to: " + e.getMessage());
        }
    }

    void onStop(@Observes ShutdownEvent event) {
        running.ifPresent(PeriodicAnchoring::close);
    }
}
