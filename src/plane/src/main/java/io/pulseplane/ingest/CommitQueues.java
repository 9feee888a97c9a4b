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
 * Where batches wait side by side. A device stays in its lane while anything of it waits or is under way, so its batches keep
 * their order; a device that comes anew takes the lane where the fewest wait. Not safe for threads.
 *
 * @param <T> what waits
 */
final class CommitQueues<T> {

    /** One group is under way in each at most. */
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
                group.forEach(one -> release(device.apply(one)));
            }
        }
    }

    /** A device, and how much of it is in its lane. */
    private record QueuedDevice<L>(L queue, int pendingCount) {}

    private final List<CommitQueue> queues;

    /** Bounded by what waits, as that is by the budget. Empty where there is one lane. */
    private final Map<String, QueuedDevice<CommitQueue>> entriesByDevice = new HashMap<>();

    CommitQueues(int count) {
        queues = new ArrayList<>(Stream.generate(CommitQueue::new).limit(count).toList());
    }

    CommitQueue add(String device, T one) {
        var lane = queues.size() == 1 ? queues.getFirst() : queueOf(device);
        lane.items.add(one);
        lane.pendingCount++;
        return lane;
    }

    private CommitQueue queueOf(String device) {
        return entriesByDevice.compute(
                        device,
                        (_, there) -> there == null
                                ? new QueuedDevice<>(shortest(), 1)
                                : new QueuedDevice<>(there.queue, there.pendingCount + 1))
                .queue;
    }

    private CommitQueue shortest() {
        return queues.stream()
                .min(Comparator.comparingInt(lane -> lane.pendingCount))
                .orElseThrow();
    }

    private void release(String device) {
        entriesByDevice.computeIfPresent(
                device,
                (_, there) -> there.pendingCount == 1 ? null : new QueuedDevice<>(there.queue, there.pendingCount - 1));
    }
}
