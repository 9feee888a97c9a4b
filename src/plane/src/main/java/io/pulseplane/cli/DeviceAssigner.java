package io.pulseplane.cli;

import io.grpc.Channel;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.pulseplane.v1.AssignDeviceRequest;
import io.pulseplane.v1.Device;
import io.pulseplane.v1.DeviceStatus;
import io.pulseplane.v1.GetDeviceRequest;
import io.pulseplane.v1.GetPatientRequest;
import io.pulseplane.v1.Patient;
import io.pulseplane.v1.PutDeviceRequest;
import io.pulseplane.v1.PutPatientRequest;
import io.pulseplane.v1.RegistryServiceGrpc;
import io.pulseplane.v1.RegistryServiceGrpc.RegistryServiceBlockingStub;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Consumer;

/**
 * Puts the devices of a recording or simulation on their patients before their readings are sent, and registers those
 * that the plane does not know.
 */
final class DeviceAssigner {

    /** The role that the command line assigns devices in. */
    static final String ROLE = "clinical_admin";

    private final RegistryServiceBlockingStub registry;
    private final Consumer<String> onNotice;
    private final Map<String, String> patientsByDevice = new HashMap<>();

    /** @param onNotice gets a line for the user about each device that could not be put on its patient */
    DeviceAssigner(Channel channel, Consumer<String> onNotice) {
        this.registry = RegistryServiceGrpc.newBlockingStub(channel);
        this.onNotice = onNotice;
    }

    /** Puts a device on a patient from the time of a reading on, unless this did so for the reading before. */
    void assign(String device, String patient, long time) {
        if (patient.equals(patientsByDevice.put(device, patient))) {
            return;
        }
        var request = AssignDeviceRequest.newBuilder()
                .setDeviceId(device)
                .setPatientId(patient)
                .setFromUs(time)
                .build();
        try {
            assign(request);
        } catch (StatusRuntimeException e) {
            if (e.getStatus().getCode() != Status.Code.FAILED_PRECONDITION) {
                throw e;
            }
            onNotice.accept(
                    device + " was not put on " + patient + ": " + e.getStatus().getDescription());
        }
    }

    private void assign(AssignDeviceRequest request) {
        try {
            registry.assignDevice(request);
        } catch (StatusRuntimeException e) {
            if (e.getStatus().getCode() != Status.Code.NOT_FOUND) {
                throw e;
            }
            registerDevice(request.getDeviceId());
            registerPatient(request.getPatientId());
            registry.assignDevice(request);
        }
    }

    private void registerDevice(String id) {
        try {
            registry.getDevice(GetDeviceRequest.newBuilder().setDeviceId(id).build());
        } catch (StatusRuntimeException e) {
            requireNotFound(e);
            registry.putDevice(PutDeviceRequest.newBuilder()
                    .setDevice(Device.newBuilder().setDeviceId(id).setStatus(DeviceStatus.DEVICE_STATUS_ACTIVE))
                    .build());
        }
    }

    private void registerPatient(String id) {
        try {
            registry.getPatient(GetPatientRequest.newBuilder().setPatientId(id).build());
        } catch (StatusRuntimeException e) {
            requireNotFound(e);
            registry.putPatient(PutPatientRequest.newBuilder()
                    .setPatient(Patient.newBuilder().setPatientId(id))
                    .build());
        }
    }

    private static void requireNotFound(StatusRuntimeException e) {
        if (e.getStatus().getCode() != Status.Code.NOT_FOUND) {
            throw e;
        }
    }
}
