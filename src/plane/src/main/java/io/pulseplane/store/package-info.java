/**
 * What every store keeps: readings and the registry of whose they are. The promises are stated here and held by one
 * contract test, which every store passes.
 */
package io.pulseplane.store;
