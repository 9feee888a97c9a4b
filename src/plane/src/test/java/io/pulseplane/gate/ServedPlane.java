package io.pulseplane.gate;

import io.grpc.Channel;
import io.grpc.ClientInterceptors;
import io.grpc.ManagedChannel;
import io.pulseplane.api.FreshDirectory;
import io.pulseplane.api.Tokens;
import io.pulseplane.gate.audit.AuditEntry;
import io.pulseplane.gate.audit.AuditRecord;
import io.pulseplane.gate.audit.reading.AuditFilter;
import io.pulseplane.gate.audit.reading.AuditReader;
import io.pulseplane.node.config.PlaneConfig;
import io.pulseplane.v1.Batch;
import io.pulseplane.v1.Columns;
import io.pulseplane.v1.ListPatientsRequest;
import io.pulseplane.v1.PutReadingsRequest;
import io.pulseplane.v1.RegistryServiceGrpc;
import io.pulseplane.vitals.Order;
import io.quarkus.grpc.runtime.GrpcServer;
import io.quarkus.test.common.WithTestResource;
import jakarta.inject.Inject;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;

/** The plane as Quarkus serves it, with its gate and the built-in policy. */
@WithTestResource(FreshDirectory.class)
abstract class ServedPlane {

    final String device = "monitor-" + UUID.randomUUID();

    @Inject
    GrpcServer server;

    @Inject
    PlaneConfig config;

    private final List<ManagedChannel> open = new ArrayList<>();

    @AfterEach
    void close() throws InterruptedException {
        for (var channel : open) {
            channel.shutdownNow().awaitTermination(5, TimeUnit.SECONDS);
        }
    }

    /** Closes the channel when the test is over. */
    ManagedChannel keep(ManagedChannel channel) {
        open.add(channel);
        return channel;
    }

    String token(String role) {
        return Tokens.of(config.dataDir(), "somebody", role);
    }

    Channel as(String role, Channel channel) {
        return ClientInterceptors.intercept(channel, Tokens.bearer(token(role)));
    }

    /** A call that the policy permits. */
    CallResult patients(Channel channel) {
        return CallResult.of(
                as("clinical_admin", channel),
                RegistryServiceGrpc.getListPatientsMethod(),
                ListPatientsRequest.getDefaultInstance());
    }

    static PutReadingsRequest readings(String device) {
        return PutReadingsRequest.newBuilder()
                .setBatch(Batch.newBuilder()
                        .setDeviceId(device)
                        .setPatientId("ada")
                        .setSequence(1)
                        .addColumns(Columns.newBuilder()
                                .setCode("8867-4")
                                .setUnit("/min")
                                .setStartUs(1_763_000_000_000_000L)
                                .addTimeDeltaUs(0)
                                .addValues(60)))
                .build();
    }

    /** The number of the newest record of the audit trail. */
    long records() {
        return newest().number();
    }

    AuditRecord lastRecord() {
        return newest().record();
    }

    private AuditEntry newest() {
        var directory = config.dataDir().resolve("audit");
        try (var reader = AuditReader.open(directory, AuditFilter.all(Order.NEWEST_FIRST))) {
            return reader.next().orElseThrow();
        }
    }
}
