/**
 * May you: the policy, asked before anything is done. Rules are Rego, compiled to WebAssembly and evaluated in process, or
 * an OPA server is asked; decisions are remembered by what was asked.
 */
package io.pulseplane.gate.policy;
