package io.pulseplane.api;

import io.quarkus.test.junit.QuarkusTest;

/** Runs the recording on the edge store. */
@QuarkusTest
class IcuRecordingTest extends IcuRecording {}
