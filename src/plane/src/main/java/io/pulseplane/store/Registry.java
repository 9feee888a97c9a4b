package io.pulseplane.store;

import io.pulseplane.vitals.Subject;
import io.smallrye.mutiny.Uni;
import java.util.List;
import java.util.Optional;

/**
 * Keeps patients, devices, which device is on which patient, and who may read.
 *
 * <p>A patient or device that a stored batch is the first to name is registered with its id and marked as provisional;
 * a device that comes into the registry that way is assigned to the patient of that batch, provisionally, from the time
 * of storing on.
 *
 * <p>Answers come after the change is synced to disk.
 */
public interface Registry {

    /** Whether the subject is registered. */
    Uni<Boolean> isRegistered(Subject subject);

    /**
     * Stores the record in place of what was known; the store sets what is said to be set by it.
     *
     * <p>Fails with {@code AlreadyExists} if another patient has the MRN.
     */
    Uni<PutResult<Patient>> putPatient(Patient patient);

    Uni<Optional<Patient>> patient(String id);

    Uni<Optional<Patient>> patientByMrn(String mrn);

    /** The first {@code limit} patients whose id sorts after the given one, by id in code point order. */
    Uni<List<Patient>> patientsAfter(String id, int limit);

    /**
     * Stores the record in place of what was known; the store sets what is said to be set by it.
     *
     * <p>Fails with {@code AlreadyExists} if another device has the serial number.
     */
    Uni<PutResult<Device>> putDevice(Device device);

    Uni<Optional<Device>> device(String id);

    Uni<Optional<Device>> deviceBySerialNumber(String serialNumber);

    /** The first {@code limit} devices whose id sorts after the given one, by id in code point order. */
    Uni<List<Device>> devicesAfter(String id, Optional<Device.Status> status, int limit);

    /**
     * Puts a device on a patient from a time on and ends the assignment it had until then. A device that is on that
     * patient already stays as it is, but for being provisional.
     *
     * <p>Fails with {@code NotFound} if either is not registered, with {@code FailedPrecondition} if the device is retired or the
     * time lies before the start of the assignment it has.
     */
    Uni<Assignment> assign(String device, String patient, long from);

    /**
     * Ends the assignment a device has.
     *
     * <p>Fails with {@code NotFound} if the device is not registered, with {@code FailedPrecondition} if it is on nobody or the time
     * lies before the start of the assignment.
     */
    Uni<Assignment> release(String device, long to);

    /**
     * Assignments in order of their number, newest first.
     *
     * @param subject of whom or of what; of all when empty
     * @param currentOnly whether only those that last are asked for
     * @param before only those with a smaller number than this
     */
    Uni<List<Assignment>> assignments(Optional<Subject> subject, boolean currentOnly, long before, int limit);

    /**
     * Records a patient's word on who may read; the store sets what is said to be set by it.
     *
     * <p>Fails with {@code NotFound} if the patient is not registered.
     */
    Uni<Consent> putConsent(Consent consent);

    /** The consent that was recorded last. */
    Uni<Optional<Consent>> consent(String patient);

    /**
     * Every consent a patient ever gave or withdrew, newest first.
     *
     * @param before only those with a smaller number than this
     */
    Uni<List<Consent>> consents(String patient, long before, int limit);

    /**
     * Erases a patient: when this answers, nothing the store keeps can show who this was or what was measured, whatever copies
     * of it there are. The history of consent stays, without identity. Batches of this patient are refused from then on,
     * unless the id is registered again, as somebody new.
     *
     * <p>To erase again answers as the first time. Fails with {@code NotFound} if there never was such a patient.
     *
     * @return when it was erased, microseconds since the epoch
     */
    Uni<Long> erasePatient(String id);

    /** A record as it is stored now, and whether it is new. */
    record PutResult<T>(T item, boolean created) {}
}
