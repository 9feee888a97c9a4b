/** Files and directories that nobody but the plane's user can read or change. */
package io.pulseplane.files;
