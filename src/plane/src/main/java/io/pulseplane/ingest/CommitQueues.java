package io.pulseplane.ingest;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.function.Function;
import java.util.stream.Stream;

/**
 * Parallel queues of pending batches. A device stays in its queue while any of its batches waits or is being stored, so
 * its batches keep their order. A device without pending batches goes to the queue with the fewest. Not thread-safe.
 *
 * @param <T> the type of a pending batch
 */
final class CommitQueues<T> {

    /** One queue. At most one group of it is being stored. */
    final class CommitQueue {

        private final Queue<T> items = new ArrayDeque<>();
        private boolean busy;
        private int pendingCount;

        Queue<T> items() {
            return items;
        }

        boolean isBusy() {
            return busy;
        }

        void begin() {
            busy = true;
        }

        void end(List<T> group, Function<T, String> device) {
            busy = false;
            pendingCount -= group.size();
            if (queues.size() > 1) {
                group.forEach(item -> release(device.apply(item)));
            }
        }
    }

    /** The queue of a device, and the number of its pending batches. */
    private record QueuedDevice<Q>(Q queue, int pendingCount) {}

    private final List<CommitQueue> queues;

    /** Has only devices with pending batches, which the budget bounds. Empty if there is one queue. */
    private final Map<String, QueuedDevice<CommitQueue>> entriesByDevice = new HashMap<>();

    CommitQueues(int count) {
        queues = new ArrayList<>(Stream.generate(CommitQueue::new).limit(count).toList());
    }

    CommitQueue add(String device, T item) {
        var queue = queues.size() == 1 ? queues.getFirst() : queueOf(device);
        queue.items.add(item);
        queue.pendingCount++;
        return queue;
    }

    private CommitQueue queueOf(String device) {
        return entriesByDevice.compute(
                        device,
                        (_, entry) -> entry == null
                                ? new QueuedDevice<>(shortest(), 1)
                                : new QueuedDevice<>(entry.queue, entry.pendingCount + 1))
                .queue;
    }

    private CommitQueue shortest() {
        return queues.stream()
                .min(Comparator.comparingInt(queue -> queue.pendingCount))
                .orElseThrow();
    }

    private void release(String device) {
        entriesByDevice.computeIfPresent(
                device,
                (_, entry) -> entry.pendingCount == 1 ? null : new QueuedDevice<>(entry.queue, entry.pendingCount - 1));
    }
}
