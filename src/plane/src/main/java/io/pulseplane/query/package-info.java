/** Answers questions: latest values, ranges, windows and statistics. Pulls columns from the store no faster than the caller takes them. */
package io.pulseplane.query;
