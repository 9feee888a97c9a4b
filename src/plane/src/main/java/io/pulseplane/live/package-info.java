/** What happens the moment a reading is durable: latest values in memory, and those who watch. */
package io.pulseplane.live;
