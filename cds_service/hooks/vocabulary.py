"""Gives the logs and metrics the words of the knowledge: no other may stand in them."""

from __future__ import annotations

from cds_service.clients.cause import Cause as NotAdmitted
from cds_service.clients.table import Clients
from cds_service.fhir.cause import Cause as NotObtained
from cds_service.hooks.discovery import PATIENT_KEY, SERVICES
from cds_service.hooks.service import OBTAINED
from cds_service.knowledge.shapes import VERDICTS, Knowledge
from cds_service.observe.vocabulary import learn


def learn_knowledge(knowledge: Knowledge, software_version: str) -> None:
    """Of one site."""
    learn("service", SERVICES)
    learn("key", (PATIENT_KEY, "medication", *knowledge.queries))
    learn("lookup", (OBTAINED, *(cause.value for cause in NotObtained)))
    learn("site", [knowledge.site.name])
    learn("knowledge_version", [knowledge.version])
    learn("software_version", [software_version])
    learn("verdict", VERDICTS)
    learn("indication", knowledge.indications)
    learn("guideline", [guideline for _, guideline in knowledge.guidance])
    learn("rule", [rule.id for safety in knowledge.safety for rule in safety.rules])
    learn("fact", knowledge.facts)


def learn_clients(clients: Clients) -> None:
    """Of the hospital's own table: names, issuers and tenants, and why a token may be refused."""
    learn("client", [one.name for one in clients.listed])
    learn("issuer", [one.issuer for one in clients.listed])
    learn("tenant", [one.tenant for one in clients.listed if one.tenant])
    learn("cause", [cause.value for cause in NotAdmitted])
