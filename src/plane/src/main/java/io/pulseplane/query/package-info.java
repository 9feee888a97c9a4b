/**
 * Answers queries: latest values, ranges, windows and statistics. It reads columns from the store no faster than the
 * caller takes them.
 */
package io.pulseplane.query;
