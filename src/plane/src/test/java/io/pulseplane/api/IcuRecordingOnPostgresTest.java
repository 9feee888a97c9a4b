package io.pulseplane.api;

import io.quarkus.test.common.WithTestResource;
import io.quarkus.test.junit.QuarkusTest;

/** Runs the recording on PostgreSQL, with the same expected figures. */
@QuarkusTest
@WithTestResource(FreshPostgres.class)
class IcuRecordingOnPostgresTest extends IcuRecording {}
