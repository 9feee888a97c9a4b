package io.pulseplane.api;

import io.quarkus.test.common.WithTestResource;
import io.quarkus.test.junit.QuarkusTest;

/** Into PostgreSQL, with the same figures. */
@QuarkusTest
@WithTestResource(FreshPostgres.class)
class IcuRecordingOnPostgresTest extends IcuRecording {}
