# What Pod Security calls "restricted", but for hostPath, which HealthDataDirectories holds to
# one directory. Pod Security cannot say that, so edge namespaces do not enforce it.
package healthdataunprivileged

import data.lib.pods

violation contains {"msg": msg} if {
	some field in ["hostNetwork", "hostPID", "hostIPC"]
	pods.spec(input.review.object)[field] == true
	msg := sprintf("%s is not allowed", [field])
}

violation contains {"msg": msg} if {
	some container in pods.containers(input.review.object)
	container.securityContext.privileged == true
	msg := sprintf("container %s is privileged", [container.name])
}

violation contains {"msg": msg} if {
	some container in pods.containers(input.review.object)
	not container.securityContext.allowPrivilegeEscalation == false
	msg := sprintf("container %s: allowPrivilegeEscalation must be false", [container.name])
}

violation contains {"msg": msg} if {
	some container in pods.containers(input.review.object)
	not container.securityContext.readOnlyRootFilesystem == true
	msg := sprintf("container %s: readOnlyRootFilesystem must be true", [container.name])
}

violation contains {"msg": msg} if {
	some container in pods.containers(input.review.object)
	not drops_all(container)
	msg := sprintf("container %s: capabilities.drop must have ALL", [container.name])
}

violation contains {"msg": msg} if {
	some container in pods.containers(input.review.object)
	some capability in container.securityContext.capabilities.add
	capability != "NET_BIND_SERVICE"
	msg := sprintf("container %s: the capability %s is not allowed", [container.name, capability])
}

violation contains {"msg": msg} if {
	some container in pods.containers(input.review.object)
	not is_non_root(container)
	msg := sprintf("container %s: runAsNonRoot must be true", [container.name])
}

violation contains {"msg": msg} if {
	some container in pods.containers(input.review.object)
	effective(container, "runAsUser") == 0
	msg := sprintf("container %s runs as root", [container.name])
}

violation contains {"msg": msg} if {
	some container in pods.containers(input.review.object)
	not has_seccomp(container)
	msg := sprintf("container %s: seccompProfile.type must be RuntimeDefault or Localhost", [container.name])
}

violation contains {"msg": msg} if {
	some container in pods.containers(input.review.object)
	some port in container.ports
	port.hostPort > 0
	msg := sprintf("container %s: the hostPort %d is not allowed", [container.name, port.hostPort])
}

# Functions of their own: a call within "not" that has no result would make the rule silent.
is_non_root(container) if effective(container, "runAsNonRoot") == true

has_seccomp(container) if effective(container, "seccompProfile").type in {"RuntimeDefault", "Localhost"}

drops_all(container) if "ALL" in container.securityContext.capabilities.drop

# What a container says counts before what its pod says.
effective(container, field) := container.securityContext[field]

effective(container, field) := value if {
	not has_field(container, field)
	value := pods.spec(input.review.object).securityContext[field]
}

has_field(container, field) if _ := container.securityContext[field]
