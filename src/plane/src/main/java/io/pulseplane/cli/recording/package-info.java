/**
 * Reads recordings in CSV as people have them: in any charset, compressed or not, with the spellings of time that
 * databases write. A line that cannot be read is reported with its number, column and reason, and takes no other line
 * with it.
 */
package io.pulseplane.cli.recording;
