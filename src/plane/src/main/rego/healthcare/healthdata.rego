# METADATA
# title: Who may do what with health data
# description: |
#   Closed by default: what no rule allows is refused, and a deny wins over any allow. Whoever asks this policy asks for
#   the whole document, and permits a call if `allow` is true and `deny` is not.
#
#     allow    true if a rule allows the call
#     deny     true if a rule forbids it, whatever allows it
#     reasons  why not: a set of short words that programs may rely on, empty where the call is permitted
#
#   No reason tells whether a patient exists: a patient that is not there has given no consent, and who has no role that
#   could see a patient is told of the role alone.
#
#   The same input gets the same decision: decisions are remembered by their inputs. So there is no clock, no random
#   number and no network in here, and whatever a rule looks at is part of the input, which input.rego describes.
package healthcare.healthdata

import data.healthcare.caller

default allow := false

default deny := false

# Staff read what the patient agreed to.
allow if {
	input.action == "query"
	caller.has_role("authorized_medical_staff")
	input.patient.consent == true
	input.data_stays_local == true
	input.audit.enabled == true
}

# Patients read what is their own; nobody's consent is needed for that.
allow if {
	input.action == "query"
	caller.has_role("patient")
	caller.is_the_patient
	input.data_stays_local == true
	input.audit.enabled == true
}

# A device writes for itself, while it is in service. Being measured waits for nobody's consent.
allow if {
	input.action == "ingest"
	caller.has_role("device")
	caller.is_the_device
	input.device.status == "active"
	input.audit.enabled == true
}

# Clinical administrators keep patients, devices and consent.
allow if {
	input.action in {"registry", "consent", "erase"}
	caller.has_role("clinical_admin")
	input.data_stays_local == true
	input.audit.enabled == true
}

# The audit trail names patients, so it stays as local as their data. That it was read is written down as well.
allow if {
	input.action == "audit"
	caller.has_role("auditor")
	input.data_stays_local == true
	input.audit.enabled == true
}

# Operations tell nothing of patients, so they may be watched from elsewhere.
allow if {
	input.action == "operate"
	caller.has_role("operator")
	input.audit.enabled == true
}

# Reflection and health tell nothing of anybody: they are for all, also for who has not said who they are.
allow if input.action == "describe"

# Nothing is carried away.
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

# Only who has a fitting role is told what else is missing.
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

# Of a device of somebody else, nothing is told.
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

# Nothing speaks for it.
reasons contains "default" if {
	not deny
	not caller.asks_what_there_is
}
