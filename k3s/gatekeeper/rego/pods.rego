# Where the pod is in a Pod and in what makes pods.
package lib.pods

spec(manifest) := manifest.spec if manifest.kind == "Pod"

spec(manifest) := manifest.spec.template.spec if {
	manifest.kind in {"DaemonSet", "Deployment", "Job", "ReplicaSet", "StatefulSet"}
}

spec(manifest) := manifest.spec.jobTemplate.spec.template.spec if manifest.kind == "CronJob"

# All containers, those that only start or debug among them.
containers(manifest) := [container |
	some list in ["initContainers", "containers", "ephemeralContainers"]
	some container in object.get(spec(manifest), list, [])
]
