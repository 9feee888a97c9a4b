/**
 * The store of a site: one PostgreSQL that several planes write and read.
 *
 * <p>The tables are those a hospital's own SQL users expect; the migrations beside this code say what they promise.
 * Planes keep out of each other's way by locking the devices of a group, in order of their ids, before anything is
 * looked up: whatever two planes could store twice belongs to one device. Every statement on readings names the
 * patient, by which they can be spread over several servers.
 */
package io.pulseplane.store.postgres;
