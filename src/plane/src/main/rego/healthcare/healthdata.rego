# METADATA
# title: Who may do what with health data
# description: |
#   Closed by default: what no rule allows is refused, and a deny wins over any allow. The plane asks for the whole
#   document, and permits a call if `allow` is true and `deny` is not.
#
#     allow    true if a rule allows the call
#     deny     true if a rule forbids it, whatever allows it
#     reasons  why the call is refused: a set of short words that programs may rely on; empty if it is permitted
#
#   No reason tells whether a patient exists: a patient that is not there has given no consent, and a caller without a
#   role that may see patients learns about the role only.
#
#   The same input gets the same decision, because the plane caches decisions by their input. So rules use no clock, no
#   random number and no network; everything that a rule looks at is part of the input, which input.rego describes.
package healthcare.healthdata

import data.healthcare.caller

default allow := false

default deny := false

# Staff read patients who consent.
allow if {
	input.action == "query"
	caller.has_role("authorized_medical_staff")
	input.patient.consent == true
	input.data_stays_local == true
	input.audit.enabled == true
}

# Patients read their own data, and need no consent for it.
allow if {
	input.action == "query"
	caller.has_role("patient")
	caller.is_the_patient
	input.data_stays_local == true
	input.audit.enabled == true
}

# A device writes its own readings while it is active. To measure a patient needs no consent.
allow if {
	input.action == "ingest"
	caller.has_role("device")
	caller.is_the_device
	input.device.status == "active"
	input.audit.enabled == true
}

# Clinical administrators manage patients, devices and consent.
allow if {
	input.action in {"registry", "consent", "erase"}
	caller.has_role("clinical_admin")
	input.data_stays_local == true
	input.audit.enabled == true
}

# The audit trail names patients, so it stays as local as their data. Reading it is recorded as well.
allow if {
	input.action == "audit"
	caller.has_role("auditor")
	input.data_stays_local == true
	input.audit.enabled == true
}

# Operations show no patient data, so operators may watch them from elsewhere.
allow if {
	input.action == "operate"
	caller.has_role("operator")
	input.audit.enabled == true
}

# Reflection and health show nothing about anybody. Everybody may call them, also without a token.
allow if input.action == "describe"

# No data leaves for another place.
deny if {
	input.action == "export"
	input.destination != "local"
}

reasons contains "export" if deny

reasons contains "role" if {
	not allow
	input.action in {"query", "ingest", "registry", "consent", "erase", "audit", "operate"}
	not caller.fits(input.action)
}

# Only a caller with a fitting role learns what else is missing.
reasons contains "no_consent" if {
	not allow
	input.action == "query"
	caller.has_role("authorized_medical_staff")
	not input.patient.consent == true
}

reasons contains "not_own_patient" if {
	not allow
	input.action == "query"
	caller.has_role("patient")
	not caller.is_the_patient
}

reasons contains "not_own_device" if {
	not allow
	input.action == "ingest"
	caller.has_role("device")
	not caller.is_the_device
}

# A caller learns nothing about a device that is not its own.
reasons contains "device_not_active" if {
	not allow
	input.action == "ingest"
	caller.has_role("device")
	caller.is_the_device
	not input.device.status == "active"
}

reasons contains "not_local" if {
	not allow
	input.action in {"query", "registry", "consent", "erase", "audit"}
	caller.fits(input.action)
	not input.data_stays_local == true
}

reasons contains "audit_disabled" if {
	not allow
	caller.fits(input.action)
	not input.audit.enabled == true
}

# No rule is about this action.
reasons contains "default" if {
	not deny
	not caller.asks_what_there_is
}
