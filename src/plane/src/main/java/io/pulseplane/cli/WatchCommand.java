package io.pulseplane.cli;

import io.grpc.Channel;
import io.grpc.Context;
import io.grpc.StatusRuntimeException;
import io.pulseplane.v1.QueryServiceGrpc;
import io.pulseplane.v1.WatchRequest;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Prints readings when they become durable, until Ctrl-C. */
@Command(name = "watch", description = "Show readings as they arrive, until Ctrl-C.")
final class WatchCommand implements Callable<Integer> {

    @Mixin
    private ConnectionOptions plane;

    @Spec
    private CommandSpec spec;

    @Option(
            names = "--patient",
            paramLabel = "ID",
            required = true,
            description = "Readings of this patient; repeat for more.")
    private List<String> patients;

    @Option(
            names = "--code",
            paramLabel = "LOINC",
            split = ",",
            description = "Only these codes; repeat or separate by commas. Default: all")
    private List<String> codes = List.of();

    @Override
    public Integer call() throws Exception {
        var request = WatchRequest.newBuilder()
                .addAllPatientIds(patients)
                .addAllCodes(codes)
                .build();
        var out = spec.commandLine().getOut();
        var printer = new QueryPrinter(out, plane.json());
        return plane.as(QueryPrinter.READER_ROLE, channel -> {
            var call = Context.current().withCancellation();
            if (out instanceof StandardOutput output) {
                output.whenReaderLeaves(() -> call.cancel(new OutputClosedException("nobody reads the output", null)));
            }
            try {
                return call.call(() -> watch(channel, request, printer));
            } catch (StatusRuntimeException e) {
                throw call.cancellationCause() instanceof OutputClosedException closed ? closed : e;
            } finally {
                call.close();
            }
        });
    }

    private int watch(Channel channel, WatchRequest request, QueryPrinter printer) {
        var out = spec.commandLine().getOut();
        var responses = QueryServiceGrpc.newBlockingStub(channel).watch(request);
        while (responses.hasNext()) {
            var response = responses.next();
            if (plane.json()) {
                out.println(Json.line(response));
                out.flush();
            } else {
                printer.watch(response.getSeriesList());
            }
        }
        return ExitStatus.OK;
    }
}
