/**
 * The way in. Every call of every service passes {@link io.pulseplane.gate.Gate}, a gRPC interceptor.
 *
 * <p>The gate answers three questions before an endpoint sees a request. Who calls? {@code gate.token} reads the bearer token or the client
 * certificate. May they? {@code gate.policy} decides by Rego. Was it written down? {@code gate.audit} keeps the trail. These three packages
 * do not know each other; this one joins them, as XACML draws it: {@code GatedCall} enforces, {@code DecisionPoint} decides,
 * {@code InformationPoint} knows consents and devices.
 *
 * <p>What it promises:
 * <ul>
 *   <li>Closed by default. Without a token, a rule, a policy's answer or a place to write the record, the answer is no.
 *   <li>Nothing is read for a caller before the request is permitted and its record may be relied on.
 *   <li>Requests of one call reach the endpoint in their order, and at most {@code PendingRequests.MAX_BYTES} of them wait.
 *   <li>A permission ends with what it was given by: token, certificate, consent, policy, device. Streams are checked again when one of these
 *       changes, and end when the answer is no.
 *   <li>A change of the registry on this plane counts from the moment it is answered; one on another plane within the bound of the site.
 *   <li>Requests, connections, metadata and unfinished messages have bounds. Each says in its status what was too much.
 *   <li>A patient who does not exist and one whom the caller may not see are answered alike.
 * </ul>
 */
package io.pulseplane.gate;
