/**
 * Decides whether a caller may do what a request asks for. The rules are Rego. The plane evaluates them in process,
 * compiled to WebAssembly, or queries an OPA server. Decisions are cached by their input.
 */
package io.pulseplane.gate.policy;
