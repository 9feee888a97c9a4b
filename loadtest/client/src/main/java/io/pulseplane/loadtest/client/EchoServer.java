package io.pulseplane.loadtest.client;

import io.grpc.BindableService;
import io.grpc.MethodDescriptor;
import io.grpc.netty.NettyServerBuilder;
import io.grpc.stub.StreamObserver;
import io.netty.channel.nio.NioEventLoopGroup;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.pulseplane.v1.GetLatestRequest;
import io.pulseplane.v1.GetLatestResponse;
import io.pulseplane.v1.QueryServiceGrpc;
import io.pulseplane.v1.Reading;
import io.pulseplane.v1.StreamLatestRequest;
import io.pulseplane.v1.StreamLatestResponse;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.grpc.VertxServerBuilder;
import io.vertx.grpc.common.GrpcMessageDecoder;
import io.vertx.grpc.common.GrpcMessageEncoder;
import io.vertx.grpc.common.ServiceMethod;
import io.vertx.grpc.common.ServiceName;
import io.vertx.grpc.server.GrpcServer;
import java.io.IOException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/**
 * A baseline: a server that answers every query with one fixed reading, without a gate, a store or metrics. It has the
 * plane's rpcs, so that the same client measures both.
 */
final class EchoServer {

    /** The gRPC implementation. */
    enum Kind {
        /** grpc-java alone. */
        NETTY,
        /** grpc-java inside Vert.x, as in Quarkus and in the plane. */
        QUARKUS,
        /** The gRPC implementation of Vert.x, which Quarkus uses on its HTTP port. */
        VERTX
    }

    private static final Reading READING = Reading.newBuilder()
            .setPatientId("p-00001")
            .setDeviceId("m-00001")
            .setCode("8867-4")
            .setUnit("/min")
            .setTimeUs(1_763_000_000_000_000L)
            .setValue(72)
            .build();

    private EchoServer() {}

    public static void main(String[] arguments) throws Exception {
        int port =
                switch (Kind.valueOf(arguments[0])) {
                    case NETTY -> netty();
                    case QUARKUS -> quarkus();
                    case VERTX -> vertx();
                };
        System.out.println("echo listens on " + port);
        Thread.currentThread().join();
    }

    private static int netty() throws IOException {
        return NettyServerBuilder.forPort(0)
                .directExecutor()
                .bossEventLoopGroup(new NioEventLoopGroup(1))
                .workerEventLoopGroup(new NioEventLoopGroup(1))
                .channelType(NioServerSocketChannel.class)
                .addService(new Echo())
                .build()
                .start()
                .getPort();
    }

    private static int quarkus() throws Exception {
        var server = VertxServerBuilder.forAddress(oneLoop(), "127.0.0.1", 0)
                .addService((BindableService) new Echo())
                .build();
        var started = new CompletableFuture<Void>();
        server.start(result -> {
            if (result.succeeded()) {
                started.complete(null);
            } else {
                started.completeExceptionally(result.cause());
            }
        });
        started.get(1, TimeUnit.MINUTES);
        return server.getPort();
    }

    private static int vertx() throws Exception {
        var vertx = oneLoop();
        var server = GrpcServer.server(vertx);
        server.callHandler(
                serviceMethod(QueryServiceGrpc.getGetLatestMethod()),
                call -> call.handler(_ -> call.response().end(latest())));
        server.callHandler(serviceMethod(QueryServiceGrpc.getStreamLatestMethod()), call -> {
            call.handler(_ -> call.response().write(streamed()));
            call.endHandler(_ -> call.response().end());
        });
        return vertx.createHttpServer()
                .requestHandler(server)
                .listen(0, "127.0.0.1")
                .toCompletionStage()
                .toCompletableFuture()
                .get(1, TimeUnit.MINUTES)
                .actualPort();
    }

    private static <Q, R> ServiceMethod<Q, R> serviceMethod(MethodDescriptor<Q, R> rpc) {
        return ServiceMethod.server(
                ServiceName.create(rpc.getServiceName()),
                rpc.getBareMethodName(),
                GrpcMessageEncoder.marshaller(rpc.getResponseMarshaller()),
                GrpcMessageDecoder.unmarshaller(rpc.getRequestMarshaller()));
    }

    private static Vertx oneLoop() {
        return Vertx.vertx(new VertxOptions().setEventLoopPoolSize(1));
    }

    private static GetLatestResponse latest() {
        return GetLatestResponse.newBuilder().addReadings(READING).build();
    }

    private static StreamLatestResponse streamed() {
        return StreamLatestResponse.newBuilder().addReadings(READING).build();
    }

    private static final class Echo extends QueryServiceGrpc.QueryServiceImplBase {

        @Override
        public void getLatest(GetLatestRequest request, StreamObserver<GetLatestResponse> answers) {
            answers.onNext(latest());
            answers.onCompleted();
        }

        @Override
        public StreamObserver<StreamLatestRequest> streamLatest(StreamObserver<StreamLatestResponse> answers) {
            return new StreamObserver<>() {
                @Override
                public void onNext(StreamLatestRequest request) {
                    answers.onNext(streamed());
                }

                @Override
                public void onError(Throwable failure) {
                    // The client has closed the connection.
                }

                @Override
                public void onCompleted() {
                    answers.onCompleted();
                }
            };
        }
    }
}
