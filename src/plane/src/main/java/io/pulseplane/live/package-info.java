/** Handles readings the moment they are durable: latest values in memory, watchers, and announcements to the site. */
package io.pulseplane.live;
