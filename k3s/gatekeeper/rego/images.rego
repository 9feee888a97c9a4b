# Images come from registries that are allowed, and are named by digest: a tag may be
# another image tomorrow.
package healthdataimages

import data.lib.pods

violation contains {"msg": msg} if {
	some container in pods.containers(input.review.object)
	not from_allowed_registry(container.image)
	msg := sprintf("container %s: image %s is not from an allowed registry: %s", [
		container.name, container.image, concat(", ", input.parameters.registries),
	])
}

violation contains {"msg": msg} if {
	some container in pods.containers(input.review.object)
	not regex.match(`@sha256:[0-9a-f]{64}$`, container.image)
	msg := sprintf("container %s: image %s is not named by its digest", [container.name, container.image])
}

# An entry is a registry, or a path in one, and counts whole: registry.example does not allow
# registry.example.attacker.
from_allowed_registry(image) if {
	some registry in input.parameters.registries
	some separator in ["/", "@"]
	startswith(image, concat("", [registry, separator]))
}
