"""What the Inferno kit for Da Vinci CRD checks on any CDS Hooks service, written anew for this one: each check gives
its findings as sentences, none where all is well."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from fhir.resources.R4B import get_fhir_model_class

Json = dict[str, Any]

INDICATORS = ("info", "warning", "critical")
USERS = {
    "patient-view": ("Practitioner", "PractitionerRole", "Patient", "RelatedPerson"),
    "order-select": ("Practitioner", "PractitionerRole"),
    "order-sign": ("Practitioner", "PractitionerRole"),
}
BARE_ID = re.compile(r"[A-Za-z0-9\-.]{1,64}")
REFERENCE = re.compile(r"[A-Z][A-Za-z]+/[A-Za-z0-9\-.]{1,64}")
ACCESS = {"access_token": str, "token_type": str, "expires_in": int, "scope": str, "subject": str}


def discovery_findings(message: object) -> Iterator[str]:
    services = message.get("services") if isinstance(message, dict) else None
    if not isinstance(services, list):
        yield "services is no array"
        return
    for service in services:
        for member in ("hook", "description", "id"):
            yield from _text(service, member)


def request_findings(request: Json) -> Iterator[str]:
    yield from _text(request, "hook")
    try:
        UUID(request.get("hookInstance", ""))
    except ValueError:
        yield "hookInstance is no UUID"
    for member in ("fhirServer", "fhirAuthorization", "prefetch", "extension"):
        if member in request and not request[member]:
            yield f"{member} is blank"
    if "fhirAuthorization" in request:
        if "fhirServer" not in request:
            yield "fhirAuthorization without fhirServer"
        yield from _access(request["fhirAuthorization"])
    yield from _context(request.get("hook", ""), request.get("context", {}))


def _access(given: Json) -> Iterator[str]:
    for member, kind in ACCESS.items():
        if not isinstance(given.get(member), kind) or not given[member]:
            yield f"fhirAuthorization.{member} is not as it must be"
    if given.get("token_type") != "Bearer":
        yield "token_type is not Bearer"
    if "patient/" in str(given.get("scope")) and "patient" not in given:
        yield "a patient's scope without the patient"


def _context(hook: str, context: Json) -> Iterator[str]:
    kind, _, identity = str(context.get("userId", "")).partition("/")
    if kind not in USERS.get(hook, ()) or not BARE_ID.fullmatch(identity):
        yield "userId is no reference to a user of this hook"
    if not BARE_ID.fullmatch(str(context.get("patientId", ""))):
        yield "patientId is no bare id"
    if "encounterId" in context and not BARE_ID.fullmatch(str(context["encounterId"])):
        yield "encounterId is no bare id"
    if hook in ("order-select", "order-sign"):
        yield from _drafts(context)
    if hook == "order-select":
        selections = context.get("selections")
        if not isinstance(selections, list) or not selections:
            yield "selections is no array of references"
            return
        for one in selections:
            if not REFERENCE.fullmatch(one) or one not in draft_references(context):
                yield f"{one} is not among the drafts"


def _drafts(context: Json) -> Iterator[str]:
    bundle = context.get("draftOrders")
    if not isinstance(bundle, dict) or bundle.get("resourceType") != "Bundle":
        yield "draftOrders is no Bundle"
        return
    for entry in bundle.get("entry", ()):
        if not entry.get("resource", {}).get("id"):
            yield "an entry of draftOrders has no id"


def draft_references(context: Json) -> list[str]:
    entries = context.get("draftOrders", {}).get("entry", ())
    return [f"{entry['resource']['resourceType']}/{entry['resource'].get('id')}" for entry in entries]


def card_findings(card: Json, context: Json) -> Iterator[str]:
    yield from _text(card, "summary")
    if len(card.get("summary", "")) >= 140:
        yield "summary has 140 characters or more"
    if card.get("indicator") not in INDICATORS:
        yield "indicator is none of the three"
    source = card.get("source", {})
    yield from _text(source, "label")
    for member in ("code", "system"):
        yield from _text(source.get("topic", {}), member)
    for member in ("uuid", "detail"):
        if member in card:
            yield from _text(card, member)
    if "suggestions" in card and card.get("selectionBehavior") not in ("at-most-one", "any"):
        yield "suggestions without a selectionBehavior that is known"
    for member, check in LISTS.items():
        if member in card and not (isinstance(card[member], list) and card[member]):
            yield f"{member} is blank, or no array"
        elif member in card:
            for one in card[member]:
                yield from check(one, context)


def _reason(reason: Json, _: Json) -> Iterator[str]:
    for member in ("code", "system", "display"):
        yield from _text(reason, member)


def _link(link: Json, _: Json) -> Iterator[str]:
    yield from _text(link, "label")
    if not urlsplit(str(link.get("url", ""))).netloc:
        yield "a link's url is no address"
    if link.get("type") not in ("absolute", "smart"):
        yield "a link's type is not known"
    if link.get("type") == "absolute" and "appContext" in link:
        yield "appContext on an absolute link"


def _suggestion(suggestion: Json, context: Json) -> Iterator[str]:
    yield from _text(suggestion, "label")
    actions = suggestion.get("actions", ())
    if "actions" in suggestion and not (isinstance(actions, list) and actions):
        yield "actions is blank, or no array"
    for action in actions:
        yield from action_findings(action, context)


LISTS = {"suggestions": _suggestion, "overrideReasons": _reason, "links": _link}


def action_findings(action: Json, context: Json) -> Iterator[str]:
    yield from _text(action, "description")
    kind = action.get("type")
    if kind not in ("create", "update", "delete"):
        yield "an action's type is not known"
    elif kind == "delete":
        if not REFERENCE.fullmatch(str(action.get("resourceId"))):
            yield "resourceId is no Type/id"
        elif action["resourceId"] not in draft_references(context):
            yield "the resource to delete is not among the drafts"
    else:
        yield from _resource(action.get("resource"), context, updated=kind == "update")


def _resource(resource: object, context: Json, *, updated: bool) -> Iterator[str]:
    if not isinstance(resource, dict) or not isinstance(resource.get("resourceType"), str):
        yield "an action without a resource"
        return
    try:
        get_fhir_model_class(resource["resourceType"]).model_validate(resource)
    except ValueError as fault:
        yield f"the resource is no R4: {type(fault).__name__}"
    if updated and f"{resource['resourceType']}/{resource.get('id')}" not in draft_references(context):
        yield "the resource to update is not among the drafts"


def _text(holder: object, member: str) -> Iterator[str]:
    value = holder.get(member) if isinstance(holder, dict) else None
    if not isinstance(value, str) or not value.strip():
        yield f"{member} is no text, or blank"
