/**
 * Decisions of patients that must survive whatever happens to the database of a site: erasures, and changes of consent.
 * Each plane keeps those that it recorded itself in a file of its own, sealed under the site's key and synced before
 * the decision is answered. After the database was put back to an earlier state, the planes apply them again.
 */
package io.pulseplane.store.privacy;
