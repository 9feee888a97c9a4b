# A directory of the node is mounted only below the one that is for health data.
package healthdatadirectories

import data.lib.pods

violation contains {"msg": msg} if {
	some volume in pods.spec(input.review.object).volumes
	path := volume.hostPath.path
	not below_allowed(path)
	allowed := concat(", ", input.parameters.directories)
	msg := sprintf("volume %s: %s is not below %s", [volume.name, path, allowed])
}

below_allowed(path) if {
	not contains_parent(path)
	some directory in input.parameters.directories
	path in {directory, concat("", [directory, "/"])}
}

below_allowed(path) if {
	not contains_parent(path)
	some directory in input.parameters.directories
	startswith(path, concat("", [directory, "/"]))
}

contains_parent(path) if ".." in split(path, "/")
