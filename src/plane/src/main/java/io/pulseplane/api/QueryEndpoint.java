package io.pulseplane.api;

import io.grpc.BindableService;
import io.grpc.ServerServiceDefinition;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import io.pulseplane.api.v1.AggregateRequest;
import io.pulseplane.api.v1.AggregateResponse;
import io.pulseplane.api.v1.Function;
import io.pulseplane.api.v1.GetLatestRequest;
import io.pulseplane.api.v1.GetLatestResponse;
import io.pulseplane.api.v1.GetStatisticsRequest;
import io.pulseplane.api.v1.GetStatisticsResponse;
import io.pulseplane.api.v1.QueryReadingsRequest;
import io.pulseplane.api.v1.QueryReadingsResponse;
import io.pulseplane.api.v1.QueryServiceGrpc;
import io.pulseplane.api.v1.StreamLatestRequest;
import io.pulseplane.api.v1.StreamLatestResponse;
import io.pulseplane.api.v1.WatchRequest;
import io.pulseplane.api.v1.WatchResponse;
import io.pulseplane.live.Watchers;
import io.pulseplane.query.Aggregation;
import io.pulseplane.query.LatestQuery;
import io.pulseplane.query.Question;
import io.pulseplane.query.RangeQuery;
import io.pulseplane.vitals.Reading;
import io.quarkus.grpc.GrpcService;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;

/** {@code QueryService}. */
@GrpcService
public class QueryEndpoint implements QueryServiceGrpc.AsyncService, BindableService {

    private static final long MIN_WINDOW = TimeUnit.SECONDS.toMicros(1);
    private static final long MAX_WINDOW = TimeUnit.DAYS.toMicros(36_500);

    private final LatestQuery latest;
    private final RangeQuery ranges;
    private final Aggregation aggregation;
    private final Watchers watchers;
    private final Limits limits;

    public QueryEndpoint(
            LatestQuery latest, RangeQuery ranges, Aggregation aggregation, Watchers watchers, Limits limits) {
        this.latest = latest;
        this.ranges = ranges;
        this.aggregation = aggregation;
        this.watchers = watchers;
        this.limits = limits;
    }

    @Override
    public ServerServiceDefinition bindService() {
        return Unreadable.markedBy(QueryServiceGrpc.bindService(this));
    }

    @Override
    public void getLatest(GetLatestRequest request, StreamObserver<GetLatestResponse> responses) {
        Question question;
        try {
            question = question(request);
        } catch (RuntimeException failure) {
            responses.onError(Errors.exception(failure));
            return;
        }
        var known = latest.now(question);
        if (known.isPresent()) {
            // The common case needs no timer, no subscription and no thread.
            Unary.finish(responses, answer(known.get()));
        } else {
            Unary.answer(
                    responses,
                    () -> Deadlines.limit(latest.ask(question).map(QueryEndpoint::answer), limits.unaryDeadline()));
        }
    }

    private static Question question(GetLatestRequest request) {
        var violations = new Violations();
        var question = QueryReader.question(
                request.hasPatientId(),
                request.getPatientId(),
                request.hasDeviceId(),
                request.getDeviceId(),
                request.getCodesList(),
                violations);
        violations.throwIfAny();
        return question;
    }

    private static GetLatestResponse answer(List<Reading> readings) {
        var response = GetLatestResponse.newBuilder();
        for (var reading : readings) {
            response.addReadings(QueryMessages.reading(reading));
        }
        return response.build();
    }

    @Override
    public StreamObserver<StreamLatestRequest> streamLatest(StreamObserver<StreamLatestResponse> responses) {
        return new LatestStream(
                latest, limits.unaryDeadline(), (ServerCallStreamObserver<StreamLatestResponse>) responses);
    }

    @Override
    public void queryReadings(QueryReadingsRequest request, StreamObserver<QueryReadingsResponse> responses) {
        StreamWriter.write(
                responses,
                () -> ranges.ask(
                        range(request),
                        request.getPageToken(),
                        request.getLimit() <= 0 ? Long.MAX_VALUE : request.getLimit()),
                chunk -> QueryReadingsResponse.newBuilder()
                        .addAllSeries(QueryMessages.columns(chunk.columns()))
                        .setPageToken(chunk.pageToken())
                        .build());
    }

    private static RangeQuery.Range range(QueryReadingsRequest request) {
        var violations = new Violations();
        var range = new RangeQuery.Range(
                QueryReader.question(
                        request.hasPatientId(),
                        request.getPatientId(),
                        request.hasDeviceId(),
                        request.getDeviceId(),
                        request.getCodesList(),
                        violations),
                QueryReader.range(
                        request.hasFromUs(), request.getFromUs(), request.hasToUs(), request.getToUs(), violations),
                QueryReader.order(request.getOrder(), violations));
        violations.throwIfAny();
        return range;
    }

    @Override
    public void aggregate(AggregateRequest request, StreamObserver<AggregateResponse> responses) {
        var quantiles = request.getQuantilesList().stream()
                .mapToDouble(Double::doubleValue)
                .toArray();
        StreamWriter.write(
                responses,
                () -> aggregation.windows(windowed(request)),
                windows -> QueryMessages.windows(windows, functions(request), quantiles));
    }

    private static Aggregation.Windowed windowed(AggregateRequest request) {
        var violations = new Violations();
        violations.addUnless(
                request.getWindowUs() >= MIN_WINDOW && request.getWindowUs() <= MAX_WINDOW,
                "window_us",
                "must be from " + MIN_WINDOW + " to " + MAX_WINDOW);
        violations.addUnless(
                !request.getFillEmpty() || request.hasFromUs() && request.hasToUs(),
                "fill_empty",
                "must not be set without from_us and to_us");
        for (int i = 0; i < request.getFunctionsCount(); i++) {
            var function = request.getFunctions(i);
            violations.addUnless(
                    function != Function.FUNCTION_UNSPECIFIED && function != Function.UNRECOGNIZED,
                    "functions[" + i + "]",
                    "must be one of the functions there are");
        }
        var windowed = new Aggregation.Windowed(
                QueryReader.question(
                        request.hasPatientId(),
                        request.getPatientId(),
                        request.hasDeviceId(),
                        request.getDeviceId(),
                        request.getCodesList(),
                        violations),
                QueryReader.range(
                        request.hasFromUs(), request.getFromUs(), request.hasToUs(), request.getToUs(), violations),
                request.getWindowUs(),
                QueryReader.quantiles(request.getQuantilesList(), violations),
                request.getFillEmpty(),
                QueryReader.grouping(request.getGrouping(), violations));
        violations.throwIfAny();
        return windowed;
    }

    private static Set<Function> functions(AggregateRequest request) {
        if (request.getFunctionsCount() > 0) {
            return EnumSet.copyOf(request.getFunctionsList());
        }
        return EnumSet.complementOf(EnumSet.of(Function.FUNCTION_UNSPECIFIED, Function.UNRECOGNIZED));
    }

    @Override
    public void getStatistics(GetStatisticsRequest request, StreamObserver<GetStatisticsResponse> responses) {
        Unary.answer(responses, () -> {
            var violations = new Violations();
            var question = QueryReader.question(
                    request.hasPatientId(),
                    request.getPatientId(),
                    request.hasDeviceId(),
                    request.getDeviceId(),
                    request.getCodesList(),
                    violations);
            var range = QueryReader.range(
                    request.hasFromUs(), request.getFromUs(), request.hasToUs(), request.getToUs(), violations);
            var quantiles = QueryReader.quantiles(request.getQuantilesList(), violations);
            var grouping = QueryReader.grouping(request.getGrouping(), violations);
            violations.throwIfAny();
            var answer = aggregation
                    .statistics(question, range, quantiles, grouping)
                    .map(all -> GetStatisticsResponse.newBuilder()
                            .addAllStatistics(
                                    all.stream().map(QueryMessages::statistics).toList())
                            .build());
            return Deadlines.limit(answer, limits.unaryDeadline());
        });
    }

    @Override
    public void watch(WatchRequest request, StreamObserver<WatchResponse> responses) {
        StreamWriter.write(
                responses,
                () -> {
                    var violations = new Violations();
                    var codes = QueryReader.codes(request.getCodesList(), violations);
                    var patients = QueryReader.patients(request.getPatientIdsList(), violations);
                    violations.throwIfAny();
                    var watch = watchers.watch(patients, codes);
                    responses.onNext(WatchResponse.getDefaultInstance());
                    return watch;
                },
                columns -> WatchResponse.newBuilder()
                        .addAllSeries(QueryMessages.columns(columns))
                        .build());
    }
}
