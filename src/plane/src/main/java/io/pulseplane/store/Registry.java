package io.pulseplane.store;

import io.pulseplane.vitals.Subject;
import io.smallrye.mutiny.Uni;
import java.util.List;
import java.util.Optional;

/**
 * Keeps patients, devices, assignments of devices to patients, and consents.
 *
 * <p>When a batch names a patient or device that is not registered, the store registers the id and marks the entry as
 * provisional. It assigns a device that it registers in this way to the patient of the batch: provisionally, from the
 * time of storing on.
 *
 * <p>A write completes after the change is synced to disk.
 */
public interface Registry {

    /** Returns whether the subject is registered. */
    Uni<Boolean> isRegistered(Subject subject);

    /**
     * Adds or replaces a patient; the store sets the fields that {@link Patient} names.
     *
     * <p>Fails with {@code AlreadyExists} if another patient has the MRN.
     */
    Uni<PutResult<Patient>> putPatient(Patient patient);

    Uni<Optional<Patient>> patient(String id);

    Uni<Optional<Patient>> patientByMrn(String mrn);

    /** Returns the first {@code limit} patients whose id sorts after the given one, by id in code point order. */
    Uni<List<Patient>> patientsAfter(String id, int limit);

    /**
     * Adds or replaces a device; the store sets the fields that {@link Device} names.
     *
     * <p>Fails with {@code AlreadyExists} if another device has the serial number.
     */
    Uni<PutResult<Device>> putDevice(Device device);

    Uni<Optional<Device>> device(String id);

    Uni<Optional<Device>> deviceBySerialNumber(String serialNumber);

    /** Returns the first {@code limit} devices whose id sorts after the given one, by id in code point order. */
    Uni<List<Device>> devicesAfter(String id, Optional<Device.Status> status, int limit);

    /**
     * Assigns a device to a patient from a time on, and ends the current assignment of the device. If the device is
     * assigned to that patient already, the assignment only stops being provisional; a provisional one then begins at
     * the given time if that is earlier. A provisional assignment to another patient ends in any case.
     *
     * <p>Fails with {@code NotFound} if either is not registered, and with {@code FailedPrecondition} if the device is
     * retired, or the time is before the start of its current assignment.
     */
    Uni<Assignment> assign(String device, String patient, long from);

    /**
     * Ends the current assignment of a device.
     *
     * <p>Fails with {@code NotFound} if the device is not registered, and with {@code FailedPrecondition} if it is not
     * assigned, or the time is before the start of the assignment.
     */
    Uni<Assignment> release(String device, long to);

    /**
     * Returns assignments in order of their number, newest first.
     *
     * @param subject the patient or device of the assignments; all if empty
     * @param currentOnly whether to leave out assignments that have ended
     * @param before upper bound of the number, exclusive
     */
    Uni<List<Assignment>> assignments(Optional<Subject> subject, boolean currentOnly, long before, int limit);

    /**
     * Records a consent or its withdrawal; the store sets its number and the time of recording.
     *
     * <p>Fails with {@code NotFound} if the patient is not registered.
     */
    Uni<Consent> putConsent(Consent consent);

    /** Returns the consent or withdrawal that was recorded last. */
    Uni<Optional<Consent>> consent(String patient);

    /**
     * Returns all consents and withdrawals of a patient, newest first.
     *
     * @param before upper bound of the number, exclusive
     */
    Uni<List<Consent>> consents(String patient, long before, int limit);

    /**
     * Erases a patient. When the result arrives, neither the store nor any copy of it can show who the patient was or
     * what was measured. The history of consents stays, without identity. The store refuses batches of the patient from
     * then on, unless the id is registered again, as a new patient.
     *
     * <p>A second erasure returns the result of the first. Fails with {@code NotFound} if the store never had the
     * patient.
     *
     * @return the time of the erasure, in microseconds since the epoch
     */
    Uni<Long> erasePatient(String id);

    /**
     * Returns when a patient of this id was erased last, in microseconds since the epoch; empty if none ever was. The
     * id may have been registered again since.
     */
    Uni<Optional<Long>> erasureTime(String id);

    /** The entry as it is stored now, and whether it is new. */
    record PutResult<T>(T item, boolean created) {}
}
