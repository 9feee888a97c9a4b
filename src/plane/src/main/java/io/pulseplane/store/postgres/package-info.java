/**
 * The store of a site: one PostgreSQL that several planes write and read.
 *
 * <p>The tables are laid out for a hospital's own SQL users; the migrations in {@code db/migration} describe them.
 * Planes exclude each other by locking the devices of a group, in order of their ids, before they look anything up:
 * everything that two planes could store twice belongs to one device. Every statement on readings names the patient, so
 * the tables can be distributed over several servers by patient.
 */
package io.pulseplane.store.postgres;
