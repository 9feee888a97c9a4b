package io.pulseplane.store.memory;

import io.pulseplane.store.AppendResult;
import io.pulseplane.store.AppendResultBuilder;
import io.pulseplane.store.Assignment;
import io.pulseplane.store.Consent;
import io.pulseplane.store.Device;
import io.pulseplane.store.Patient;
import io.pulseplane.store.ReadingStore;
import io.pulseplane.store.Registry;
import io.pulseplane.store.Store;
import io.pulseplane.store.StoreSize;
import io.pulseplane.vitals.Acknowledgement;
import io.pulseplane.vitals.Columns;
import io.pulseplane.vitals.Order;
import io.pulseplane.vitals.PlaneException;
import io.pulseplane.vitals.Reading;
import io.pulseplane.vitals.ScreenedBatch;
import io.pulseplane.vitals.Series;
import io.pulseplane.vitals.Subject;
import io.pulseplane.vitals.TimeRange;
import io.smallrye.mutiny.Uni;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

/**
 * A store in memory: the simplest implementation of the contract, except for durability, as a reference for tests. It
 * answers at once, on the thread of the subscriber.
 */
public final class MemoryStore implements Store, ReadingStore, Registry {

    /** @param patient {@link #ERASED} if the patient was erased: then no batch is the same */
    private record AcknowledgedBatch(String patient, long digest, Acknowledgement acknowledgement) {

        boolean isSame(ScreenedBatch batch) {
            return !patient.equals(ERASED) && digest == batch.digest();
        }
    }

    private record BatchKey(String device, long sequence) {}

    private static final Comparator<String> BY_CODE_POINT =
            (a, b) -> Arrays.compare(a.codePoints().toArray(), b.codePoints().toArray());

    /** Replaces the id of an erased patient. No real id is empty. */
    private static final String ERASED = "";

    private final LongSupplier clock;
    private final Map<Series, NavigableMap<Long, Double>> readings = new TreeMap<>();
    private final Map<BatchKey, AcknowledgedBatch> batches = new HashMap<>();
    private final NavigableMap<String, Patient> patients = new TreeMap<>(BY_CODE_POINT);
    private final NavigableMap<String, Device> devices = new TreeMap<>(BY_CODE_POINT);
    private final List<Assignment> assignments = new ArrayList<>();
    private final List<Consent> consents = new ArrayList<>();
    private final Map<String, Long> erased = new HashMap<>();
    private boolean closed;

    public MemoryStore(LongSupplier clock) {
        this.clock = clock;
    }

    @Override
    public ReadingStore readings() {
        return this;
    }

    @Override
    public Registry registry() {
        return this;
    }

    private <T> Uni<T> answer(Supplier<T> work) {
        return Uni.createFrom().item(() -> {
            synchronized (this) {
                if (closed) {
                    throw new PlaneException.Unavailable("the store is closed", null);
                }
                return work.get();
            }
        });
    }

    @Override
    public Uni<StoreSize> size() {
        return answer(() -> new StoreSize(0, patients.size(), devices.size(), readings.size()));
    }

    @Override
    public Uni<Void> check() {
        return answer(() -> null);
    }

    @Override
    public synchronized void close() {
        closed = true;
    }

    /** Opens the store again, with all its data. */
    public synchronized MemoryStore reopen() {
        closed = false;
        return this;
    }

    @Override
    public Uni<List<AppendResult>> append(List<ScreenedBatch> group) {
        return answer(() -> group.stream().map(this::append).toList());
    }

    private AppendResult append(ScreenedBatch batch) {
        if (erased.containsKey(batch.patient()) && !patients.containsKey(batch.patient())) {
            return new AppendResult.PatientErased();
        }
        var acknowledged = batches.get(new BatchKey(batch.device(), batch.sequence()));
        boolean isOutdated =
                acknowledged != null && acknowledged.isSame(batch) && acknowledged.acknowledgement.isOutdatedBy(batch);
        if (acknowledged != null && !isOutdated) {
            return acknowledged.isSame(batch)
                    ? new AppendResult.Repeated(acknowledged.acknowledgement)
                    : new AppendResult.SequenceConflict();
        }
        register(batch);
        var builder = new AppendResultBuilder(batch);
        for (var block : batch.blocks()) {
            append(block, builder);
        }
        var result = isOutdated ? builder.buildAfter(acknowledged.acknowledgement) : builder.build();
        batches.put(
                new BatchKey(batch.device(), batch.sequence()),
                new AcknowledgedBatch(batch.patient(), batch.digest(), result.acknowledgement()));
        return result;
    }

    private void append(ScreenedBatch.Block block, AppendResultBuilder builder) {
        var columns = block.columns();
        var stored = readings.computeIfAbsent(columns.series(), _ -> new TreeMap<>());
        var duplicates = new BitSet();
        var conflicts = new BitSet();
        for (int i = 0; i < columns.size(); i++) {
            var before = stored.putIfAbsent(columns.times()[i], columns.values()[i]);
            if (before != null) {
                (before.equals(columns.values()[i]) ? duplicates : conflicts).set(i);
            }
        }
        builder.addPartlyNew(block, duplicates, conflicts);
    }

    private void register(ScreenedBatch batch) {
        long time = clock.getAsLong();
        patients.putIfAbsent(batch.patient(), Patient.provisional(batch.patient(), time));
        var device = devices.get(batch.device());
        if (device == null) {
            device = Device.provisional(batch.device(), time);
            assignments.add(new Assignment(
                    assignments.size() + 1, batch.device(), batch.patient(), time, OptionalLong.empty(), true));
        }
        long last = Long.compareUnsigned(device.lastSequence(), batch.sequence()) > 0
                ? device.lastSequence()
                : batch.sequence();
        devices.put(
                device.id(),
                withDetails(device, device, time, last, device.provisional(), device.createdAt(), device.updatedAt()));
    }

    private static Device withDetails(
            Device details, Device current, long lastSeen, long last, boolean provisional, long created, long updated) {
        return new Device(
                current.id(),
                details.serialNumber(),
                details.type(),
                details.manufacturer(),
                details.model(),
                details.firmwareVersion(),
                details.status(),
                lastSeen,
                last,
                provisional,
                created,
                updated);
    }

    @Override
    public Uni<List<Series>> series(Subject subject) {
        return answer(() ->
                readings.keySet().stream().filter(subject::covers).sorted().toList());
    }

    @Override
    public Uni<Columns> read(Series series, TimeRange range, Order order, int limit) {
        return answer(() -> {
            var stored = readings.getOrDefault(series, new TreeMap<>()).subMap(range.from(), true, range.to(), false);
            var ordered = order == Order.OLDEST_FIRST ? stored : stored.descendingMap();
            var first = ordered.entrySet().stream().limit(limit).toList();
            return new Columns(
                    series,
                    first.stream().mapToLong(Map.Entry::getKey).toArray(),
                    first.stream().mapToDouble(Map.Entry::getValue).toArray());
        });
    }

    @Override
    public Uni<List<Reading>> latest(Subject subject) {
        return answer(() -> readings.entrySet().stream()
                .filter(entry ->
                        subject.covers(entry.getKey()) && !entry.getValue().isEmpty())
                .map(entry -> new Reading(
                        entry.getKey(),
                        entry.getValue().lastKey(),
                        entry.getValue().lastEntry().getValue()))
                .sorted(Comparator.comparing(Reading::series))
                .toList());
    }

    @Override
    public Uni<Boolean> isRegistered(Subject subject) {
        return answer(() -> switch (subject) {
            case Subject.OfPatient(var id) -> patients.containsKey(id);
            case Subject.OfDevice(var id) -> devices.containsKey(id);
        });
    }

    @Override
    public Uni<PutResult<Patient>> putPatient(Patient patient) {
        return answer(() -> {
            if (patient.mrn().isPresent()
                    && patients.values().stream()
                            .anyMatch(
                                    p -> !p.id().equals(patient.id()) && p.mrn().equals(patient.mrn()))) {
                throw new PlaneException.AlreadyExists("another patient has this mrn");
            }
            var old = patients.get(patient.id());
            long time = clock.getAsLong();
            var stored = new Patient(
                    patient.id(),
                    patient.mrn(),
                    patient.givenName(),
                    patient.familyName(),
                    patient.dateOfBirth(),
                    patient.gender(),
                    patient.phone(),
                    patient.email(),
                    false,
                    old == null ? time : old.createdAt(),
                    time);
            patients.put(patient.id(), stored);
            return new PutResult<>(stored, old == null);
        });
    }

    @Override
    public Uni<Optional<Patient>> patient(String id) {
        return answer(() -> Optional.ofNullable(patients.get(id)));
    }

    @Override
    public Uni<Optional<Patient>> patientByMrn(String mrn) {
        return answer(() -> patients.values().stream()
                .filter(p -> p.mrn().equals(Optional.of(mrn)))
                .findFirst());
    }

    @Override
    public Uni<List<Patient>> patientsAfter(String id, int limit) {
        return answer(
                () -> patients.tailMap(id, false).values().stream().limit(limit).toList());
    }

    @Override
    public Uni<PutResult<Device>> putDevice(Device device) {
        return answer(() -> {
            if (device.serialNumber().isPresent()
                    && devices.values().stream()
                            .anyMatch(d -> !d.id().equals(device.id())
                                    && d.serialNumber().equals(device.serialNumber()))) {
                throw new PlaneException.AlreadyExists("another device has this serial number");
            }
            var old = devices.get(device.id());
            long time = clock.getAsLong();
            var stored = old == null
                    ? withDetails(device, device, 0, 0, false, time, time)
                    : withDetails(device, old, old.lastSeenAt(), old.lastSequence(), false, old.createdAt(), time);
            devices.put(device.id(), stored);
            return new PutResult<>(stored, old == null);
        });
    }

    @Override
    public Uni<Optional<Device>> device(String id) {
        return answer(() -> Optional.ofNullable(devices.get(id)));
    }

    @Override
    public Uni<Optional<Device>> deviceBySerialNumber(String serialNumber) {
        return answer(() -> devices.values().stream()
                .filter(d -> d.serialNumber().equals(Optional.of(serialNumber)))
                .findFirst());
    }

    @Override
    public Uni<List<Device>> devicesAfter(String id, Optional<Device.Status> status, int limit) {
        return answer(() -> devices.tailMap(id, false).values().stream()
                .filter(d -> status.isEmpty() || status.get() == d.status())
                .limit(limit)
                .toList());
    }

    @Override
    public Uni<Assignment> assign(String device, String patient, long from) {
        return answer(() -> {
            if (!devices.containsKey(device) || !patients.containsKey(patient)) {
                throw new PlaneException.NotFound("not registered");
            }
            if (devices.get(device).status() == Device.Status.RETIRED) {
                throw new PlaneException.FailedPrecondition("the device is retired");
            }
            var current = current(device);
            if (current.isPresent() && current.get().patient().equals(patient)) {
                long start = current.get().provisional()
                        ? Math.min(from, current.get().from())
                        : current.get().from();
                return replace(
                        new Assignment(current.get().number(), device, patient, start, OptionalLong.empty(), false));
            }
            current.ifPresent(a -> end(a, a.endOnMove(from)));
            var assignment = new Assignment(assignments.size() + 1, device, patient, from, OptionalLong.empty(), false);
            assignments.add(assignment);
            return assignment;
        });
    }

    @Override
    public Uni<Assignment> release(String device, long to) {
        return answer(() -> {
            if (!devices.containsKey(device)) {
                throw new PlaneException.NotFound("not registered");
            }
            return end(
                    current(device)
                            .orElseThrow(() -> new PlaneException.FailedPrecondition("the device is not assigned")),
                    to);
        });
    }

    private Assignment end(Assignment assignment, long to) {
        if (to < assignment.from()) {
            throw new PlaneException.FailedPrecondition("the assignment starts after that time");
        }
        return replace(assignment.endedAt(to));
    }

    private Assignment replace(Assignment assignment) {
        assignments.set((int) assignment.number() - 1, assignment);
        return assignment;
    }

    private Optional<Assignment> current(String device) {
        return assignments.stream()
                .filter(a -> !a.patient().equals(ERASED) && a.device().equals(device) && a.to().isEmpty())
                .findFirst();
    }

    @Override
    public Uni<List<Assignment>> assignments(Optional<Subject> subject, boolean currentOnly, long before, int limit) {
        return answer(() -> assignments.reversed().stream()
                .filter(a -> !a.patient().equals(ERASED) && a.number() < before && (!currentOnly || a.to().isEmpty()))
                .filter(a -> subject.isEmpty()
                        || switch (subject.get()) {
                            case Subject.OfPatient(var id) -> id.equals(a.patient());
                            case Subject.OfDevice(var id) -> id.equals(a.device());
                        })
                .limit(limit)
                .toList());
    }

    @Override
    public Uni<Consent> putConsent(Consent consent) {
        return answer(() -> {
            if (!patients.containsKey(consent.patient())) {
                throw new PlaneException.NotFound("not registered");
            }
            var stored = new Consent(
                    consents.size() + 1,
                    consent.patient(),
                    consent.granted(),
                    consent.from(),
                    consent.to(),
                    consent.codes(),
                    consent.recordedBy(),
                    clock.getAsLong());
            consents.add(stored);
            return stored;
        });
    }

    @Override
    public Uni<Optional<Consent>> consent(String patient) {
        return consents(patient, Long.MAX_VALUE, 1)
                .map(latest -> latest.stream().findFirst());
    }

    @Override
    public Uni<List<Consent>> consents(String patient, long before, int limit) {
        return answer(() -> consents.reversed().stream()
                .filter(c -> c.number() < before && c.patient().equals(patient))
                .limit(limit)
                .toList());
    }

    @Override
    public Uni<Optional<Long>> erasureTime(String id) {
        return answer(() -> Optional.ofNullable(erased.get(id)));
    }

    @Override
    public Uni<Long> erasePatient(String id) {
        return answer(() -> {
            if (!patients.containsKey(id)) {
                return Optional.ofNullable(erased.get(id))
                        .orElseThrow(() -> new PlaneException.NotFound("not registered"));
            }
            patients.remove(id);
            batches.replaceAll((_, batch) -> batch.patient.equals(id)
                    ? new AcknowledgedBatch(ERASED, batch.digest, batch.acknowledgement)
                    : batch);
            readings.keySet().removeIf(series -> series.patient().equals(id));
            assignments.replaceAll(a -> a.patient().equals(id)
                    ? new Assignment(a.number(), a.device(), ERASED, a.from(), a.to(), a.provisional())
                    : a);
            consents.replaceAll(c -> c.patient().equals(id)
                    ? new Consent(
                            c.number(),
                            ERASED,
                            c.granted(),
                            c.from(),
                            c.to(),
                            c.codes(),
                            c.recordedBy(),
                            c.recordedAt())
                    : c);
            erased.put(id, clock.getAsLong());
            return erased.get(id);
        });
    }
}
