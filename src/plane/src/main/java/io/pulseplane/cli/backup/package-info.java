/** The commands {@code backup} and {@code restore}. They work on files, beside a running plane or without one. */
package io.pulseplane.cli.backup;
