package io.pulseplane.node;

import static org.assertj.core.api.Assertions.assertThat;

import io.grpc.BindableService;
import io.grpc.MethodDescriptor;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServiceDescriptor;
import io.grpc.reflection.v1.ServerReflectionGrpc;
import io.pulseplane.node.metrics.CallMetrics;
import io.pulseplane.v1.AuditServiceGrpc;
import io.pulseplane.v1.IngestServiceGrpc;
import io.pulseplane.v1.QueryServiceGrpc;
import io.pulseplane.v1.RegistryServiceGrpc;
import io.quarkus.grpc.runtime.Interceptors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class GateInterceptorTest {

    private final BindableService reflection = new ServerReflectionGrpc.ServerReflectionImplBase() {};

    private final GateInterceptor interceptor = new GateInterceptor(
            null,
            Stream.of(
                    new IngestServiceGrpc.IngestServiceImplBase() {},
                    new QueryServiceGrpc.QueryServiceImplBase() {},
                    new RegistryServiceGrpc.RegistryServiceImplBase() {},
                    new AuditServiceGrpc.AuditServiceImplBase() {},
                    reflection));

    @Test
    void calls_every_rpc_of_the_plane_itself() {
        assertThat(Stream.of(
                                IngestServiceGrpc.getServiceDescriptor(),
                                QueryServiceGrpc.getServiceDescriptor(),
                                RegistryServiceGrpc.getServiceDescriptor(),
                                AuditServiceGrpc.getServiceDescriptor())
                        .map(ServiceDescriptor::getMethods)
                        .flatMap(rpcs -> rpcs.stream()))
                .isNotEmpty()
                .noneMatch(this::isCalledByQuarkus);
    }

    @Test
    void leaves_the_services_of_quarkus_to_quarkus() {
        assertThat(reflection.bindService().getServiceDescriptor().getMethods())
                .isNotEmpty()
                .allMatch(this::isCalledByQuarkus);
    }

    @Test
    void runs_outside_of_the_interceptors_of_quarkus_and_inside_of_the_metrics() {
        assertThat(interceptor.getPriority())
                .isGreaterThan(Interceptors.DUPLICATE_CONTEXT)
                .isLessThan(new CallMetrics(null).getPriority());
    }

    private <Q, R> boolean isCalledByQuarkus(MethodDescriptor<Q, R> rpc) {
        ServerCallHandler<Q, R> next = (_, _) -> new ServerCall.Listener<>() {};
        return interceptor.endpoint(rpc, next) == next;
    }
}
