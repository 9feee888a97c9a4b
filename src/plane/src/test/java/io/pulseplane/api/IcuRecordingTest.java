package io.pulseplane.api;

import io.quarkus.test.junit.QuarkusTest;

/** Into the edge store. */
@QuarkusTest
class IcuRecordingTest extends IcuRecording {}
