package io.pulseplane.gate;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import com.google.protobuf.BytesValue;
import io.pulseplane.vitals.PlaneException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.junit.jupiter.api.Test;

class PendingRequestsTest {

    private static final GrantCache.Basis BASIS = new GrantCache.Basis(1, 0, "policy");
    private static final AccessRequest REQUEST = new AccessRequest(Action.QUERY, "rpc", Access.ofPatient("ada"));

    private final PendingRequests<BytesValue> pending = new PendingRequests<>();

    private static PendingRequests.PendingRequest<BytesValue> entry(long bytes) {
        return new PendingRequests.PendingRequest<>(BytesValue.of(ByteString.copyFrom(new byte[(int) bytes])));
    }

    private PendingRequests.PendingRequest<BytesValue> waitingFor(CompletionStage<Void> decision) {
        var entry = entry(1);
        entry.awaitDecision(REQUEST, BASIS, decision);
        pending.add(entry);
        return entry;
    }

    private long take() {
        long size = pending.first().request().getValue().size();
        pending.removeFirst();
        return size;
    }

    @Test
    void keeps_requests_in_their_order() {
        assertThat(pending.isEmpty()).isTrue();
        assertThat(pending.add(entry(1))).isTrue();
        assertThat(pending.add(entry(2))).isTrue();
        assertThat(take()).isEqualTo(1);
        assertThat(take()).isEqualTo(2);
        assertThat(pending.isEmpty()).isTrue();
        assertThat(pending.first()).isNull();
    }

    @Test
    void has_room_again_when_a_request_has_left() {
        assertThat(pending.add(entry(PendingRequests.MAX_BYTES / 2))).isTrue();
        assertThat(pending.add(entry(PendingRequests.MAX_BYTES / 4))).isTrue();
        take();
        assertThat(pending.add(entry(PendingRequests.MAX_BYTES / 2))).isTrue();
        assertThat(pending.add(entry(PendingRequests.MAX_BYTES / 4))).isFalse();
    }

    @Test
    void has_all_its_room_again_after_clear() {
        pending.add(entry(PendingRequests.MAX_BYTES / 2));
        pending.clear();
        assertThat(pending.isEmpty()).isTrue();
        assertThat(pending.add(entry(PendingRequests.MAX_BYTES - 100))).isTrue();
    }

    @Test
    void permits_all_requests_that_wait_for_a_decision_and_no_others() {
        var written = new CompletableFuture<Void>();
        var first = waitingFor(written);
        var other = waitingFor(new CompletableFuture<>());
        var last = waitingFor(written);

        pending.resolve(written, null);
        assertThat(first.isDecided()).isTrue();
        assertThat(last.isDecided()).isTrue();
        assertThat(last.refusal()).isNull();
        assertThat(last.accessRequest()).isEqualTo(REQUEST);
        assertThat(other.isDecided()).isFalse();
    }

    @Test
    void refuses_all_requests_that_wait_for_a_failed_decision() {
        var written = new CompletableFuture<Void>();
        var request = waitingFor(written);
        var refusal = new PlaneException.PermissionDenied("not permitted: no_consent");
        pending.resolve(written, refusal);
        assertThat(request.isDecided()).isTrue();
        assertThat(request.refusal()).isSameAs(refusal);
    }

    @Test
    void does_not_wait_for_a_decision_that_is_made_at_once() {
        var request = waitingFor(DecisionPoint.PERMITTED);
        assertThat(request.isDecided()).isTrue();
        assertThat(request.decision()).isNull();
    }
}
