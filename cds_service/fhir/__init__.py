"""Reading FHIR R4 as real EHRs send it, and keeping what we emit valid."""
