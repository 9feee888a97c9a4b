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
final class Lanes<T> {

    /** One group is under way in each at most. */
    final class Lane {

        private final Queue<T> queue = new ArrayDeque<>();
        private boolean busy;
        private int here;

        Queue<T> queue() {
            return queue;
        }

        boolean isBusy() {
            return busy;
        }

        void begin() {
            busy = true;
        }

        void end(List<T> group, Function<T, String> device) {
            busy = false;
            here -= group.size();
            if (lanes.size() > 1) {
                group.forEach(one -> leave(device.apply(one)));
            }
        }
    }

    /** A device, and how much of it is in its lane. */
    private record Place<L>(L lane, int count) {}

    private final List<Lane> lanes;

    /** Bounded by what waits, as that is by the budget. Empty where there is one lane. */
    private final Map<String, Place<Lane>> places = new HashMap<>();

    Lanes(int count) {
        lanes = new ArrayList<>(Stream.generate(Lane::new).limit(count).toList());
    }

    Lane add(String device, T one) {
        var lane = lanes.size() == 1 ? lanes.getFirst() : enter(device);
        lane.queue.add(one);
        lane.here++;
        return lane;
    }

    private Lane enter(String device) {
        return places.compute(
                        device,
                        (_, there) ->
                                there == null ? new Place<>(emptiest(), 1) : new Place<>(there.lane, there.count + 1))
                .lane;
    }

    private Lane emptiest() {
        return lanes.stream().min(Comparator.comparingInt(lane -> lane.here)).orElseThrow();
    }

    private void leave(String device) {
        places.computeIfPresent(
                device, (_, there) -> there.count == 1 ? null : new Place<>(there.lane, there.count - 1));
    }
}
