# Health data stays on the node and in the cluster: a PersistentVolume elsewhere, a claim of
# another class, and a Service or Ingress that opens a way out need an annotation that names
# who approved it.
package healthdatastayslocal

violation contains {"msg": msg} if {
	some way in ways_out
	not is_approved
	msg := sprintf("%s %s: %s, and the annotation %s names no approval", [
		input.review.object.kind, input.review.object.metadata.name, way, input.parameters.annotation,
	])
}

# An approval says something; a dash or a yes names nobody.
is_approved if {
	approval := input.review.object.metadata.annotations[input.parameters.annotation]
	count(trim_space(approval)) >= 8
}

ways_out contains way if {
	input.review.object.kind == "PersistentVolume"
	is_health_data_volume
	not input.review.object.spec.local
	not input.review.object.spec.hostPath
	way := "the volume is not on a disk of the node"
}

ways_out contains way if {
	input.review.object.kind == "PersistentVolumeClaim"
	class := input.review.object.spec.storageClassName
	not class in input.parameters.storageClasses
	way := sprintf("the storage class %s may not be on the node", [class])
}

ways_out contains way if {
	input.review.object.kind == "StatefulSet"
	some claim in input.review.object.spec.volumeClaimTemplates
	class := claim.spec.storageClassName
	not class in input.parameters.storageClasses
	name := claim.metadata.name
	way := sprintf("the storage class %s of the claim %s may not be on the node", [class, name])
}

ways_out contains way if {
	input.review.object.kind == "Service"
	input.review.object.spec.type in {"ExternalName", "LoadBalancer", "NodePort"}
	way := sprintf("a %s opens a way out of the cluster", [input.review.object.spec.type])
}

ways_out contains "externalIPs open a way out of the cluster" if {
	input.review.object.kind == "Service"
	count(input.review.object.spec.externalIPs) > 0
}

ways_out contains "it opens a way out of the cluster" if {
	input.review.object.kind in {"GRPCRoute", "HTTPRoute", "Ingress", "TCPRoute", "TLSRoute"}
}

# A volume has no namespace: it is health data if it says so, or if a claim of such a
# namespace has it.
is_health_data_volume if {
	input.review.object.metadata.labels["pulseplane.io/data-class"] == "phi"
}

is_health_data_volume if {
	some namespace in input.parameters.namespaces
	startswith(input.review.object.spec.claimRef.namespace, namespace)
}
