import { WebhookError, xmlReply, type Delivery } from '@postern/core'
import { mismatch, safeEqual, type XmlObject, list } from '@postern/core/internal'
import type { EventDraft, Factory, Scheme } from '@postern/core/scheme'
import { DAY } from './common/units.ts'
import { needed } from './common/read.ts'
import { sender, type PresetOptions } from './schemes/sender.ts'

const ACK =
  '<?xml version="1.0" encoding="UTF-8"?>' +
  '<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"><soapenv:Body>' +
  '<notificationsResponse xmlns="http://soap.sforce.com/2005/09/outbound"><Ack>true</Ack>' +
  '</notificationsResponse></soapenv:Body></soapenv:Envelope>'

const ORGANIZATION: Scheme<string> = {
  covers: { body: 'none' },
  // The body has a session id, which may still be valid, so it is not stored.
  credentials: { fields: ['Envelope.Body.notifications.SessionId'] },
  key(secret) {
    if (!/^00D[A-Za-z0-9]{15}$/.test(secret))
      throw new TypeError('an organization id must have 18 characters and start with 00D')
    return secret
  },
  verify(delivery, keys) {
    const given = organizationOf(delivery)
    const found = keys.findIndex((key) => safeEqual(key, given))
    if (found < 0) throw mismatch({ field: 'OrganizationId' }, keys.length)
    return found
  },
}

/**
 * Salesforce outbound messages (SOAP). Nothing is signed. A delivery only claims to come from an organization, by the
 * organization's id, which is not a secret. To prove the sender, use mutual TLS, an address range or a secret path. A
 * delivery is a batch of up to 100 notifications. The topic is the object's type (`Contact`) and the id is the
 * notification's id. The receiver answers a batch with one Ack. The session id is removed from payloads and from stored
 * deliveries. Salesforce retries the whole message for 24 hours.
 * https://developer.salesforce.com/docs/atlas.en-us.api.meta/api/sforce_api_om_outboundmessaging.htm
 */
export const salesforceOutbound: Factory<PresetOptions<'organizationId'>> = /* @__PURE__ */ sender({
  name: 'salesforce-outbound',
  title: 'Salesforce outbound messages',
  docs: 'https://developer.salesforce.com/docs/atlas.en-us.api.meta/api/sforce_api_om_outboundmessaging.htm',
  setup: {
    steps: ['Setup', 'Outbound Messages'],
    secret: "the id of your organization, which isn't secret",
    docs: 'https://developer.salesforce.com/docs/atlas.en-us.api_tooling.meta/api_tooling/tooling_api_objects_workflowoutboundmessage.htm',
  },
  topics: ['Contact', 'Account', 'Opportunity'],
  facts: {
    scheme: 'client certificate or organization id; nothing is signed',
    place: { field: 'OrganizationId' },
  },
  example: { organizationId: '00D000000000000EAA' },
  checked: '2026-11-28',
  delivers: {
    within: 60_000,
    retries: DAY,
    ok: 'SOAP acknowledgment',
    retryId: 'same',
    source:
      'https://help.salesforce.com/apex/HTViewHelpDoc?id=platform.workflow_om_considerations.htm',
  },
  hint: 'The id of the organization that sends, 18 characters.',
  formats: ['xml'],
  secret: 'organizationId',
  covers: { body: 'none' },
  canSign: false,
  xml: true,
  sign: () => ORGANIZATION,
  events: (delivery) => eventsOf(notifications(delivery), organizationOf(delivery)),
  reply: (result) => (result.kind === 'rejected' ? undefined : xmlReply(ACK)),
})

const MARK = /<(?:[\w.-]{1,64}:)?OrganizationId>([^<]{1,64})</g

// A message may be large and is not verified yet, so the id is found by a search, without parsing.
function organizationOf(delivery: Delivery): string {
  const [first, ...more] = delivery.text().matchAll(MARK)
  if (!first || more.length > 0)
    throw new WebhookError('missing_header', {
      problem: first ? 'repeated' : 'missing',
      field: 'OrganizationId',
      got: more.length + 1,
    })
  return first[1]!
}

function notifications(delivery: Delivery): string | XmlObject {
  return child(child(child(delivery.xml(), 'Envelope'), 'Body'), 'notifications')
}

function eventsOf(message: string | XmlObject, organization: string): readonly EventDraft[] {
  const { OrganizationId, ActionId, EnterpriseUrl, PartnerUrl } = message as XmlObject
  if (childText(message, 'OrganizationId') !== organization)
    throw new WebhookError('malformed_body', {
      problem: 'contradicts',
      field: 'OrganizationId',
      expected: 'the one that was verified',
    })
  return children(message, 'Notification').map((notification) => {
    const sObject = child(notification, 'sObject')
    const type = Object.entries(sObject).find(([name]) => /^@(?:.*:)?type$/.test(name))?.[1]
    return {
      id: childText(notification, 'Id'),
      topic: localName(needed({ type }, 'type')),
      payload: { OrganizationId, ActionId, EnterpriseUrl, PartnerUrl, sObject },
    }
  })
}

/** Returns the children of an element with this local name. Salesforce chooses the prefixes, so they are ignored. */
function children(element: unknown, name: string): readonly (string | XmlObject)[] {
  if (typeof element !== 'object' || element === null) return []
  return Object.entries(element as XmlObject).flatMap(([key, value]) =>
    localName(key) === name ? list(value) : [],
  )
}

function child(element: unknown, name: string): string | XmlObject {
  const found = children(element, name)
  if (found.length !== 1)
    throw new WebhookError(
      'malformed_body',
      found.length === 0
        ? { problem: 'missing', field: name }
        : { problem: 'repeated', field: name, got: found.length },
    )
  return found[0]!
}

function childText(element: unknown, name: string): string {
  const found = child(element, name)
  if (typeof found !== 'string')
    throw new WebhookError('malformed_body', {
      problem: 'malformed',
      field: name,
      expected: 'text',
    })
  return found
}

function localName(name: string): string {
  return name.slice(name.indexOf(':') + 1)
}
