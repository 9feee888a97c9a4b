package io.pulseplane.api;

import io.grpc.BindableService;
import io.grpc.ServerServiceDefinition;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import io.pulseplane.gate.Caller;
import io.pulseplane.live.Watchers;
import io.pulseplane.query.AggregateQuery;
import io.pulseplane.query.AnswerBudget;
import io.pulseplane.query.LatestQuery;
import io.pulseplane.query.RangeQuery;
import io.pulseplane.query.SeriesSelector;
import io.pulseplane.v1.AggregateRequest;
import io.pulseplane.v1.AggregateResponse;
import io.pulseplane.v1.Function;
import io.pulseplane.v1.GetLatestRequest;
import io.pulseplane.v1.GetLatestResponse;
import io.pulseplane.v1.GetStatisticsRequest;
import io.pulseplane.v1.GetStatisticsResponse;
import io.pulseplane.v1.QueryReadingsRequest;
import io.pulseplane.v1.QueryReadingsResponse;
import io.pulseplane.v1.QueryServiceGrpc;
import io.pulseplane.v1.StreamLatestRequest;
import io.pulseplane.v1.StreamLatestResponse;
import io.pulseplane.v1.WatchRequest;
import io.pulseplane.v1.WatchResponse;
import io.pulseplane.vitals.Catalogue;
import io.pulseplane.vitals.Reading;
import io.quarkus.grpc.GrpcService;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;

/** The endpoint of {@code QueryService}. */
@GrpcService
public class QueryEndpoint implements QueryServiceGrpc.AsyncService, BindableService {

    private final LatestQuery latest;
    private final RangeQuery ranges;
    private final AggregateQuery aggregates;
    private final Watchers watchers;
    private final AnswerBudget budget;
    private final EndpointLimits limits;
    private final QueryMessages messages;

    public QueryEndpoint(
            LatestQuery latest,
            RangeQuery ranges,
            AggregateQuery aggregates,
            Watchers watchers,
            AnswerBudget budget,
            EndpointLimits limits,
            Catalogue catalogue) {
        this.latest = latest;
        this.ranges = ranges;
        this.aggregates = aggregates;
        this.watchers = watchers;
        this.budget = budget;
        this.limits = limits;
        this.messages = new QueryMessages(catalogue);
    }

    @Override
    public ServerServiceDefinition bindService() {
        return MalformedRequest.withMarkingMarshallers(QueryServiceGrpc.bindService(this));
    }

    @Override
    public void getLatest(GetLatestRequest request, StreamObserver<GetLatestResponse> responses) {
        SeriesSelector selector;
        try {
            selector = selector(request);
        } catch (RuntimeException failure) {
            responses.onError(StatusMapper.toException(failure));
            return;
        }
        var cached = latest.cachedAnswer(selector);
        if (cached.isPresent()) {
            // The common case needs no timer, no subscription and no other thread.
            UnaryCalls.send(responses, answer(cached.get()));
        } else {
            UnaryCalls.answer(
                    responses,
                    () -> limits.deadlines().limit(latest.execute(selector).map(this::answer)));
        }
    }

    private static SeriesSelector selector(GetLatestRequest request) {
        var violations = new Violations();
        var selector = QueryRequestReader.selector(
                request.hasPatientId(),
                request.getPatientId(),
                request.hasDeviceId(),
                request.getDeviceId(),
                request.getCodesList(),
                violations);
        violations.throwIfAny();
        return selector;
    }

    private GetLatestResponse answer(List<Reading> readings) {
        var response = GetLatestResponse.newBuilder();
        for (var reading : readings) {
            response.addReadings(messages.reading(reading));
        }
        return response.build();
    }

    @Override
    public StreamObserver<StreamLatestRequest> streamLatest(StreamObserver<StreamLatestResponse> responses) {
        return LatestStream.open(
                latest, messages, limits.deadlines(), budget, (ServerCallStreamObserver<StreamLatestResponse>)
                        responses);
    }

    @Override
    public void queryReadings(QueryReadingsRequest request, StreamObserver<QueryReadingsResponse> responses) {
        StreamWriter.write(
                responses,
                budget,
                account -> ranges.execute(
                        rangeParameters(request),
                        request.getPageToken(),
                        request.getLimit() <= 0 ? Long.MAX_VALUE : request.getLimit(),
                        account),
                page -> QueryReadingsResponse.newBuilder()
                        .addAllSeries(messages.columns(page.columns()))
                        .setPageToken(page.pageToken())
                        .build());
    }

    private static RangeQuery.Parameters rangeParameters(QueryReadingsRequest request) {
        var violations = new Violations();
        var parameters = new RangeQuery.Parameters(
                QueryRequestReader.selector(
                        request.hasPatientId(),
                        request.getPatientId(),
                        request.hasDeviceId(),
                        request.getDeviceId(),
                        request.getCodesList(),
                        violations),
                QueryRequestReader.range(
                        request.hasFromUs(), request.getFromUs(), request.hasToUs(), request.getToUs(), violations),
                QueryRequestReader.order(request.getOrder(), violations));
        violations.throwIfAny();
        return parameters;
    }

    @Override
    public void aggregate(AggregateRequest request, StreamObserver<AggregateResponse> responses) {
        var quantiles = request.getQuantilesList().stream()
                .mapToDouble(Double::doubleValue)
                .toArray();
        StreamWriter.write(
                responses,
                budget,
                account -> aggregates.windows(windowParameters(request), account),
                windows -> QueryMessages.windows(windows, functions(request), quantiles));
    }

    private static AggregateQuery.WindowParameters windowParameters(AggregateRequest request) {
        var violations = new Violations();
        violations.addUnless(
                !request.getFillEmpty() || (request.hasFromUs() && request.hasToUs()),
                "fill_empty",
                "must not be set without from_us and to_us");
        for (int i = 0; i < request.getFunctionsCount(); i++) {
            var function = request.getFunctions(i);
            violations.addUnless(
                    function != Function.FUNCTION_UNSPECIFIED && function != Function.UNRECOGNIZED,
                    "functions[" + i + "]",
                    "must be a known function");
        }
        var parameters = new AggregateQuery.WindowParameters(
                QueryRequestReader.selector(
                        request.hasPatientId(),
                        request.getPatientId(),
                        request.hasDeviceId(),
                        request.getDeviceId(),
                        request.getCodesList(),
                        violations),
                QueryRequestReader.range(
                        request.hasFromUs(), request.getFromUs(), request.hasToUs(), request.getToUs(), violations),
                WindowGridReader.grid(request, violations),
                QueryRequestReader.quantiles(request.getQuantilesList(), violations),
                request.getFillEmpty(),
                QueryRequestReader.grouping(request.getGrouping(), violations),
                request.getIncludeImplausible());
        violations.throwIfAny();
        return parameters;
    }

    private static Set<Function> functions(AggregateRequest request) {
        if (request.getFunctionsCount() > 0) {
            return EnumSet.copyOf(request.getFunctionsList());
        }
        return EnumSet.complementOf(EnumSet.of(Function.FUNCTION_UNSPECIFIED, Function.UNRECOGNIZED));
    }

    @Override
    public void getStatistics(GetStatisticsRequest request, StreamObserver<GetStatisticsResponse> responses) {
        UnaryCalls.answer(responses, () -> {
            var parameters = statisticsParameters(request);
            var account = budget.open(Caller.subject());
            var answer = aggregates
                    .statistics(parameters, account)
                    .map(all -> GetStatisticsResponse.newBuilder()
                            .addAllStatistics(
                                    all.stream().map(QueryMessages::statistics).toList())
                            .build())
                    .onTermination()
                    .invoke(account::close);
            return limits.deadlines().limit(answer);
        });
    }

    private static AggregateQuery.StatisticsParameters statisticsParameters(GetStatisticsRequest request) {
        var violations = new Violations();
        var parameters = new AggregateQuery.StatisticsParameters(
                QueryRequestReader.selector(
                        request.hasPatientId(),
                        request.getPatientId(),
                        request.hasDeviceId(),
                        request.getDeviceId(),
                        request.getCodesList(),
                        violations),
                QueryRequestReader.range(
                        request.hasFromUs(), request.getFromUs(), request.hasToUs(), request.getToUs(), violations),
                QueryRequestReader.quantiles(request.getQuantilesList(), violations),
                QueryRequestReader.grouping(request.getGrouping(), violations),
                request.getIncludeImplausible());
        violations.throwIfAny();
        return parameters;
    }

    @Override
    public void watch(WatchRequest request, StreamObserver<WatchResponse> responses) {
        StreamWriter.write(
                responses,
                budget,
                account -> {
                    var violations = new Violations();
                    var codes = QueryRequestReader.codes(request.getCodesList(), violations);
                    var patients = QueryRequestReader.patients(request.getPatientIdsList(), violations);
                    violations.throwIfAny();
                    var watch = watchers.watch(patients, codes, account::coverQueue);
                    responses.onNext(WatchResponse.getDefaultInstance());
                    return watch;
                },
                columns -> WatchResponse.newBuilder()
                        .addAllSeries(messages.columns(columns))
                        .build());
    }
}
