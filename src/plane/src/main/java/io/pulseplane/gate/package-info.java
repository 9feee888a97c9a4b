/**
 * The gate, which every call of every service passes. {@link io.pulseplane.gate.Gate} is a gRPC interceptor.
 *
 * <p>The gate settles three things before an endpoint sees a request. {@code gate.token} finds out who calls, from the
 * bearer token or the client certificate. {@code gate.policy} decides by Rego whether the caller may.
 * {@code gate.audit} writes the decision into the audit trail. These three packages do not use each other; this one
 * joins them in the roles of XACML: {@code GatedCall} enforces, {@code DecisionPoint} decides, and
 * {@code InformationPoint} knows consents and devices.
 *
 * <p>What the gate promises:
 * <ul>
 *   <li>It is closed by default. Without a token, a rule, an answer of the policy or a place to write the record, the
 *       request is refused.
 *   <li>Nothing is read for a caller before the request is permitted and its record is in the audit trail, as safely as
 *       the trail's mode says.
 *   <li>Requests of one call reach the endpoint in their order, and at most {@code PendingRequests.MAX_BYTES} of them
 *       wait.
 *   <li>A permission ends with what it was given by. In a stream of requests, the gate decides again when consents,
 *       devices or the policy have changed. It decides again on a stream of responses when a consent or the patients
 *       of a device change, when the policy is replaced or the audit trail fails, and when a consent ends. A sweep ends
 *       idle streams whose token, key or certificate is no longer valid. A clock that is set back extends nothing.
 *   <li>A change of the registry on this plane counts from the moment it is answered. A change on another plane counts
 *       within the bound of the site.
 *   <li>Requests, connections, metadata and unfinished messages have bounds. The status says which bound was exceeded.
 *   <li>The gate answers alike for a patient who does not exist and for one whom the caller may not see.
 * </ul>
 */
package io.pulseplane.gate;
