# Nothing that a plane is started with turns its audit trail off.
package healthdataauditon

import data.lib.pods

violation contains {"msg": msg} if {
	some container in pods.containers(input.review.object)
	some variable in container.env
	variable.name == "PULSEPLANE_AUDIT_MODE"
	not is_on(variable)
	msg := sprintf("container %s: PULSEPLANE_AUDIT_MODE must be sync or async", [container.name])
}

# The variable may come with all others of a ConfigMap or Secret.
violation contains {"msg": msg} if {
	some container in pods.containers(input.review.object)
	some source in container.envFrom
	prefix := object.get(source, "prefix", "")
	startswith("PULSEPLANE_AUDIT_MODE", prefix)
	msg := sprintf("container %s: envFrom may turn the audit trail off: name variables", [container.name])
}

violation contains {"msg": msg} if {
	some container in pods.containers(input.review.object)
	some text in texts(container)
	turns_off(text)
	msg := sprintf("container %s turns the audit trail off: %s", [container.name, text])
}

violation contains {"msg": msg} if {
	input.review.object.kind == "ConfigMap"
	some name, text in input.review.object.data
	turns_off(text)
	config := input.review.object.metadata.name
	msg := sprintf("ConfigMap %s: %s turns the audit trail off", [config, name])
}

# A variable whose value is elsewhere has none here, and so is not on.
is_on(variable) if lower(variable.value) in {"async", "sync"}

texts(container) := array.concat(
	array.concat(object.get(container, "command", []), object.get(container, "args", [])),
	[variable.value | some variable in container.env; variable.value],
)

turns_off(text) if regex.match(`(?im)pulseplane\.audit\.mode\s*[=:\s]\s*['"]?off\b`, text)

# In YAML the key may be nested.
turns_off(text) if regex.match(`(?ims)^\s*audit:\s*$.*?^\s*mode:\s*['"]?off\b`, text)
