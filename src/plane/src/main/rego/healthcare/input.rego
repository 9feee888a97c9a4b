# METADATA
# title: The input of a decision
# description: |
#   The input of every decision. The plane always sends every field. The rules are safe without one, because a missing
#   field allows nothing.
# scope: subpackages
# schemas:
#   - input:
#       type: object
#       additionalProperties: false
#       properties:
#         action:
#           description: query, export, ingest, registry, consent, erase, audit, operate or describe
#           type: string
#         rpc:
#           description: full name of the method called, such as pulseplane.v1.QueryService/GetLatest
#           type: string
#         user:
#           description: who calls, as the token or the certificate says
#           type: object
#           additionalProperties: false
#           properties:
#             subject: {type: string}
#             role: {description: the first of the roles, type: string}
#             roles: {type: array, items: {type: string}}
#             tenant: {type: string}
#             device_id: {description: the device that calls, empty for others, type: string}
#             patient_id: {description: the patient that calls, empty for others, type: string}
#         patient:
#           type: object
#           additionalProperties: false
#           properties:
#             id: {description: the patient asked about, empty if none, type: string}
#             consent: {description: consent is on record and stands, type: boolean}
#         device:
#           type: object
#           additionalProperties: false
#           properties:
#             id: {description: the device written for, empty if none, type: string}
#             status: {description: "active, inactive, maintenance, retired; empty if unknown", type: string}
#         data_stays_local:
#           description: the data is on this node, and the answer goes to a network it may go to
#           type: boolean
#         destination:
#           description: where the answer goes, local or another place
#           type: string
#         audit:
#           type: object
#           additionalProperties: false
#           properties:
#             enabled: {description: what is done is written down, type: boolean}
#         node:
#           description: the node asked
#           type: string
package healthcare
