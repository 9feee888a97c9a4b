# Every container says how much CPU and memory it needs and may take: one without takes
# what devices' planes need.
package healthdatalimits

import data.lib.pods

violation contains {"msg": msg} if {
	some container in pods.containers(input.review.object)
	some kind in ["requests", "limits"]
	some resource in ["cpu", "memory"]
	not container.resources[kind][resource]
	msg := sprintf("container %s: resources.%s.%s is missing", [container.name, kind, resource])
}
