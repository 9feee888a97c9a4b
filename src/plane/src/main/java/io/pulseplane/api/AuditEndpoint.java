package io.pulseplane.api;

import io.grpc.BindableService;
import io.grpc.ServerServiceDefinition;
import io.grpc.stub.StreamObserver;
import io.pulseplane.gate.audit.AuditEntry;
import io.pulseplane.gate.audit.Decision;
import io.pulseplane.gate.audit.reading.AuditFilter;
import io.pulseplane.gate.audit.reading.AuditReader;
import io.pulseplane.query.AnswerBudget;
import io.pulseplane.v1.AuditServiceGrpc;
import io.pulseplane.v1.ListRecordsRequest;
import io.pulseplane.v1.ListRecordsResponse;
import io.pulseplane.vitals.TimeRange;
import io.quarkus.grpc.GrpcService;
import io.smallrye.mutiny.Multi;
import io.smallrye.mutiny.Uni;
import io.smallrye.mutiny.infrastructure.Infrastructure;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Serves {@code AuditService}. */
@GrpcService
public class AuditEndpoint implements AuditServiceGrpc.AsyncService, BindableService {

    /** Records of one message. At some 500 bytes a record it has 250 kB; gRPC clients allow 4 MB by default. */
    private static final int RECORDS_PER_RESPONSE = 500;

    private final AuditTrailSource trail;
    private final AnswerBudget budget;

    public AuditEndpoint(AuditTrailSource trail, AnswerBudget budget) {
        this.trail = trail;
        this.budget = budget;
    }

    @Override
    public ServerServiceDefinition bindService() {
        return MalformedRequest.withMarkingMarshallers(AuditServiceGrpc.bindService(this));
    }

    @Override
    public void listRecords(ListRecordsRequest request, StreamObserver<ListRecordsResponse> responses) {
        StreamWriter.write(
                responses,
                budget,
                _ -> records(filter(request)),
                entries -> ListRecordsResponse.newBuilder()
                        .addAllRecords(
                                entries.stream().map(AuditMessages::record).toList())
                        .build());
    }

    private static AuditFilter filter(ListRecordsRequest request) {
        var violations = new Violations();
        long from = request.hasFromUs() ? request.getFromUs() : Long.MIN_VALUE;
        long to = request.hasToUs() ? request.getToUs() : Long.MAX_VALUE;
        violations.addUnless(from <= to, "from_us", "must not be after to_us");
        violations.addUnless(request.getLimit() >= 0, "limit", "must be at most " + Long.MAX_VALUE);
        var order = QueryRequestReader.order(request.getOrder(), violations);
        Optional<Decision> decision =
                switch (request.getDecision()) {
                    case DECISION_UNSPECIFIED -> Optional.empty();
                    case DECISION_PERMITTED -> Optional.of(Decision.PERMITTED);
                    case DECISION_REFUSED -> Optional.of(Decision.REFUSED);
                    case UNRECOGNIZED -> {
                        violations.add("decision", "must be a known decision");
                        yield Optional.empty();
                    }
                };
        violations.throwIfAny();
        return new AuditFilter(
                new TimeRange(from, to),
                nonEmpty(request.getSubject()),
                nonEmpty(request.getAction()),
                nonEmpty(request.getPatientId()),
                decision,
                order,
                request.getLimit() == 0 ? Long.MAX_VALUE : request.getLimit());
    }

    private static Optional<String> nonEmpty(String text) {
        return text.isEmpty() ? Optional.empty() : Optional.of(text);
    }

    /** Reads page by page on a worker thread. The next page is read when the one before it has been sent. */
    private Multi<List<AuditEntry>> records(AuditFilter filter) {
        var cursor = new TrailCursor(filter);
        return Multi.createBy()
                .repeating()
                .uni(() -> Uni.createFrom()
                        .item(cursor::nextPage)
                        .runSubscriptionOn(Infrastructure.getDefaultWorkerPool())
                        .chain(trail::resolve))
                .whilst(page -> page.size() == RECORDS_PER_RESPONSE)
                .filter(page -> !page.isEmpty())
                .onTermination()
                .invoke(() -> Infrastructure.getDefaultWorkerPool().execute(cursor::close));
    }

    /** A reader that is opened for the first page. Another thread may close it; it is then closed between two pages. */
    private final class TrailCursor {

        private final AuditFilter filter;
        private AuditReader reader;
        private boolean closed;

        TrailCursor(AuditFilter filter) {
            this.filter = filter;
        }

        synchronized List<AuditEntry> nextPage() {
            var page = new ArrayList<AuditEntry>();
            if (closed) {
                return page;
            }
            if (reader == null) {
                reader = trail.open(filter);
            }
            while (page.size() < RECORDS_PER_RESPONSE) {
                var entry = reader.next();
                if (entry.isEmpty()) {
                    break;
                }
                page.add(entry.get());
            }
            return page;
        }

        synchronized void close() {
            closed = true;
            if (reader != null) {
                reader.close();
            }
        }
    }
}
