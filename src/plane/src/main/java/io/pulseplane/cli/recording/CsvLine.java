package io.pulseplane.cli.recording;

/** What a line of a CSV file holds: a record, which may span several lines, or a fault. */
sealed interface CsvLine permits CsvRecord, Fault {}
